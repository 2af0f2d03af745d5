/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * What a stage of your own is written against: docs/kernel/stages.md tells the rest.
 *
 *     #include "ostiary_stage.h"
 *
 *     OSTIARY_STAGE("drops what is too long", "too-long");
 *
 *     OSTIARY_AFTER(length)
 *     {
 *         return packet->length > 1400 ? ostiary_drop(0) : OSTIARY_PASS;
 *     }
 *
 *     char LICENSE[] SEC("license") = "Dual BSD/GPL";
 *
 * One function becomes two programs, one for XDP and one for tcx, so that a stage works on every
 * interface. It is run for packets of IPv4 and IPv6 whose headers are sound; never for sources on
 * the management allow-list, sessions of operators, and what keeps the host reachable (ND, DHCP).
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Grows when a field below changes its place or meaning; an object of another one is refused. */
#define OSTIARY_VERSION 1

#define OSTIARY_REASONS 16
#define OSTIARY_SLOTS 16
#define OSTIARY_SLOT_BACK 4

/* Read and known already. Offsets count from the first byte of the Ethernet header. */
struct ostiary_packet {
	__u32 source[4];      /* network order; IPv4 in the last word, ::ffff:0:0 before it */
	__u32 destination[4];
	__u32 length;         /* of the whole frame */
	__u32 ifindex;
	__u32 segments;       /* frames on the wire that this packet stands for */
	__u32 api;            /* of the last call on this connection; 0: none, or not known */
	__u16 source_port;    /* host order; 0: unknown */
	__u16 destination_port;
	__u16 vlan;           /* the outer id; 0: none */
	__u16 network;        /* offset of the IP header */
	__u16 transport;      /* offset of what the IP packet carries */
	__u16 payload;        /* offset behind the header of TCP, UDP or ICMP */
	__u8 family;          /* 4 or 6 */
	__u8 protocol;        /* IPPROTO_TCP, ... */
	__u8 tcp_flags;
	__u8 icmp_type;
	__u8 hops;            /* time to live */
	__u8 later_fragment;  /* without ports, and transport is no header */
	__u16 pad;
	/* The answer, which the macros below write. */
	__u32 answer;
	__u32 mark;
};

_Static_assert(sizeof(struct ostiary_packet) == 76, "ostiary_packet is shared with Java");

/* What a stage answers: one of these, MARKED and MODIFIED together, or ostiary_drop(reason). */
#define OSTIARY_PASS 0
#define OSTIARY_DROP 1
#define OSTIARY_MODIFIED 2
#define OSTIARY_MARKED 4
#define OSTIARY_REASON_SHIFT 8

/* `reason` counts the words given to OSTIARY_STAGE, from 0. */
static __always_inline int ostiary_drop(unsigned int reason)
{
	return OSTIARY_DROP | (reason & (OSTIARY_REASONS - 1)) << OSTIARY_REASON_SHIFT;
}

/* The bytes of the packet at hand. start and end are for reading; to write, see ostiary_write. */
struct ostiary_frame {
	void *start;
	void *end;
	void *hook; /* struct xdp_md or struct __sk_buff, for helpers of the kernel */
	bool xdp;
	__u32 mark;
};

/* At tcx the packet's mark (`ip rule`, nftables see it); in XDP kept as metadata for tcx. */
static __always_inline int ostiary_mark(struct ostiary_frame *frame, __u32 mark)
{
	frame->mark = mark;
	return OSTIARY_MARKED;
}

/* Copies `size` bytes out of the packet; false: it is shorter. */
static __always_inline bool ostiary_read(struct ostiary_frame *frame, __u32 offset, void *to,
					 __u32 size)
{
	if (frame->xdp)
		return !bpf_xdp_load_bytes(frame->hook, offset, to, size);
	return !bpf_skb_load_bytes(frame->hook, offset, to, size);
}

/* Copies `size` bytes into the packet. Afterwards start and end must not be used any more. */
static __always_inline bool ostiary_write(struct ostiary_frame *frame, __u32 offset, void *from,
					  __u32 size)
{
	if (frame->xdp)
		return !bpf_xdp_store_bytes(frame->hook, offset, from, size);
	return !bpf_skb_store_bytes(frame->hook, offset, from, size, BPF_F_RECOMPUTE_CSUM);
}

/* A table of numbers by API, which Java fills from `kernel.stages.tables` of the configuration. */
#define OSTIARY_APIS 1024
#define OSTIARY_BY_API(name)                                                                     \
	struct {                                                                                 \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                \
		__uint(max_entries, OSTIARY_APIS);                                               \
		__type(key, __u32);                                                              \
		__type(value, __u32);                                                            \
	} name SEC(".maps")

struct ostiary_about {
	__u32 version;
	__u32 packet_bytes;
	char title[120];
	char reasons[OSTIARY_REASONS][32];
};

/* Once in each object: what it does, and its words for why it drops. */
#define OSTIARY_STAGE(title, ...)                                                                \
	const struct ostiary_about ostiary_about SEC(".rodata.ostiary") = {                      \
		OSTIARY_VERSION, sizeof(struct ostiary_packet), title, { __VA_ARGS__ }           \
	}

/* These three are Ostiary's own maps; Java puts them in the place of the empty ones here. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ostiary_packet);
} ostiary_packets SEC(".maps");

struct ostiary_chain {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, OSTIARY_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
};

struct ostiary_chain ostiary_xdp SEC(".maps"), ostiary_tcx SEC(".maps");

#define OSTIARY_BEFORE(name) OSTIARY_PROGRAMS(name, "before")
#define OSTIARY_AFTER(name) OSTIARY_PROGRAMS(name, "after")

#define OSTIARY_PROGRAM(name, section, context, is_xdp, chain, otherwise)                        \
	SEC(section)                                                                             \
	int name(struct context *ctx)                                                            \
	{                                                                                        \
		__u32 ostiary_zero = 0;                                                          \
		struct ostiary_packet *packet =                                                  \
			bpf_map_lookup_elem(&ostiary_packets, &ostiary_zero);                    \
		struct ostiary_frame frame = { (void *)(long)ctx->data,                          \
					       (void *)(long)ctx->data_end, ctx, is_xdp, 0 };    \
                                                                                                 \
		if (packet) {                                                                    \
			packet->answer = ostiary_stage(packet, &frame);                          \
			packet->mark = frame.mark;                                               \
		}                                                                                \
		bpf_tail_call(ctx, &chain, OSTIARY_SLOT_BACK);                                   \
		return otherwise;                                                                \
	}

#define OSTIARY_PROGRAMS(name, place)                                                            \
	static __always_inline int ostiary_stage(const struct ostiary_packet *packet,            \
						 struct ostiary_frame *frame);                   \
	OSTIARY_PROGRAM(name##_xdp, "ostiary/" place "/xdp", xdp_md, true, ostiary_xdp,          \
			XDP_PASS)                                                                \
	OSTIARY_PROGRAM(name##_tcx, "ostiary/" place "/tcx", __sk_buff, false, ostiary_tcx, -1)  \
	static __always_inline int ostiary_stage(const struct ostiary_packet *packet,            \
						 struct ostiary_frame *frame)
