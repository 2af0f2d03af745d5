/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * What a packet costs does not depend on the number of rules. Up to 61 different rules are bits of a
 * 64-bit mask; a rule's sources, of which there may be any number, are compiled into a class for
 * each address:
 *
 *     IPv4   top[address >> 16] -> class, or a block of 256 classes, one for each /24;
 *            only where a /24 holds longer prefixes, a hash for each length in use
 *     IPv6   a hash for each prefix length in use, the longest first
 *
 *     rules = classes[class] & ports[destination port] & protocols[protocol]
 *
 * Order: management allow-list, sessions of operators, what the stack needs to stay reachable,
 * bans, allow, deny, limits. The whole set is swapped by one store: packets read `active` once, and
 * each table of the other number was complete before it was made active.
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

/* Of each table below there are two, and control.active says which one counts. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct rule_set);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * 65536);
	__type(key, __u32);
	__type(value, __u64);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * 65536);
	__type(key, __u32);
	__type(value, __u64); /* a class, or IPV4_IS_BLOCK and what shield.h says */
} ipv4_top SEC(".maps");

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
	__uint(max_entries, 2);
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

static __always_inline __u32 class_of_long4(__be32 address, __u32 active, struct rule_set *set)
{
#pragma unroll
	for (int i = 0; i < LENGTHS4_MAX; i++) {
		struct ipv4_key key;
		__u32 *class;

		key.length = set->lengths4[i];
		if (!key.length)
			break;
		key.address = address & bpf_htonl(~0U << ((32 - key.length) & 31));
		class = active ? bpf_map_lookup_elem(&ipv4_long_1, &key)
			       : bpf_map_lookup_elem(&ipv4_long_0, &key);
		if (class)
			return *class;
	}
	return 0;
}

static __always_inline __u32 class_of_ipv4(__be32 address, __u32 active, struct rule_set *set)
{
	__u32 host = bpf_ntohl(address), key = active << 16 | host >> 16, class;
	__u64 *entry = bpf_map_lookup_elem(&ipv4_top, &key), top;
	struct ipv4_block *block;
	void *blocks;

	top = entry ? *entry : 0;
	if (!(top & IPV4_IS_BLOCK))
		return top & (CLASSES - 1);
	/* Most of a sparse block is of one class: then its memory, seldom cached, is not touched. */
	if (!(top >> (IPV4_GROUPS_SHIFT + (host >> 11 & 31)) & 1))
		return top >> IPV4_AROUND_SHIFT & (CLASSES - 1);
	key = top & 0xffff;
	blocks = bpf_map_lookup_elem(&ipv4_blocks, &active);
	block = blocks ? bpf_map_lookup_elem(blocks, &key) : NULL;
	if (!block)
		return 0;
	class = block->class[(host >> 8) & 255];
	return class == IPV4_LONGER ? class_of_long4(address, active, set) : class;
}

static __always_inline __u32 class_of_ipv6(__u32 *address, __u32 active, struct rule_set *set)
{
	for (int i = 0; i < LENGTHS6_MAX; i++) {
		int length = set->lengths6[i];
		struct ipv6_key key;
		__u32 *class;

		if (!length)
			break;
		key.length = length;
		key.address[0] = keep(address[0], length);
		key.address[1] = keep(address[1], length - 32);
		key.address[2] = keep(address[2], length - 64);
		key.address[3] = keep(address[3], length - 96);
		class = active ? bpf_map_lookup_elem(&ipv6_1, &key)
			       : bpf_map_lookup_elem(&ipv6_0, &key);
		if (class)
			return *class;
	}
	return set->class6;
}

static __always_inline __u32 protocol_index(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return 0;
	case IPPROTO_UDP:
		return 1;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	}
	return 3;
}

/* Without these a host loses its neighbours, its address or its path MTU. */
static __always_inline bool essential(struct packet *p)
{
	if (p->later_fragment)
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

static __always_inline bool of_session(struct packet *p, __u32 active)
{
	__u32 key = active << 16 | p->destination_port;
	__u64 *port = bpf_map_lookup_elem(&ports, &key);

	return p->has_ports && p->protocol == IPPROTO_TCP && port && *port & 1ULL << RULE_SESSION;
}

/* Global, as is `meter`: the verifier takes each by itself, not once for each way to parse. */
__noinline int judge(struct packet *p, __u32 active)
{
	struct rule_set *set = bpf_map_lookup_elem(&rules, &active);
	enum reason banned;
	__u32 class, zero = 0;
	__u64 mask, *port;
	struct control *c = bpf_map_lookup_elem(&shield_control, &zero);

	if (!p || !set || !c)
		return REASON_PASSED;
	class = p->family == 4 ? class_of_ipv4(p->source[3], active, set)
			       : class_of_ipv6(p->source, active, set);
	mask = set->classes[class & (CLASSES - 1)];
	if (mask & 1ULL << RULE_MANAGEMENT)
		return REASON_PASSED;
	if (mask & 1ULL << RULE_SESSION && of_session(p, active))
		return REASON_PASSED;
	banned = by_ban(p, c);
	if (banned != REASON_PASSED && !essential(p))
		return banned;
	if (!mask)
		return REASON_PASSED;
	mask &= set->protocols[protocol_index(p->protocol) & 3];
	if (p->has_ports) {
		__u32 key = active << 16 | p->destination_port;

		port = bpf_map_lookup_elem(&ports, &key);
		mask &= port ? *port : 0;
	} else {
		mask &= set->without_ports;
	}
	if (!mask || mask & set->allow || essential(p))
		return REASON_PASSED;
	if (mask & set->deny)
		return REASON_DENY_RULE;
	mask &= set->limit;
	return mask ? limited(p, set, mask, c) : REASON_PASSED;
}
