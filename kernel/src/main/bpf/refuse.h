/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * The short way out of a flood. While more comes in than is sampled, a packet that is no sample and
 * that a deny rule refuses needs no more than its verdict and its counts, and finds them here, from
 * few bytes that stand where they always do.
 *
 * Its headers were written by another core and come late. A core works on so many instructions at
 * once, some five hundred: where what is done with a packet is less than that, those of the next
 * one are under way already. So each instruction here costs more than it looks, and everything that
 * needs a word more (tags, options, fragments, IPv6, bans, operators, stages, captures, more than
 * 64 rules, a doubt) goes the long way, from its beginning, with nothing counted here.
 */
#include "account.h"
#include "capture.h"
#include "chain.h"
#include "classify.h"
#include "sketch.h"

/* Less than any driver fills of the first buffer before it takes another. */
#define FIRST_BUFFER_MIN 1024

#define IPV4_PLAIN 0x45 /* version 4, no options */
#define UDP_HEADER 8

/* Only for tests: each packet is taken for one of a flood. */
const volatile __u32 always_short = 0;

/* Else clang works out the address of each member anew. */
#define ONE_ADDRESS(pointer) asm volatile("" : "+r"(pointer))

struct plain {
	__be32 source;
	__u32 length;
	__u32 selector;
};

/* Words of a frame, of several fields each: type, version and length; fragment, hops, protocol. */
#define KIND_AT 3
#define KIND_PLAIN bpf_htonl(ETH_P_IP << 16 | 0x4500) /* no options */
#define KIND_MASK bpf_htonl(0xffffff00)
#define REST_AT 5
#define REST_FRAGMENT bpf_htonl(IP_FRAGMENT << 16)
#define REST_PROTOCOL bpf_htonl(0xff)

/* False: it is another kind of packet, or no sound one. parse.h has the same for all kinds. */
static __always_inline bool read_plain(struct plain *p, void *data, void *end)
{
	struct frame_head *head = data;
	struct iphdr *ip = (void *)(head + 1);
	struct ports *ports = (void *)(ip + 1);
	struct tcp_part *tcp = (void *)(ports + 1);
	__be32 *words = data;
	__u32 length, port, tcp_words;

	if ((void *)(tcp + 1) > end || (words[KIND_AT] & KIND_MASK) != KIND_PLAIN ||
	    words[REST_AT] & REST_FRAGMENT)
		return false;
	p->length = distance(data, end);
	length = bpf_ntohs(ip->tot_len);
	if (p->length >= FIRST_BUFFER_MIN || length > p->length - sizeof(*head))
		return false;
	port = bpf_ntohs(ports->destination);
	p->source = ip->saddr;
	if ((words[REST_AT] & REST_PROTOCOL) == bpf_htonl(IPPROTO_UDP)) {
		p->selector = SELECT_UDP + port;
		return length >= sizeof(*ip) + UDP_HEADER && port != DHCP_CLIENT;
	}
	tcp_words = tcp->offset >> 4;
	p->selector = SELECT_TCP + port;
	return ip->protocol == IPPROTO_TCP && tcp_words >= 5 &&
	       length >= sizeof(*ip) + tcp_words * 4 && !session_port(port);
}

/* The deny rule that refuses it, plus one; 0: the long way says what becomes of it. */
static __always_inline __u32 denied(struct plain *p, __u32 active)
{
	struct rule_set *set = rule_set(active);
	struct row *source;
	__u64 rules, top;

	ONE_ADDRESS(set);
	top = tables.ipv4_top[(set->addresses & 1) * SIDES][bpf_ntohl(p->source) >> 16];
	if (top & IPV4_IS_BLOCK || set->words > 1 || set->more || set->dry_run)
		return 0;
	source = row(active, top);
	rules = source->rules[0] & select(active, p->selector)->rules[0];
	if (source->marks & (MARK_MANAGEMENT | MARK_SESSION) || rules & set->allow[0])
		return 0;
	rules &= set->deny[0];
	return rules ? lowest_bit(rules) + 1 : 0;
}

/* True: the packet is refused, and was counted. */
static __always_inline bool refused_at_once(struct xdp_md *ctx)
{
	struct control *c = &shield_control;
	__u32 cpu = bpf_get_smp_processor_id(), active = c->active & 1, rule, waiting;
	struct sketch *s = bpf_map_lookup_elem(&sketches, &cpu);
	__u64 now = bpf_jiffies64();
	struct counter *on, *by;
	struct plain p;

	if (!s || !(s->skip > s->waiting || always_short) || c->chain & CHAIN_BEFORE ||
	    c->ban_lengths4 || now >= c->deadline)
		return false;
	if (c->capture &&
	    (c->capture != 1 << CAPTURE_LAST_SECONDS || s->spent_tick != (__u32)now))
		return false;
	if (!read_plain(&p, (void *)(long)ctx->data, (void *)(long)ctx->data_end))
		return false;
	rule = denied(&p, active);
	waiting = s->waiting;
	if (!rule || waiting >= WAITING_MAX)
		return false;
	on = &s->refused_on[ctx->ingress_ifindex & (INTERFACES - 1)];
	ONE_ADDRESS(on);
	on->packets++;
	on->bytes += p.length;
	/* When it decided last is told by the samples, which come by the hundred in a tick. */
	by = &s->refused_by[active * WORD_RULES + ((rule - 1) & (WORD_RULES - 1))];
	ONE_ADDRESS(by);
	by->packets++;
	by->bytes += p.length;
	s->sources[waiting] = p.source;
	s->waiting = waiting + 1; /* from which sketch.h takes the other sums */
	return true;
}
