/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * What a packet costs does not depend on the number of rules. Every rule of the file is a bit of a
 * row, and each field of a packet selects a row: the rules that agree with it.
 *
 *     IPv4   top[address >> 16] -> class, or a block of 256 classes, one for each /24;
 *            only where a /24 holds longer prefixes, or a class has a number beyond a byte, a hash
 *            for each length in use
 *     IPv6   a hash for each prefix length in use, the longest first
 *     else   selectors[destination port of TCP or UDP, ICMP type, or protocol] -> row
 *
 *     matching = rows[source].rules & rows[service].rules
 *
 * and where some rule asks for more, also the rows of the destination address, the source port, the
 * TCP flags, the VLAN tags and the interface. Up to 64 rules are one word of a row, which is what
 * the common path looks at; with more a function of its own goes through up to seven words.
 *
 * Order: management allow-list, sessions of operators, bans, allow, deny, limits; but what the
 * stack needs to stay reachable is not dropped. Of several rules of one kind the first counts.
 * The whole set is swapped by one store: packets read `active` once, and each table of the other
 * number was complete before it was made active.
 */
#include "banned.h"
#include "control.h"
#include "limit.h"
#include "reason.h"

#define MLD_QUERY 130
#define ND_FIRST 133
#define ND_LAST 137
#define PACKET_TOO_BIG 2
#define UNREACHABLE 3
#define ND_HOPS 255 /* from a neighbour: no router has let it pass (RFC 4861) */
#define MLD_HOPS 1
#define DHCP_SERVER 67
#define DHCP_CLIENT 68
#define DHCPV6_CLIENT 546
#define DHCPV6_SERVER 547

/*
 * What a packet is looked up in, in the object's own data: the address of each table is part of the
 * instructions, and nothing is asked of a map. Of each table there are two; control.active says
 * which one counts. Of the tables of addresses, because a rule can change without them,
 * rule_set.addresses says it.
 */
struct tables {
	struct row rows[2][ROWS];
	__u16 selectors[2][SELECTORS]; /* rows */
	struct rule_set sets[2];
	__u64 session_ports[65536 / 64]; /* a bit for each port that stands in `operators` */
	__u64 ipv4_top[2 * SIDES][65536]; /* a class, or IPV4_IS_BLOCK and what shield.h says */
};

struct tables tables;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2 * RULES_MAX);
	__type(key, __u32);
	__type(value, struct rule_hits);
} rule_hits SEC(".maps");

struct ipv4_block {
	__u8 class[IPV4_BLOCK_BYTES];
};

/* As long as the set needs, up to 16 MiB; BPF_F_INNER_MAP lets the lengths differ. */
struct ipv4_blocks_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__uint(value_size, sizeof(struct ipv4_block));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2 * SIDES);
	__uint(key_size, sizeof(__u32));
	__array(values, struct ipv4_blocks_map);
} ipv4_blocks SEC(".maps");

#define LONG_ENTRIES_MAX 131072

struct ipv4_long_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LONG_ENTRIES_MAX);
	__type(key, struct ipv4_key);
	__type(value, __u32);
};

struct ipv4_long_map ipv4_long_0 SEC(".maps"), ipv4_long_1 SEC(".maps");

struct ipv6_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LONG_ENTRIES_MAX);
	__type(key, struct ipv6_key);
	__type(value, __u32);
};

struct ipv6_map ipv6_0 SEC(".maps"), ipv6_1 SEC(".maps");

static __always_inline struct rule_set *rule_set(__u32 active)
{
	return &tables.sets[active & 1];
}

static __always_inline __u32 class_of_long4(__be32 address, struct rule_set *set, __u32 side)
{
#pragma unroll
	for (int i = 0; i < LENGTHS4_MAX; i++) {
		struct ipv4_key key;
		__u32 *class;

		if (!(set->lengths4[side] >> i & 1))
			continue;
		key.address = address & bpf_htonl(~0U << i);
		key.length = (32 - i) | side << 8;
		class = set->addresses ? bpf_map_lookup_elem(&ipv4_long_1, &key)
				       : bpf_map_lookup_elem(&ipv4_long_0, &key);
		if (class)
			return *class;
	}
	return set->class4[side];
}

static __always_inline __u32 class_of_ipv4(__be32 address, struct rule_set *set, __u32 side)
{
	__u32 table = (set->addresses & 1) * SIDES + side, class;
	__u32 host = bpf_ntohl(address), key;
	__u64 top = tables.ipv4_top[table][host >> 16];
	struct ipv4_block *block;
	void *blocks;

	if (!(top & IPV4_IS_BLOCK))
		return top;
	/* Most of a sparse block is of one class: then its memory, seldom cached, is left alone. */
	if (!(top >> (IPV4_GROUPS_SHIFT + (host >> 11 & 31)) & 1))
		return top >> IPV4_AROUND_SHIFT & ((1 << IPV4_CLASS_BITS) - 1);
	key = top & 0xffff;
	blocks = bpf_map_lookup_elem(&ipv4_blocks, &table);
	block = blocks ? bpf_map_lookup_elem(blocks, &key) : NULL;
	if (!block)
		return 0;
	class = block->class[(host >> 8) & 255];
	return class == IPV4_LONGER ? class_of_long4(address, set, side) : class;
}

