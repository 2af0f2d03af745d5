// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * service: a virtual address and port spread over targets.
 *
 *     client ── ingress: destination := target ──▶ routed ──▶ target
 *     client ◀── egress: source := service ◀── routed ◀────── target
 *
 * Only addresses and ports are rewritten; the host's own routing does the rest. Who is chosen:
 *
 *     maglev        table[hash of the flow]: the same choice without any memory
 *     weighted      table[a random number]
 *     least-loaded  of four such random choices the one with the lowest
 *                   connections in flight x answer time / weight, see service_choice.h
 *
 * A SYN makes no record, as its source may be invented. The target's SYN-ACK does, in a set of
 * three where it never overwrites a proven flow, and the client's ACK of the target's sequence
 * number proves it. What finds no record goes by the table alone. When SYNs come in a flood every
 * algorithm is Maglev, so that an honest handshake ends where it began even if its record was
 * overwritten.
 *
 * The way of a packet, and where to read on:
 *
 *     1  service_parse.h   addresses, ports, flags, offsets
 *     2  here              `judge_incoming`, `judge_outgoing`: is the port one of ours, and whose?
 *     3  service_pass.h    which target, or which service; what is remembered of it
 *     4  service_choice.h  only for a new connection: who has the least to do
 *        service_flow.h    the record of a connection, its states and its end
 *     5  here              the rewriting: by helpers at tcx, byte by byte in XDP
 *
 * service_tables.h lists the maps. Clients on this host never come here by packet: `connect()`
 * itself is turned, once, and answers are timed at their sockets (service_local.h).
 */
#include "service_local.h"
#include "service_parse.h"

/* Global, so that the verifier takes each by itself. */
__noinline int judge_incoming(struct packet *p)
{
	struct service_place *at;

	if (!p || !(port_use(p->destination_port) & PORT_OF_SERVICE))
		return UNTOUCHED;
	at = place(p->destination, p->destination_port, p->protocol, PORT_OF_SERVICE);
	return at ? to_target(p, at->service) : UNTOUCHED;
}

__noinline int judge_outgoing(struct packet *p)
{
	struct service_place *at;

	if (!p || !(port_use(p->source_port) & PORT_OF_TARGET))
		return UNTOUCHED;
	at = place(p->source, p->source_port, p->protocol, PORT_OF_TARGET);
	return at ? to_client(p, at) : UNTOUCHED;
}

/* Rewrites one end, and the checksums by what has changed, whatever the device still owes. */
static __always_inline int rewrite(struct __sk_buff *skb, struct packet *p, bool source)
{
	__u32 *before = source ? p->source : p->destination;
	__be16 port = source ? p->source_port : p->destination_port;
	__u32 at_port = p->transport + (source ? 0 : 2), at_sum, at_address;
	__u64 zero = p->protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;

	at_sum = p->transport + (p->protocol == IPPROTO_TCP ? offsetof(struct tcphdr, check)
							     : offsetof(struct udphdr, check));
	if (p->family == 4) {
		at_address = p->ip + (source ? offsetof(struct iphdr, saddr)
					     : offsetof(struct iphdr, daddr));
		if (!p->no_checksum)
			bpf_l4_csum_replace(skb, at_sum, before[3], p->address[3],
					    BPF_F_PSEUDO_HDR | zero | 4);
		bpf_l3_csum_replace(skb, p->ip + offsetof(struct iphdr, check), before[3],
				    p->address[3], 4);
		bpf_skb_store_bytes(skb, at_address, &p->address[3], 4, 0);
	} else {
		__s64 change = bpf_csum_diff(before, 16, p->address, 16, 0);

		at_address = p->ip + (source ? offsetof(struct ipv6hdr, saddr)
					     : offsetof(struct ipv6hdr, daddr));
		/* Before Linux 6.16 the flag is not known, and not needed by most drivers. */
		if (bpf_l4_csum_replace(skb, at_sum, 0, change,
					BPF_F_PSEUDO_HDR | BPF_F_IPV6_FLAG | zero) < 0)
			bpf_l4_csum_replace(skb, at_sum, 0, change, BPF_F_PSEUDO_HDR | zero);
		bpf_skb_store_bytes(skb, at_address, p->address, 16, 0);
	}
	if (!p->no_checksum)
		bpf_l4_csum_replace(skb, at_sum, port, p->port, zero | 2);
	bpf_skb_store_bytes(skb, at_port, &p->port, 2, 0);
	return TCX_NEXT;
}

#define HEADERS_MAX 128

