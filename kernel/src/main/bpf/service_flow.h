/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * A connection's record: where it lies, what state it is in, and how it ends. It is found by a
 * hash of client and service in a set of three; `step` changes its state by compare-and-swap, so
 * that of two CPUs one does what follows, such as to count the connection out of its target.
 */
#include "service_tables.h"

/* The same on every host and after every start: Maglev needs no more to agree. */
static __always_inline __u64 flow_hash(__u32 *client, __be16 port, __u32 service)
{
	__u64 h = (__u64)client[3] << 32 | (__u64)port << 8 | service;

	if (client[2] != bpf_htonl(0xffff))
		h = mix(h) ^ ((__u64)client[0] << 32 | client[1]) ^ (__u64)client[2] << 7;
	return mix(mix(h));
}

static __always_inline struct service_set *set_of(__u64 hash, __u64 seed)
{
	__u32 key = mix(hash ^ seed) & (FLOW_SETS - 1);

	return bpf_map_lookup_elem(&service_flows, &key);
}

static __always_inline bool same(struct service_flow *f, __u32 *client, __be16 port, __u32 service)
{
	return f->port == port && f->client[3] == client[3] && f->service == service &&
	       f->client[2] == client[2] && f->client[1] == client[1] &&
	       f->client[0] == client[0] && f->state != FLOW_FREE && f->state != FLOW_BUSY;
}

static __always_inline struct service_flow *find(struct service_set *set, __u32 *client,
						 __be16 port, __u32 service)
{
#pragma unroll
	for (int i = 0; i < FLOW_WAYS; i++)
		if (same(&set->way[i], client, port, service))
			return &set->way[i];
	return NULL;
}

static __always_inline struct service_target *target_of(__u32 service, __u32 target)
{
	__u32 key = (service & (SERVICES - 1)) * TARGETS + (target & (TARGETS - 1));

	return bpf_map_lookup_elem(&targets, &key);
}

static __always_inline __u32 micros(void)
{
	return bpf_ktime_get_ns() / 1000;
}

static __always_inline void leave(struct service_flow *f)
{
	struct service_target *t = target_of(f->service, f->target);

	if (t)
		__sync_fetch_and_add(&t->open, -1);
}

static __always_inline bool is_open(__u32 state)
{
	return state >= FLOW_PROVEN && state <= FLOW_TARGET_ENDED;
}

/* One of two processors that see the same packet's twin makes the step, and counts it. */
static __always_inline bool step(struct service_flow *f, __u32 from, __u32 to)
{
	return __sync_val_compare_and_swap(&f->state, from, to) == from;
}

/* Both sides may end at once, on two processors: whoever comes second sees what the first has done,
 * or the connection would be counted for as long as its record is kept. */
static __always_inline void end(struct service_flow *f, __u8 flags, __u32 mine, __u32 other)
{
#pragma unroll
	for (int i = 0; i < 3; i++) {
		__u32 state = f->state, next = mine;

		if (!is_open(state))
			return;
		if (flags & RST || state == other)
			next = FLOW_CLOSED;
		else if (state != FLOW_PROVEN)
			return;
		if (step(f, state, next)) {
			if (next == FLOW_CLOSED)
				leave(f);
			return;
		}
	}
}