static __always_inline __u32 class_of_ipv6(__u32 *address, struct rule_set *set, __u32 side)
{
	for (int i = 0; i < LENGTHS6_MAX; i++) {
		int length = set->lengths6[side * LENGTHS6_MAX + i];
		struct ipv6_key key;
		__u32 *class;

		if (!length)
			break;
		key.length = length | side << 8;
		key.address[0] = keep(address[0], length);
		key.address[1] = keep(address[1], length - 32);
		key.address[2] = keep(address[2], length - 64);
		key.address[3] = keep(address[3], length - 96);
		class = set->addresses ? bpf_map_lookup_elem(&ipv6_1, &key)
				       : bpf_map_lookup_elem(&ipv6_0, &key);
		if (class)
			return *class;
	}
	return set->class6[side];
}

static __always_inline struct row *row(__u32 active, __u32 number)
{
	return &tables.rows[active & 1][number & (ROWS - 1)];
}

static __always_inline struct row *select(__u32 active, __u32 selector)
{
	return row(active, tables.selectors[active & 1][selector]);
}

static __always_inline struct row *source_row(struct packet *p, __u32 active, struct rule_set *set)
{
	return row(active, p->family == 4 ? class_of_ipv4(p->source[3], set, 0)
					  : class_of_ipv6(p->source, set, 0));
}

static __always_inline __u32 service(struct packet *p)
{
	if (p->has_ports)
		return p->destination_port + (p->protocol == IPPROTO_UDP ? SELECT_UDP : SELECT_TCP);
	if (!p->later_fragment) {
		if (p->protocol == IPPROTO_ICMP)
			return SELECT_ICMP + p->icmp_type;
		if (p->protocol == IPPROTO_ICMPV6)
			return SELECT_ICMPV6 + p->icmp_type;
	}
	return SELECT_OTHER + p->protocol;
}

/* The session's ports are among the marks of their rows. */
static __always_inline bool spared(struct packet *p, __u32 active, __u64 marks)
{
	struct row *port;

	if (marks & MARK_MANAGEMENT)
		return true;
	if (!(marks & MARK_SESSION) || !p->has_ports || p->protocol != IPPROTO_TCP)
		return false;
	port = select(active, service(p));
	return port->marks & MARK_SESSION;
}

/* Without these a host loses its neighbours, its address or its path MTU. */
static __always_inline bool essential(struct packet *p)
{
	if (p->protocol == IPPROTO_TCP || p->later_fragment)
		return false;
	if (p->protocol == IPPROTO_UDP)
		return p->family == 4 ? p->source_port == DHCP_SERVER &&
						p->destination_port == DHCP_CLIENT
				      : p->source_port == DHCPV6_SERVER &&
						p->destination_port == DHCPV6_CLIENT;
	if (p->family == 4)
		return p->protocol == IPPROTO_ICMP && p->icmp_type == UNREACHABLE;
	if (p->protocol != IPPROTO_ICMPV6)
		return false;
	if (p->icmp_type >= ND_FIRST && p->icmp_type <= ND_LAST)
		return p->hops == ND_HOPS;
	return p->icmp_type == PACKET_TOO_BIG ||
	       (p->icmp_type == MLD_QUERY && p->hops == MLD_HOPS);
}

struct matching {
	__u64 rules[RULE_WORDS];
};

static __always_inline void narrow(struct matching *m, struct row *by)
{
	for (int i = 0; i < RULE_WORDS; i++)
		m->rules[i] &= by->rules[i];
}

/* What few rules ask for. Global: out of the common path, and taken by the verifier by itself. */
__noinline int narrow_more(struct packet *p, struct matching *m, __u32 active)
{
	struct rule_set *set = rule_set(active);

	if (!p || !m)
		return 0;
	narrow(m, row(active, ROWS_SIDE + (p->family == 4
						   ? class_of_ipv4(p->destination[3], set, 1)
						   : class_of_ipv6(p->destination, set, 1))));
	narrow(m, select(active, SELECT_SOURCE_PORT + p->source_port));
	narrow(m, select(active, SELECT_FLAGS + p->tcp_flags));
	narrow(m, select(active, SELECT_INTERFACE + (p->ifindex & 255)));
	if (p->inner_vlan) {
		struct row *outer = select(active, SELECT_VLAN + (p->vlan & 0xfff));
		struct row *inner = select(active, SELECT_VLAN + (p->inner_vlan & 0xfff));

		for (int i = 0; i < RULE_WORDS; i++)
			m->rules[i] &= outer->rules[i] | inner->rules[i];
	} else {
		narrow(m, select(active, SELECT_VLAN + (p->vlan & 0xfff)));
	}
	return 0;
}

