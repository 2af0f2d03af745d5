/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * What a macvlan gets comes in at its carrier first, and what it sends leaves there once more, each
 * with the macvlan's own Ethernet address. Where both are watched such a packet is judged, limited
 * and listed at the macvlan alone: only there all of them come by, those of its siblings on this
 * host too. The carrier counts it as passed, so that its own sum holds.
 *
 * Java lists the addresses of watched macvlans, and sets CHAIN_CARRIES while there are any.
 */
#include "chain.h"

#define CARRIED_MAX 1024

struct carried_key {
	__u32 ifindex; /* of the carrier */
	__u8 address[6];
	__u8 pad[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CARRIED_MAX);
	__type(key, struct carried_key);
	__type(value, __u32);
} carried SEC(".maps");

static __always_inline bool is_carried(__u32 ifindex, void *address, void *end)
{
	struct carried_key key = {.ifindex = ifindex};

	if (address + sizeof(key.address) > end)
		return false;
	__builtin_memcpy(key.address, address, sizeof(key.address));
	return bpf_map_lookup_elem(&carried, &key);
}

/* By the address it is for. */
static __always_inline bool left_above(__u32 ifindex, void *data, void *end)
{
	return shield_control.chain & CHAIN_CARRIES && is_carried(ifindex, data, end);
}

/* By the address it comes from. */
static __always_inline bool counted_above(__u32 ifindex, void *data, void *end)
{
	return shield_control.chain & CHAIN_CARRIES && is_carried(ifindex, data + 6, end);
}

static __always_inline int let_by(struct packet *p)
{
	struct wire *w = wire_of(p);

	count(p, REASON_PASSED, p->segments, bytes_on_wire(p));
	if (w && p->segments > 1)
		w->in_merged += p->segments - 1;
	return STEP_PASS;
}
