/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * How a packet finds the record of its connection, and what happens to a connection is written into
 * it: by the programs of the lens, and by the shield where it refuses a packet.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include "hash.h"
#include "lens.h"

/* The other end and our port, both in host order. */
struct endpoint {
	__u32 address[4]; /* network order; IPv4 as ::ffff:a.b.c.d */
	__u16 port;
	__u16 local_port;
};

static __always_inline __u64 tag(struct endpoint *e, __u64 seed)
{
	__u64 h = seed ^ ((__u64)e->port << 32) ^ e->local_port;

	h = mix(h ^ ((__u64)e->address[0] << 32 | e->address[1])) ^ ((__u64)e->address[2] << 32);
	return mix(mix(h ^ e->address[3]));
}

static __always_inline struct lens_record *way(void *records, __u64 cookie, __u32 step)
{
	__u32 first = cookie >> LENS_SET_BITS;
	__u32 slot = (cookie & (LENS_SETS - 1)) * LENS_WAYS + ((first + step) & (LENS_WAYS - 1));

	return bpf_map_lookup_elem(records, &slot);
}

static __always_inline struct lens_record *find_in(void *records, __u64 cookie)
{
	struct lens_record *r;

	if (!cookie)
		return NULL;
#pragma unroll
	for (__u32 i = 0; i < LENS_WAYS; i++) {
		r = way(records, cookie, i);
		if (r && r->cookie == cookie)
			return r;
	}
	return NULL;
}

/* Eight nanoseconds more or less are the price of keeping the kind in the same store. */
static __always_inline void event(struct lens_record *r, enum lens_event kind, __u64 now)
{
	__u32 number = r->events;

	r->event[number & (LENS_EVENTS - 1)] = (now & ~7ULL) | kind;
	r->events = number + 1;
}
