/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/* How fast a source may send: a bucket for each source and rule, found by hash, never grown. */
#include "control.h"

#define BUCKETS (1 << 18)

/* When each source may send its next packet, by a limit (GCRA); in jiffies << 32. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} buckets SEC(".maps");

/* Of IPv6 the /64, since one host may use all of it. */
static __always_inline __u64 source_hash(struct packet *p, __u64 seed)
{
	__u64 high = (__u64)p->source[0] << 32 | p->source[1];
	__u64 low = p->family == 6 ? 0 : p->source[3];

	return mix(seed ^ high ^ low << 16);
}

/* An aggregate passes or is dropped whole; what it is charged for is bounded. */
#define SEGMENTS_CHARGED_MAX 64

/* Whether a packet comes before its time, in jiffies << 32 (GCRA); if not, `next` moves on. */
static __always_inline bool too_early(struct packet *p, __u64 *next, __u64 interval, __u64 tolerance)
{
	__u64 now = bpf_jiffies64() << 32;
	__s64 ahead = *next - now;
	__u32 packets = p->segments < SEGMENTS_CHARGED_MAX ? p->segments : SEGMENTS_CHARGED_MAX;

	/* Further ahead than a bucket can be: it was never used, or not since jiffies wrapped. */
	if (ahead < 0 || ahead > (__s64)(tolerance + interval * (SEGMENTS_CHARGED_MAX + 1)))
		ahead = 0;
	if (ahead > (__s64)tolerance)
		return true;
	*next = now + ahead + interval * packets;
	return false;
}

static __always_inline bool over_limit(struct packet *p, struct rule_set *set, __u64 limits,
				       __u64 seed)
{
	__u64 rule = 0, *next;
	__u32 slot;

	/* The lowest bit: the first limit of the file that is about this packet. */
#pragma unroll
	for (int step = 32; step; step >>= 1) {
		if (!(limits & ((1ULL << step) - 1))) {
			limits >>= step;
			rule += step;
		}
	}
	rule &= RULE_BITS - 1;
	slot = mix(source_hash(p, seed) + rule) & (BUCKETS - 1);
	next = bpf_map_lookup_elem(&buckets, &slot);
	return next && too_early(p, next, set->intervals[rule], set->tolerances[rule]);
}
