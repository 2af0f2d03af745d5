/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * From bytes to what a verdict needs, by a cursor that never leaves the packet. Nothing is guessed:
 * ports are read from the first fragment only, and what cannot be read stays unknown. A fragment
 * that begins within a TCP header, behind its ports, could replace the flags that a rule looked at;
 * no sender makes one, and it is malformed (RFC 3128).
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VLAN_TAGS_MAX 2
#define EXTENSIONS_MAX 8

#define IP_OFFSET 0x1fff
#define IP_MORE_FRAGMENTS 0x2000

/* As <linux/if_ether.h> has it, but aligned: that one is read byte by byte. */
struct frame_head {
	__u8 to[ETH_ALEN];
	__u8 from[ETH_ALEN];
	__be16 type;
};

struct vlan_tag {
	__be16 tci;
	__be16 type;
};

struct packet {
	__u32 source[4]; /* network order; IPv4 in the last word, ::ffff:0:0 before it */
	__u32 destination[4];
	__u32 length; /* of the whole frame, Ethernet header included */
	__u32 headers; /* of these, up to the payload of TCP or UDP */
	__u32 limit; /* where in the frame the IP packet ends; what follows is padding */
	__u32 ifindex;
	__u32 segments; /* frames on the wire that this packet stands for */
	__u16 source_port; /* host order; 0: unknown */
	__u16 destination_port;
	__u16 vlan; /* 0: no tag */
	__u16 inner_vlan;
	__u16 network; /* where the IP header stands in the frame */
	__u16 transport; /* where stands what it carries; 0: unknown */
	__u8 family; /* 4, 6, or 0: neither */
	__u8 protocol; /* of the payload; 0: unknown */
	__u8 tcp_flags;
	__u8 icmp_type;
	__u8 hops; /* time to live */
	bool has_ports;
	bool later_fragment;
	__u8 reason; /* the verdict: enum reason, of reason.h */
	__u8 captures; /* bit n: capture n runs */
	bool dropped; /* whether it was carried out: not in dry-run */
	__u16 limit_rule; /* the limit that was met last */
	__u16 opens_rule; /* that on connections, plus one, while handshakes are counted */
	__u16 rule; /* which rule gave it, RULE_NONE where none did */
};

#define RULE_NONE 0xffff

struct cursor {
	void *at;
	void *end;
};

/* A pointer to the next `size` bytes, or NULL; the cursor then stands behind them. */
#define TAKE(cursor, type)                                                  \
	({                                                                  \
		type *taken = (cursor)->at;                                 \
		if ((void *)(taken + 1) > (cursor)->end)                    \
			taken = NULL;                                       \
		else                                                        \
			(cursor)->at = taken + 1;                           \
		taken;                                                      \
	})

/* The verifier knows a packet pointer less another as a number, but only if clang leaves it so. */
static __always_inline __u32 distance(void *from, void *to)
{
	__u64 bytes = (__u64)to - (__u64)from;

	asm volatile("" : "+r"(bytes));
	return bytes;
}

struct ports {
	__be16 source;
	__be16 destination;
};

struct tcp_part {
	__be32 sequence;
	__be32 acknowledgement;
	__u8 offset;
	__u8 flags;
};

struct icmp_part {
	__u8 type;
	__u8 code;
	__be16 checksum;
};

struct udp_part {
	__be16 length;
	__be16 checksum;
};

struct extension {
	__u8 next;
	__u8 length; /* of 8 bytes beyond the first (fragment: reserved; AH: of 4 bytes, less 2) */
};

struct fragment_part {
	__u8 next;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

/* Both return false where the headers contradict themselves. */
static __always_inline bool parse_transport(struct packet *p, struct cursor *c, void *start)
{
	struct ports *ports;

	p->transport = distance(start, c->at);
	if (p->later_fragment)
		return true;
	if (p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6) {
		struct icmp_part *icmp = TAKE(c, struct icmp_part);

		if (!icmp)
			return false;
		p->icmp_type = icmp->type;
		p->headers = distance(start, c->at);
		return p->headers <= p->limit;
	}
	if (p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP)
		return true;
	ports = TAKE(c, struct ports);
	if (!ports)
		return false;
	if (p->protocol == IPPROTO_TCP) {
		struct tcp_part *tcp = TAKE(c, struct tcp_part);

		if (!tcp || tcp->offset >> 4 < 5)
			return false;
		p->tcp_flags = tcp->flags;
		p->headers = distance(start, ports) + (tcp->offset >> 4) * 4;
	} else {
		struct udp_part *udp = TAKE(c, struct udp_part);

		if (!udp)
			return false;
		p->headers = distance(start, c->at);
	}
	/* Padding of a short frame is not a header. */
	if (p->headers > p->limit)
		return false;
	p->source_port = bpf_ntohs(ports->source);
	p->destination_port = bpf_ntohs(ports->destination);
	p->has_ports = true;
	return true;
}

/* In one store: they are read as one word soon, and that would wait for two stores to end. */
static __always_inline void put_words(__u32 *at, __u32 first, __u32 second)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	*(__u64 *)at = (__u64)second << 32 | first;
#else
	*(__u64 *)at = (__u64)first << 32 | second;
#endif
}

