/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * What needs to be asked of the kernel's own sockets, in programs of their own behind a tail call:
 *
 *   - a SYN while a flood is on: if the queue of its listener is full, it is answered here with the
 *     kernel's own SYN cookie; else it goes to the stack, as always;
 *   - what ends a handshake while a flood is on: with a valid cookie, or as the answer to a SYN-ACK
 *     of the stack, it proves its source. With neither it is dropped;
 *   - a packet of a connection that is over a rate that others may have spent: its source is proven
 *     by its connection, and gets an exact rate.
 *
 * The kernel takes back cookies for as long as a listener's queue was full lately, by its own
 * record: bpf_tcp_gen_syncookie makes one only in that state, and keeps that record. So no switch
 * of the host is changed, and no cookie is given that would not be honoured.
 */
#include "chain.h"
#include "sketch.h"

#define FLOOD_SECONDS 10 /* a flood lasts at least that long, which keeps the state from flapping */
#define LOOKUPS_A_TICK 64 /* sockets looked up for packets over a limit, on each CPU */
#define TCP_HEADER_MAX 60
#define SYN_ACK_HEADER 24
#define SYN_ACK_WINDOW 29200 /* what ten segments cannot fill, and any receiver has */
#define ANSWER_HOPS 64
#define NOT_THERE 2
#define TCP_OPTION_MSS 2
#define LOCAL_ADDRESSES 1024

/* The addresses of this host; Java keeps them. What is for others is not ours to answer. */
struct local_address {
	__u32 word[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LOCAL_ADDRESSES);
	__type(key, struct local_address);
	__type(value, __u32);
} local_addresses SEC(".maps");

/* By interface: 1 where answers were lost, so that the stack answers by itself. Java writes it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, INTERFACES);
	__type(key, __u32);
	__type(value, __u32);
} silent_interfaces SEC(".maps");

static __always_inline bool answers_here(struct packet *p)
{
	__u32 slot = p->ifindex & (INTERFACES - 1);
	__u32 *silent = bpf_map_lookup_elem(&silent_interfaces, &slot);

	return silent && !*silent;
}

/* The kernel's own; libbpf finds the offset. */
struct tcp_request_sock {
	__u32 snt_isn;
} __attribute__((preserve_access_index));

static __always_inline bool flood_is_on(struct control *c)
{
	return bpf_jiffies64() < c->flood_until;
}

static __always_inline void flood_goes_on(struct control *c)
{
	__u64 now = bpf_jiffies64();

	/* Once a second at most: every CPU reads this line with every packet. */
	if ((__s64)(c->flood_until - now) < (FLOOD_SECONDS - 1) * (__s64)c->hz)
		c->flood_until = now + FLOOD_SECONDS * c->hz;
}

/* A SYN that the rules let pass. Whether the handshake program wants it: all of them while a flood
 * is on, and one of 16 before, to see if its listener's queue is full. */
__noinline int syn_arrives(struct packet *p)
{
	__u32 enough, now = bpf_jiffies64();
	struct control *c = &shield_control;
	struct sketch *s = own_sketch();

	if (!p || !s)
		return 0;
	s->opens++;
	if (!c->flood_opens)
		return 0;
	if (now - s->window >= c->hz / 8) {
		s->window = now;
		s->window_opens = 0;
	}
	s->window_opens++;
	/* Half the rate keeps it on that turned it on. */
	enough = c->flood_opens / (flood_is_on(c) ? 16 : 8);
	if (s->window_opens > enough)
		flood_goes_on(c);
	return flood_is_on(c) || !(s->opens & 15);
}

/* Of packets over a rate so many are looked into in a tick, and no more. */
__noinline int may_look(struct packet *p)
{
	struct sketch *s = own_sketch();
	__u32 now = bpf_jiffies64();

	if (!p || !s)
		return 0;
	if (s->lookup_tick != now) {
		s->lookup_tick = now;
		s->lookups = 0;
	}
	return s->lookups++ < LOOKUPS_A_TICK;
}

