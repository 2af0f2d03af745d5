/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
#include <linux/types.h>

/*
 * Who sends and what flows, in tables of fixed size for each CPU, found by hash and never grown. A
 * new flow takes the place of one that is old or small; a flow that is alive and proven stays, and
 * the packet is counted as unlisted. What is replaced is added to `evicted`, so that
 *     packets seen = sum(flows) + evicted + unlisted
 * holds to the packet, on each CPU. (A reader who copies the tables while packets arrive may see
 * one of the terms a few packets older than the others.)
 */
#define FLOWS 8192 /* fewer where there are more than four CPUs */
#define SOURCES 8192
#define PROVEN_PACKETS 8

/* In `vlan` of a flow: the packet left the host. The id itself has twelve bits. */
#define FLOW_OUT 0x8000

/* Which of the totals: of incoming flows, of sources, of outgoing flows. */
#define TOTAL_IN 0
#define TOTAL_SOURCES 1
#define TOTAL_OUT 2

/*
 * Of one interface: what left it, and how many packets were merged before they were counted, so
 * that `ip -s link` can be compared where it counts aggregates (veth and lo without XDP).
 */
struct wire {
	__u64 out_packets;
	__u64 out_bytes;
	__u64 out_merged;
	__u64 in_merged;
};

struct flow {
	__u32 source[4];
	__u32 destination[4];
	__u16 source_port;
	__u16 destination_port;
	__u32 ifindex;
	__u16 vlan;
	__u8 protocol;
	__u8 family;
	__u32 first; /* jiffies */
	__u64 packets;
	__u64 bytes;
	__u32 last;
	__u32 tcp_flags;
};

struct source {
	__u32 address[4];
	__u64 packets;
	__u64 bytes;
	__u64 dropped;
	__u32 last;
	__u32 family;
};

struct meter_totals {
	__u64 packets;
	__u64 bytes;
	__u64 evicted_packets;
	__u64 evicted_bytes;
	__u64 unlisted_packets;
	__u64 unlisted_bytes;
	__u64 refused_packets; /* in TOTAL_IN alone: unlisted as well, but counted once */
	__u64 refused_bytes;
	__u64 placed_packets; /* of the refused: listed by source, or without one */
	__u64 placed_bytes;
};

_Static_assert(sizeof(struct flow) == 72, "shield/ShieldMemory.java");
_Static_assert(sizeof(struct source) == 48, "shield/ShieldMemory.java");
