/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/* How fast a source may send or connect: a bucket for each source and rule, found by hash, never
 * grown; and an exact entry for those who have proven that they are where they say. */
#include "control.h"
#include "reason.h"

#define BUCKETS (1 << 18)
#define LIMIT_STEP 0xd1342543de82ef95ULL /* odd: all rules differ */

/* When each source may send its next packet, by a limit (GCRA); in jiffies << 32. */
struct bucket_table {
	__u64 of[BUCKETS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bucket_table);
} buckets SEC(".maps");

static __always_inline __u64 *bucket(__u64 id)
{
	__u32 zero = 0;
	struct bucket_table *table = bpf_map_lookup_elem(&buckets, &zero);

	return table ? &table->of[id & (BUCKETS - 1)] : NULL;
}

/* What shares a rate under a rule: the first `bits` of an IPv4 source, 32 more of an IPv6 one. */
static __always_inline __u64 limit_hash(struct packet *p, __u32 bits, __u32 rule, __u64 seed)
{
	__u64 address = bpf_ntohl(p->source[3]);
	__u32 behind = (32 - bits) & 31;

	if (p->family == 6)
		address = (__u64)bpf_ntohl(p->source[0]) << 32 | bpf_ntohl(p->source[1]);
	/* By a sum: else two addresses could share a place under every two rules. */
	return mix((seed + rule * LIMIT_STEP) ^ (address >> behind) ^ (__u64)p->family << 56);
}

/* An aggregate passes or is dropped whole; what it is charged for is bounded. */
#define SEGMENTS_CHARGED_MAX 64

/*
 * A source that has completed a handshake has an entry of its own, so that no flood of invented
 * sources can spend its rate. None is made for any other: a place here is taken only by those who
 * have shown that they receive at their address. Two places for a key; the older one is given up.
 */
#define PROVEN (1 << 15)
#define HAS_PROVEN 1ULL /* in a bucket: look for the exact entry first */

struct proven {
	__u64 id;
	__u64 next;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PROVEN);
	__type(key, __u32);
	__type(value, struct proven);
} proven SEC(".maps");

static __always_inline struct proven *place_of(__u64 id, __u32 way)
{
	__u32 slot = ((id >> 32) & (PROVEN - 1)) ^ way;

	return bpf_map_lookup_elem(&proven, &slot);
}

static __always_inline struct proven *proven_entry(__u64 id)
{
	struct proven *entry = place_of(id, 0);

	if (entry && entry->id == id)
		return entry;
	entry = place_of(id, 1);
	return entry && entry->id == id ? entry : NULL;
}

static __always_inline struct proven *prove(__u64 id)
{
	struct proven *entry = proven_entry(id), *other;
	__u64 *next = bucket(id);

	if (entry)
		return entry;
	entry = place_of(id, 0);
	other = place_of(id, 1);
	if (!entry || !other || !next)
		return NULL;
	if ((__s64)(entry->next - other->next) > 0)
		entry = other;
	entry->id = id;
	entry->next = bpf_jiffies64() << 32;
	*next |= HAS_PROVEN;
	return entry;
}

/* Whether something comes before its time, in jiffies << 32 (GCRA); if not, `next` moves on. */
static __always_inline bool too_early(__u64 *next, __u64 interval, __u64 tolerance, __u32 count)
{
	__u64 now = bpf_jiffies64() << 32;
	__s64 ahead = *next - now;

	if (count > SEGMENTS_CHARGED_MAX)
		count = SEGMENTS_CHARGED_MAX;
	/* Further ahead than a bucket can be: it was never used, or not since jiffies wrapped. */
	if (ahead < 0 || ahead > (__s64)(tolerance + interval * (SEGMENTS_CHARGED_MAX + 1)))
		ahead = 0;
	if (ahead > (__s64)tolerance)
		return true;
	*next = ((now + ahead + interval * count) & ~HAS_PROVEN) | (*next & HAS_PROVEN);
	return false;
}

static __always_inline __u64 limit_id(struct packet *p, struct rule_set *set, __u32 rule,
				      __u64 seed)
{
	rule &= RULE_SLOTS - 1;
	return limit_hash(p, set->bits[rule], rule, seed);
}

static __always_inline bool over_rate(struct packet *p, struct rule_set *set, __u32 rule,
				      __u32 count, __u64 seed)
{
	__u64 id = limit_id(p, set, rule, seed), *next = bucket(id);
	struct proven *exact;

	if (!next)
		return false;
	if (*next & HAS_PROVEN) {
		exact = proven_entry(id);
		if (exact)
			next = &exact->next;
	}
	rule &= RULE_SLOTS - 1;
	return too_early(next, set->intervals[rule], set->tolerances[rule], count);
}

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_ACK 16

static __always_inline bool opens(struct packet *p)
{
	return p->protocol == IPPROTO_TCP && (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* The first limit that counts packets and the first that counts connections; each 0: none is. */
#define LIMITS(packets, connections) ((packets) | (connections) << 10)

static __always_inline enum reason limited(struct packet *p, struct rule_set *set, __u32 limits,
					   struct control *c)
{
	__u32 packets = limits & 0x3ff, connections = limits >> 10 & 0x3ff;

	if (packets) {
		p->rule = p->limit_rule = packets - 1;
		if (over_rate(p, set, p->limit_rule, p->segments, c->seed))
			return REASON_LIMIT_RULE;
	}
	if (connections && bpf_jiffies64() < c->flood_until) {
		p->opens_rule = connections;
	} else if (connections && opens(p)) {
		p->rule = p->limit_rule = connections - 1;
		if (over_rate(p, set, p->limit_rule, 1, c->seed))
			return REASON_LIMIT_CONNECTIONS;
	}
	return REASON_PASSED;
}
