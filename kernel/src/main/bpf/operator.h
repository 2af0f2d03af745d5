/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * Who is signed in from afar. Java adds and removes peers as sessions come and go, without touching
 * the rules; a packet asks only before it would be dropped or meets a stage.
 */
#include "control.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, OPERATORS_MAX);
	__type(key, struct operator_key);
	__type(value, __u32);
} operators SEC(".maps");

static __always_inline bool of_operator(struct packet *p)
{
	struct operator_key key = {};

	if (p->protocol != IPPROTO_TCP || !p->has_ports)
		return false;
	__builtin_memcpy(key.address, p->source, sizeof(key.address));
	key.port = p->destination_port;
	return bpf_map_lookup_elem(&operators, &key);
}
