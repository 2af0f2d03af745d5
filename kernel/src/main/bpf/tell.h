/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * Of what XDP refuses in the driver the kernel tells nobody, and elsewhere not why. Where a refused
 * packet belongs to a connection that the lens knows, its record learns of it here; lens_dropped
 * leaves out what the kernel then says of the same packet.
 *
 * The tables are those of the lens. Java puts them here once both are loaded, and then the seed.
 */
#include "control.h"
#include "lens_shared.h"
#include "limit.h"

struct told_tuples_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LENS_TUPLES);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct lens_tuple));
};

struct told_records_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LENS_RECORDS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct lens_record));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, struct told_tuples_map);
} told_tuples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, struct told_records_map);
} told_records SEC(".maps");

static __always_inline struct lens_record *told(struct packet *p, __u64 seed)
{
	__u32 zero = 0, slot;
	struct endpoint e = {
		.address = {p->source[0], p->source[1], p->source[2], p->source[3]},
		.port = p->source_port,
		.local_port = p->destination_port,
	};
	void *tuples = bpf_map_lookup_elem(&told_tuples, &zero);
	void *records = bpf_map_lookup_elem(&told_records, &zero);
	__u64 t = tag(&e, seed), cookie;
	struct lens_tuple *tuple;

	if (!tuples || !records)
		return NULL;
	slot = t & (LENS_TUPLES - 1);
	tuple = bpf_map_lookup_elem(tuples, &slot);
	if (!tuple)
		return NULL;
	cookie = tuple->cookie;
	return (tuple->seal ^ cookie) == t ? find_in(records, cookie) : NULL;
}

/* A packet is refused. One that opens a connection has no record yet. */
static __always_inline void tell(struct packet *p, struct control *c, enum reason reason)
{
	struct lens_record *r;

	if (p->protocol != IPPROTO_TCP || !c->lens_seed || opens(p))
		return;
	r = told(p, c->lens_seed);
	if (!r || r->closed_ns)
		return;
	__sync_fetch_and_add(&r->dropped_in, p->segments);
	r->drop_reason = LENS_REFUSED + reason;
	event(r, LENS_DROPPED_IN, bpf_ktime_get_ns());
}