static __always_inline bool wants_handshake(struct packet *p, struct control *c,
					    struct rule_set *set, enum reason reason)
{
	__u32 flags = p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST);

	/* Nearly every packet that passes acknowledges something, and no flood is on. */
	if (reason == REASON_PASSED ? flags == TCP_ACK && !flood_is_on(c)
				    : reason != REASON_LIMIT_RULE)
		return false;
	if (!flags || !(c->chain & CHAIN_COOKIE) || !p->has_ports || !set || set->dry_run)
		return false;
	if (reason == REASON_LIMIT_RULE)
		return flags == TCP_ACK && may_look(p);
	return flags & TCP_ACK ? flags == TCP_ACK : flags & TCP_SYN && syn_arrives(p);
}

/* Headers as the kernel's helpers want them, in memory of our own. */
struct headers {
	__u8 ip[40];
	__u8 tcp[TCP_HEADER_MAX];
	__u32 tcp_length;
};

struct tcp_head {
	__be16 source;
	__be16 destination;
	__be32 sequence;
	__be32 acknowledgement;
	__u8 offset;
	__u8 flags;
	__be16 window;
	__be16 checksum;
	__be16 urgent;
	__u8 option[4];
};

static __always_inline void ip_of(struct packet *p, struct headers *h)
{
	h->ip[0] = p->family << 4 | 5;
	if (p->family == 4) {
		__builtin_memcpy(h->ip + 12, &p->source[3], 4);
		__builtin_memcpy(h->ip + 16, &p->destination[3], 4);
	} else {
		__builtin_memcpy(h->ip + 8, p->source, 16);
		__builtin_memcpy(h->ip + 24, p->destination, 16);
	}
}

static __always_inline bool is_local(struct packet *p)
{
	struct local_address key;

	__builtin_memcpy(key.word, p->destination, 16);
	return bpf_map_lookup_elem(&local_addresses, &key);
}

static __always_inline struct bpf_sock *socket_of(void *ctx, struct packet *p)
{
	struct bpf_sock_tuple tuple = {};

	if (p->family == 4) {
		tuple.ipv4.saddr = p->source[3];
		tuple.ipv4.daddr = p->destination[3];
		tuple.ipv4.sport = bpf_htons(p->source_port);
		tuple.ipv4.dport = bpf_htons(p->destination_port);
		return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	}
	__builtin_memcpy(tuple.ipv6.saddr, p->source, 16);
	__builtin_memcpy(tuple.ipv6.daddr, p->destination, 16);
	tuple.ipv6.sport = bpf_htons(p->source_port);
	tuple.ipv6.dport = bpf_htons(p->destination_port);
	return bpf_skc_lookup_tcp(ctx, &tuple, sizeof(tuple.ipv6), BPF_F_CURRENT_NETNS, 0);
}

/* The limit on connections counts here while a flood is on: a SYN proves nothing. */
__noinline int completed(struct packet *p, __u32 active)
{
	struct rule_set *set = rule_set(active);
	__u32 rule;
	struct control *c = &shield_control;
	struct sketch *s = own_sketch();
	struct proven *entry;

	if (!p || !s)
		return REASON_PASSED;
	s->completed++;
	if (!p->opens_rule)
		return REASON_PASSED;
	rule = (p->opens_rule - 1) & (RULE_SLOTS - 1);
	entry = prove(limit_id(p, set, rule, c->seed));
	if (entry && too_early(&entry->next, set->intervals[rule], set->tolerances[rule], 1)) {
		p->rule = rule;
		return REASON_LIMIT_CONNECTIONS;
	}
	return REASON_PASSED;
}

/* The source has a connection, so it gets a rate of its own. */
__noinline int appeal(struct packet *p, __u32 active)
{
	struct rule_set *set = rule_set(active);
	__u32 rule;
	struct control *c = &shield_control;
	struct proven *entry;

	if (!p)
		return REASON_LIMIT_RULE;
	rule = p->limit_rule & (RULE_SLOTS - 1);
	entry = prove(limit_id(p, set, rule, c->seed));
	if (!entry ||
	    too_early(&entry->next, set->intervals[rule], set->tolerances[rule], p->segments))
		return REASON_LIMIT_RULE;
	return REASON_PASSED;
}