static __always_inline int handle(struct __sk_buff *skb, bool source)
{
	struct packet p = {};
	int outcome;

	make_linear(skb, HEADERS_MAX);
	if (!read(&p, (void *)(long)skb->data, (void *)(long)skb->data_end))
		return TCX_NEXT;
	outcome = source ? judge_outgoing(&p) : judge_incoming(&p);
	if (outcome == DROPPED)
		return TCX_DROP;
	return outcome == REWRITTEN ? rewrite(skb, &p, source) : TCX_NEXT;
}

SEC("tc")
int service_ingress(struct __sk_buff *skb)
{
	return handle(skb, false);
}

SEC("tc")
int service_egress(struct __sk_buff *skb)
{
	return handle(skb, true);
}

static __always_inline void add(__u64 *sum, __u32 before, __u32 after)
{
	*sum += (__u32)~before;
	*sum += after;
}

static __always_inline __u16 folded(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* The same where the frame is all there is. RFC 1624: the sum changes by what has changed. */
static __always_inline int rewrite_frame(struct xdp_md *ctx, struct packet *p, __u32 *from,
					 __be16 from_port, __u32 *to, __be16 to_port)
{
	void *start = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	void *ip = start + (p->ip & 63), *transport = start + (p->transport & 127);
	__u64 change = 0, sum;
	__u16 *check;

	if (ip + sizeof(struct iphdr) > end || transport + sizeof(struct udphdr) > end)
		return XDP_PASS;
	check = p->protocol == IPPROTO_TCP ? transport + offsetof(struct tcphdr, check)
					   : transport + offsetof(struct udphdr, check);
	if ((void *)(check + 1) > end)
		return XDP_PASS;
	add(&change, from[3], to[3]);
	if (p->family == 4) {
		struct iphdr *four = ip;

		four->check = folded(change + (__u16)~four->check);
		four->daddr = to[3];
	} else {
		struct ipv6hdr *six = ip;

		if ((void *)(six + 1) > end)
			return XDP_PASS;
		add(&change, from[0], to[0]);
		add(&change, from[1], to[1]);
		add(&change, from[2], to[2]);
		__builtin_memcpy(&six->daddr, to, 16);
	}
	if (!p->no_checksum) {
		sum = change + (__u16)~*check + (__u16)~from_port + to_port;
		*check = folded(sum);
		if (p->protocol == IPPROTO_UDP && !*check)
			*check = 0xffff;
	}
	((struct udphdr *)transport)->dest = to_port;
	return XDP_PASS;
}

SEC("xdp")
int service_xdp(struct xdp_md *ctx)
{
	struct packet p = {};
	int outcome;

	if (!read(&p, (void *)(long)ctx->data, (void *)(long)ctx->data_end))
		return XDP_PASS;
	if (benchmark == 2) {
		p.source[3] = bpf_get_prandom_u32();
		p.source_port = p.source[3] >> 3;
	}
	outcome = judge_incoming(&p);
	if (outcome == DROPPED)
		return XDP_DROP;
	if (outcome != REWRITTEN)
		return XDP_PASS;
	rewrite_frame(ctx, &p, p.destination, p.destination_port, p.address, p.port);
	if (benchmark)
		rewrite_frame(ctx, &p, p.address, p.port, p.destination, p.destination_port);
	return XDP_PASS;
}

SEC("cgroup/connect4")
int service_connect4(struct bpf_sock_addr *ctx)
{
	__u32 address[4] = { 0, 0, bpf_htonl(0xffff), ctx->user_ip4 };
	struct service_target *t = chosen(ctx, address);

	if (t) {
		ctx->user_ip4 = t->address[3];
		ctx->user_port = bpf_htons(t->port);
	}
	return 1;
}

SEC("cgroup/connect6")
int service_connect6(struct bpf_sock_addr *ctx)
{
	__u32 address[4] = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2],
			     ctx->user_ip6[3] };
	struct service_target *t = chosen(ctx, address);

	if (t) {
		ctx->user_ip6[0] = t->address[0];
		ctx->user_ip6[1] = t->address[1];
		ctx->user_ip6[2] = t->address[2];
		ctx->user_ip6[3] = t->address[3];
		ctx->user_port = bpf_htons(t->port);
	}
	return 1;
}

SEC("cgroup/sock_release")
int service_release(struct bpf_sock *sk)
{
	released(sk);
	return 1;
}

/* These two only where a service is `least-loaded`: they run for every packet of every local
 * socket, and leave those that were not turned after one look. */
SEC("cgroup_skb/egress")
int service_asked(struct __sk_buff *skb)
{
	asked_by(skb);
	return 1;
}

SEC("cgroup_skb/ingress")
int service_answered(struct __sk_buff *skb)
{
	answered_to(skb);
	return 1;
}

/* Run by Java: what time it is for the records. */
SEC("xdp")
int service_clock(struct xdp_md *ctx)
{
	struct service_control *c = control();

	if (c)
		c->now = bpf_jiffies64();
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