/* De Bruijn's sequence: the six bits behind each single bit differ. */
static const __u8 bit_numbers[64] = {
	0, 1, 2, 53, 3, 7, 54, 27, 4, 38, 41, 8, 34, 55, 48, 28,
	62, 5, 39, 46, 44, 42, 22, 9, 24, 35, 59, 56, 49, 18, 29, 11,
	63, 52, 6, 26, 37, 40, 33, 47, 61, 45, 43, 21, 23, 58, 17, 10,
	51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12,
};

/* The lowest bit of a word that is not 0. */
static __always_inline __u32 lowest_bit(__u64 word)
{
	return bit_numbers[(word & -word) * 0x022fdd63cc95386dULL >> 58];
}

#define NO_RULE 0
#define BY_ALLOW 0x1000000
#define BY_DENY 0x2000000

/* The rule that decides and how, or LIMITS, of one word of each. */
static __always_inline __u32 decisive(__u64 matching, struct rule_set *set, __u32 word)
{
	__u64 allow = matching & set->allow[word], deny = matching & set->deny[word];
	__u64 connections = matching & set->connections[word], packets;
	__u32 first = word * 64 + 1, limits = 0;

	if (!matching)
		return NO_RULE;
	if (allow)
		return BY_ALLOW | (word * 64 + lowest_bit(allow));
	if (deny)
		return BY_DENY | (word * 64 + lowest_bit(deny));
	packets = matching & ~connections;
	if (packets)
		limits = LIMITS(first + lowest_bit(packets), 0);
	return connections ? limits | LIMITS(0, first + lowest_bit(connections)) : limits;
}

/* The same where there are more than 64 rules, or where some ask for more. */
__noinline int decisive_of_many(struct packet *p, __u32 active)
{
	struct rule_set *set = rule_set(active);
	struct matching m;
	struct row *source;
	__u32 best = NO_RULE;

	if (!p)
		return NO_RULE;
	source = source_row(p, active, set);
	for (int i = 0; i < RULE_WORDS; i++)
		m.rules[i] = source->rules[i];
	narrow(&m, select(active, service(p)));
	if (set->more)
		narrow_more(p, &m, active);
	for (int i = 0; i < RULE_WORDS; i++) {
		__u32 one = decisive(m.rules[i], set, i);

		if (one & BY_ALLOW)
			return one;
		if (best & BY_DENY || one == NO_RULE)
			continue;
		if (one & BY_DENY) {
			best = one;
			continue;
		}
		best |= best & LIMITS(0x3ff, 0) ? 0 : one & LIMITS(0x3ff, 0);
		best |= best & LIMITS(0, 0x3ff) ? 0 : one & LIMITS(0, 0x3ff);
	}
	return best;
}

/* Global, so that the verifier takes it by itself, not once for each way to parse. */
__noinline int judge(struct packet *p, struct rule_set *set, struct control *c, __u32 active)
{
	enum reason banned;
	struct row *source, *to;
	__u32 best;

	if (!p || !set || !c)
		return REASON_PASSED;
	/* Nothing can refuse it: most hosts have no rules, and no use for these tables. */
	if (!set->words && !(p->family == 4 ? c->ban_lengths4 : c->ban_lengths6))
		return REASON_PASSED;
	source = source_row(p, active, set);
	if (source->marks & (MARK_MANAGEMENT | MARK_SESSION) && spared(p, active, source->marks))
		return REASON_PASSED;
	banned = by_ban(p, c);
	if (banned != REASON_PASSED && !essential(p))
		return banned;
	if (!(source->marks & MARK_RULES))
		return REASON_PASSED;
	if (set->words <= 1 && !set->more) {
		to = select(active, service(p));
		best = decisive(source->rules[0] & to->rules[0], set, 0);
	} else {
		best = decisive_of_many(p, active);
	}
	if (best == NO_RULE)
		return REASON_PASSED;
	if (best & BY_ALLOW) {
		p->rule = best & (RULE_SLOTS - 1);
		return REASON_PASSED;
	}
	if (essential(p))
		return REASON_PASSED;
	if (best & BY_DENY) {
		p->rule = best & (RULE_SLOTS - 1);
		return REASON_DENY_RULE;
	}
	return limited(p, set, best, c);
}

static __always_inline void count_hit(struct packet *p, __u32 active)
{
	__u32 key = active * RULES_MAX + p->rule;
	struct rule_hits *hits;

	if (p->rule == RULE_NONE)
		return;
	hits = bpf_map_lookup_elem(&rule_hits, &key);
	if (!hits)
		return;
	if (p->reason == REASON_PASSED) {
		hits->passed_packets += p->segments;
		hits->passed_bytes += bytes_on_wire(p);
	} else {
		hits->dropped_packets += p->segments;
		hits->dropped_bytes += bytes_on_wire(p);
	}
	hits->last = bpf_jiffies64();
}