#define TCP_ESTABLISHED 1
#define TCP_TIME_WAIT 6
#define TCP_LISTEN 10
#define TCP_NEW_SYN_RECV 12

/* Whether it acknowledges our SYN-ACK; anybody can guess ports, nobody the number. */
static __always_inline bool answers(struct bpf_sock *sk, struct headers *h)
{
	struct tcp_request_sock *request = bpf_skc_to_tcp_request_sock(sk);
	struct tcp_head *tcp = (void *)h->tcp;

	return request && bpf_ntohl(tcp->acknowledgement) == request->snt_isn + 1;
}

static __always_inline enum reason ask(struct bpf_sock *sk, struct packet *p, struct headers *h,
				       struct control *c, __u64 *cookie)
{
	enum reason reason = p->reason;
	__u32 state = sk->state, active = c->active & 1, length = h->tcp_length;
	struct sketch *s = own_sketch();
	__s64 made;

	if (reason == REASON_LIMIT_RULE) {
		if (state >= TCP_ESTABLISHED && state < TCP_LISTEN && state != TCP_TIME_WAIT)
			return appeal(p, active) & (REASONS - 1);
		return reason;
	}
	if (opens(p)) {
		/* The verifier forgets what a number was bounded to when it is put aside. */
		asm volatile("" : "+r"(length));
		if (state != TCP_LISTEN || !answers_here(p) || length < sizeof(struct tcphdr) ||
		    length > TCP_HEADER_MAX)
			return reason;
		made = bpf_tcp_gen_syncookie(sk, h->ip, sizeof(h->ip), (void *)h->tcp,
					    length);
		if (made <= 0)
			return reason;
		*cookie = made;
		flood_goes_on(c);
		if (s)
			s->answered++;
		return REASON_SYN_COOKIE;
	}
	if (state == TCP_NEW_SYN_RECV && answers(sk, h))
		return completed(p, active) & (REASONS - 1);
	if (state != TCP_LISTEN)
		return reason;
	made = bpf_tcp_check_syncookie(sk, h->ip, sizeof(h->ip), (void *)h->tcp,
				       sizeof(struct tcphdr));
	if (!made)
		return completed(p, active) & (REASONS - 1);
	if (made != -NOT_THERE)
		return reason;
	if (s)
		s->invalid++;
	return REASON_COOKIE_INVALID;
}

/* Plain headers only: no options of IPv4, no extensions of IPv6, no fragments. */
static __always_inline bool plain(struct packet *p)
{
	return p->transport == p->network + (p->family == 4 ? 20 : 40) && p->network <= 22;
}

static __always_inline __u32 sum_of(__u32 *words, int count)
{
	__u64 sum = 0;

	for (int i = 0; i < count; i++)
		sum += words[i];
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (sum & 0xffffffff) + (sum >> 32);
}

