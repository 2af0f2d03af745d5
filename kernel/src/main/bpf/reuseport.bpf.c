// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * reuseport: a new connection goes to the listening socket of the event loop with the least work.
 *
 * Each loop has a listening socket of its own at the same address (SO_REUSEPORT). The kernel would
 * choose by a hash, which spreads few connections unevenly and asks nobody who is busy. Loops that
 * are equal take turns by that hash.
 *
 * A connection weighs the more, the less time its loop has left: with half of its time a loop gets
 * half of the connections. What a SYN was given for and nobody accepted, as of invented clients, is
 * forgotten by Java, which sets `given` to the length of the queue ten times a second.
 *
 * When Java says nothing any more, `given` alone makes the loops take turns.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#define LOOPS 64

/* The only read-only data, so that it lies at offset 0. */
const volatile __u32 loops = 1;

/* A cache line for each loop: all of them write. */
struct loop_load {
	__s64 given;  /* connections given to it that it has not accepted yet */
	__s64 open;   /* Java: connections it has */
	__s64 weight; /* Java: how much each of them weighs; the more, the less time it has left */
	__s64 spare[5];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LOOPS);
	__type(key, __u32);
	__type(value, struct loop_load);
} loop_loads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	__uint(max_entries, LOOPS);
	__type(key, __u32);
	__type(value, __u64);
} loop_sockets SEC(".maps");

SEC("sk_reuseport")
int least_loaded(struct sk_reuseport_md *connection)
{
	__u32 best = 0, first = connection->hash;
	__s64 least = 0x7fffffffffffffffLL;
	struct loop_load *chosen = NULL;

	for (__u32 i = 0; i < LOOPS; i++) {
		__u32 loop;
		struct loop_load *l;
		__s64 load;

		if (i >= loops || !loops)
			break;
		loop = (first + i) % loops;
		l = bpf_map_lookup_elem(&loop_loads, &loop);
		if (!l)
			continue;
		load = (l->given + l->open + 1) * l->weight;
		if (load >= least)
			continue;
		least = load;
		best = loop;
		chosen = l;
	}
	/* Without a socket there the kernel chooses as if we were not. */
	if (!bpf_sk_select_reuseport(connection, &loop_sockets, &best, 0) && chosen)
		__sync_fetch_and_add(&chosen->given, 1);
	return SK_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
