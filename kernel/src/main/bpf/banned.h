/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * Who is banned: exact prefixes with an end, one map entry each, so that a ban is in force with one
 * system call and needs no new rule set. A bit for each hash says for nearly every other source
 * that no ban is about it, so that the hash map, much slower, is asked for the banned alone. Java
 * sets the bits before the entry, and clears them after it.
 */
#include "control.h"
#include "limit.h"
#include "reason.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BANS_MAX);
	__type(key, struct ban_key);
	__type(value, struct ban);
} bans SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BAN_FILTER_BITS / 64);
	__type(key, __u32);
	__type(value, __u64);
} ban_filter SEC(".maps");

/* BanTable.java does the same. */
static __always_inline bool may_be_banned(struct ban_key *key, __u64 seed)
{
	__u64 high = (__u64)key->address[0] << 32 | key->address[1];
	__u64 low = (__u64)key->address[2] << 32 | key->address[3];
	__u64 h = mix(mix(seed ^ high) ^ low ^ (__u64)key->length << 16);
	__u32 word = h >> 6 & (BAN_FILTER_BITS / 64 - 1);
	__u64 *bits = bpf_map_lookup_elem(&ban_filter, &word);

	return bits && *bits >> (h & 63) & 1;
}

static __always_inline enum reason carry_out(struct packet *p, struct ban *ban)
{
	if (bpf_jiffies64() >= ban->until)
		return REASON_PASSED;
	if (ban->interval && !too_early(&ban->next, ban->interval, ban->tolerance, p->segments))
		return REASON_PASSED;
	__sync_fetch_and_add(&ban->packets, p->segments);
	__sync_fetch_and_add(&ban->bytes, bytes_on_wire(p));
	return ban->interval ? REASON_BAN_LIMIT : REASON_BANNED;
}

/* The longest prefix decides. */
__noinline int look_for_ban(struct packet *p, __u64 lengths, __u64 seed)
{
	if (!p)
		return REASON_PASSED;
	for (int i = 0; i < BAN_LENGTHS_MAX; i++) {
		int length = lengths >> 8 * i & 255;
		struct ban_key key = { .length = length };
		struct ban *ban;

		if (!length)
			break;
		key.address[0] = keep(p->source[0], length);
		key.address[1] = keep(p->source[1], length - 32);
		key.address[2] = keep(p->source[2], length - 64);
		key.address[3] = keep(p->source[3], length - 96);
		if (!may_be_banned(&key, seed))
			continue;
		ban = bpf_map_lookup_elem(&bans, &key);
		if (ban)
			return carry_out(p, ban);
	}
	return REASON_PASSED;
}

static __always_inline enum reason by_ban(struct packet *p, struct control *c)
{
	__u64 lengths = p->family == 4 ? c->ban_lengths4 : c->ban_lengths6;

	return lengths ? look_for_ban(p, lengths, c->seed) & (REASONS - 1) : REASON_PASSED;
}