static __always_inline __u16 folded(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

struct ip4_head {
	__u8 version;
	__u8 service;
	__be16 length;
	__be16 id;
	__be16 fragment;
	__u8 hops;
	__u8 protocol;
	__be16 checksum;
	__u32 source;
	__u32 destination;
};

struct ip6_head {
	__be32 version;
	__be16 payload;
	__u8 next;
	__u8 hops;
	__u32 source[4];
	__u32 destination[4];
};

static __always_inline void turn_round(struct ethhdr *ethernet)
{
	__u8 source[ETH_ALEN];

	__builtin_memcpy(source, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(ethernet->h_source, ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(ethernet->h_dest, source, ETH_ALEN);
}

/* The SYN becomes our SYN-ACK. Without timestamps the kernel takes neither window scaling nor SACK
 * out of a cookie, so none is offered. */
static __always_inline bool write_answer(struct packet *p, void *start, void *end, __u64 cookie,
					 __u32 mss)
{
	struct ethhdr *ethernet = start;
	__u32 network = p->network & 31;
	struct ip4_head *four = start + network;
	struct ip6_head *six = start + network;
	struct tcp_head *tcp;
	__u64 sum;

	tcp = p->family == 4 ? (void *)(four + 1) : (void *)(six + 1);
	if ((void *)(tcp + 1) > end || (void *)(ethernet + 1) > end)
		return false;
	turn_round(ethernet);
	if (p->family == 4) {
		*four = (struct ip4_head){
			.version = 0x45,
			.length = bpf_htons(sizeof(*four) + SYN_ACK_HEADER),
			.fragment = bpf_htons(0x4000),
			.hops = ANSWER_HOPS,
			.protocol = IPPROTO_TCP,
			.source = p->destination[3],
			.destination = p->source[3],
		};
		four->checksum = folded(sum_of((__u32 *)four, 5));
		sum = (__u64)p->source[3] + p->destination[3];
	} else {
		six->version = bpf_htonl(0x60000000);
		six->payload = bpf_htons(SYN_ACK_HEADER);
		six->next = IPPROTO_TCP;
		six->hops = ANSWER_HOPS;
		__builtin_memcpy(six->source, p->destination, 16);
		__builtin_memcpy(six->destination, p->source, 16);
		sum = (__u64)sum_of(p->source, 4) + sum_of(p->destination, 4);
	}
	sum += bpf_htonl(SYN_ACK_HEADER + IPPROTO_TCP);
	tcp->acknowledgement = bpf_htonl(bpf_ntohl(tcp->sequence) + 1);
	tcp->sequence = bpf_htonl((__u32)cookie);
	tcp->source = bpf_htons(p->destination_port);
	tcp->destination = bpf_htons(p->source_port);
	tcp->offset = SYN_ACK_HEADER / 4 << 4;
	tcp->flags = TCP_SYN | TCP_ACK;
	tcp->window = bpf_htons(SYN_ACK_WINDOW);
	tcp->checksum = 0;
	tcp->urgent = 0;
	tcp->option[0] = TCP_OPTION_MSS;
	tcp->option[1] = 4;
	tcp->option[2] = mss >> 8;
	tcp->option[3] = mss;
	tcp->checksum = folded(sum + sum_of((__u32 *)tcp, SYN_ACK_HEADER / 4));
	return true;
}

/* What fits the device, and what the cookie remembers of the client's. */
#define ANSWER_MSS(context, p, cookie)                                                        \
	({                                                                                    \
		__u32 mss = (cookie) >> 32 & 0xffff, mtu = 0;                                 \
		if (!bpf_check_mtu(context, 0, &mtu, 0, 0)) {                                 \
			mtu -= (p)->family == 4 ? 40 : 60;                                    \
			mss = mtu < mss ? mtu : mss;                                          \
		}                                                                             \
		mss;                                                                          \
	})

/* The packet as it was kept, its verdict and a cookie. `load` copies from the packet. */
#define HANDSHAKE(context, load, p, c, set, cookie)                                           \
	({                                                                                    \
		struct headers h = {};                                                        \
		enum reason reason = (p)->reason;                                             \
		struct bpf_sock *sk = NULL;                                                   \
		__u32 length = (p)->headers - (p)->transport;                                 \
		asm volatile("" : "+r"(length));                                              \
		if ((set) && plain(p) && is_local(p) && length >= sizeof(struct tcphdr) &&    \
		    length <= TCP_HEADER_MAX &&                                               \
		    !load(context, (p)->transport, h.tcp, length)) {                          \
			h.tcp_length = length;                                                \
			ip_of(p, &h);                                                         \
			sk = socket_of(context, p);                                           \
		}                                                                             \
		if (sk) {                                                                     \
			reason = ask(sk, p, &h, c, &(cookie));                                \
			bpf_sk_release(sk);                                                   \
		}                                                                             \
		reason;                                                                       \
	})
