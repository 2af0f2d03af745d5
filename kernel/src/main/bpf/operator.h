/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * Who is signed in from afar. Java adds and removes peers as sessions come and go, without touching
 * the rules; a packet asks only before it would be dropped or meets a stage.
 */
#include "classify.h"

#define LOOPBACK 1 /* the interface's number, in every network namespace */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, OPERATORS_MAX);
	__type(key, struct operator_key);
	__type(value, __u32);
} operators SEC(".maps");

/* For nearly every packet one bit says that no operator is asked for. */
static __always_inline bool session_port(__u16 port)
{
	return tables.session_ports[port >> 6] >> (port & 63) & 1;
}

/*
 * On loopback both directions come in, and nobody from afar does: a port listed with the address ::
 * is the control plane's, and whoever asks it from this host, or through an SSH tunnel, is spared.
 */
static __always_inline bool of_operator(struct packet *p)
{
	struct operator_key key = {};

	if (p->protocol != IPPROTO_TCP || !p->has_ports)
		return false;
	if (!session_port(p->destination_port) &&
	    !(p->ifindex == LOOPBACK && session_port(p->source_port)))
		return false;
	__builtin_memcpy(key.address, p->source, sizeof(key.address));
	key.port = p->destination_port;
	if (bpf_map_lookup_elem(&operators, &key))
		return true;
	if (p->ifindex != LOOPBACK)
		return false;
	__builtin_memset(key.address, 0, sizeof(key.address));
	if (bpf_map_lookup_elem(&operators, &key))
		return true;
	key.port = p->source_port;
	return bpf_map_lookup_elem(&operators, &key);
}