/* Of an XDP frame whose first buffer ends before the IP packet does; at tcx `xdp` is NULL. */
static __always_inline void measure(struct packet *p, struct xdp_md *xdp, __u32 ends)
{
	if (xdp && ends > p->length)
		p->length = bpf_xdp_get_buff_len(xdp);
}

static __always_inline bool parse_ipv4(struct packet *p, struct cursor *c, void *start,
				       struct xdp_md *xdp)
{
	struct iphdr *ip = TAKE(c, struct iphdr);
	__u32 length, behind;
	__u16 fragment;

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return false;
	p->family = 4;
	p->network = distance(start, ip);
	p->protocol = ip->protocol;
	p->hops = ip->ttl;
	put_words(p->source + 2, bpf_htonl(0xffff), ip->saddr);
	put_words(p->destination + 2, bpf_htonl(0xffff), ip->daddr);
	length = bpf_ntohs(ip->tot_len);
	measure(p, xdp, p->network + length);
	behind = p->length - p->network;
	/* 0 stands for more than 65,535 bytes in an aggregate (BIG TCP). */
	if (length > behind || (length < ip->ihl * 4 && !(length == 0 && behind > 0xffff)))
		return false;
	p->limit = length ? p->length - behind + length : p->length;
	c->at = (void *)ip + ip->ihl * 4;
	if (c->at > c->end)
		return false;
	fragment = bpf_ntohs(ip->frag_off);
	p->later_fragment = fragment & IP_OFFSET;
	if (p->protocol == IPPROTO_TCP && (fragment & IP_OFFSET) == 1)
		return false;
	return parse_transport(p, c, start);
}

static __always_inline bool is_extension(__u8 next)
{
	return next == IPPROTO_FRAGMENT || next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
	       next == IPPROTO_DSTOPTS || next == IPPROTO_AH;
}

static __always_inline bool parse_ipv6(struct packet *p, struct cursor *c, void *start,
				       struct xdp_md *xdp)
{
	struct ipv6hdr *ip = TAKE(c, struct ipv6hdr);
	__u32 behind;
	__u8 next;

	if (!ip || ip->version != 6)
		return false;
	p->family = 6;
	p->network = distance(start, ip);
	p->hops = ip->hop_limit;
	put_words(p->source, ip->saddr.s6_addr32[0], ip->saddr.s6_addr32[1]);
	put_words(p->source + 2, ip->saddr.s6_addr32[2], ip->saddr.s6_addr32[3]);
	put_words(p->destination, ip->daddr.s6_addr32[0], ip->daddr.s6_addr32[1]);
	put_words(p->destination + 2, ip->daddr.s6_addr32[2], ip->daddr.s6_addr32[3]);
	measure(p, xdp, p->network + sizeof(*ip) + bpf_ntohs(ip->payload_len));
	behind = p->length - distance(start, ip + 1);
	if (bpf_ntohs(ip->payload_len) > behind)
		return false;
	/* 0 may stand for a jumbogram, or for an aggregate as large as one. */
	p->limit = p->length;
	if (ip->payload_len || (ip->nexthdr != IPPROTO_HOPOPTS && behind <= 0xffff))
		p->limit -= behind - bpf_ntohs(ip->payload_len);
	next = ip->nexthdr;
#pragma unroll
	for (int i = 0; i <= EXTENSIONS_MAX; i++) {
		if (!is_extension(next)) {
			p->protocol = next;
			return distance(start, c->at) <= p->limit && parse_transport(p, c, start);
		}
		if (i == EXTENSIONS_MAX)
			return false;
		if (next == IPPROTO_FRAGMENT) {
			struct fragment_part *fragment = TAKE(c, struct fragment_part);

			if (!fragment)
				return false;
			next = fragment->next;
			if (next == IPPROTO_TCP && bpf_ntohs(fragment->offset) >> 3 == 1)
				return false;
			if (bpf_ntohs(fragment->offset) >> 3) {
				p->later_fragment = true;
				p->protocol = next;
				return distance(start, c->at) <= p->limit;
			}
		} else {
			struct extension *extension = c->at;
			__u32 size;

			if ((void *)(extension + 1) > c->end)
				return false;
			size = next == IPPROTO_AH ? (extension->length + 2) * 4
						  : (extension->length + 1) * 8;
			next = extension->next;
			c->at += size;
			if (c->at > c->end)
				return false;
		}
	}
	return false;
}

/* `vlan` and `type` come from the frame or, at tcx, from the packet's metadata. */
static __always_inline bool parse(struct packet *p, void *start, void *end, struct xdp_md *xdp)
{
	struct cursor c = { start, end };
	struct frame_head *head = TAKE(&c, struct frame_head);
	__be16 type;

	if (!head)
		return false;
	type = head->type;
	p->headers = sizeof(*head);
#pragma unroll
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		struct vlan_tag *tag;

		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		tag = TAKE(&c, struct vlan_tag);
		if (!tag)
			return false;
		if (!p->vlan)
			p->vlan = bpf_ntohs(tag->tci) & 0xfff;
		else if (!p->inner_vlan)
			p->inner_vlan = bpf_ntohs(tag->tci) & 0xfff;
		type = tag->type;
	}
	if (type == bpf_htons(ETH_P_IP))
		return parse_ipv4(p, &c, start, xdp);
	if (type == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(p, &c, start, xdp);
	return true;
}
