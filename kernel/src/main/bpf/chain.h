/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * The chain of tail calls: what is rare or a user's own runs in programs of its own, one slot each.
 * control.chain has a bit for each slot that is filled. While it is 0, which it is on most hosts,
 * the entry program does all the work and the chain costs one test of a word that is loaded anyway.
 *
 *     entry -> [stages before, 0-3] -> classifier (4) -> [stages after, 5-8] -> service, cookie
 *
 * A stage always hands back to the classifier, which knows from `kept` where the packet stands. A
 * stage that does not hand back (it returns a verdict of the kernel by itself) has taken the packet
 * out: so that the interface's sum holds, a packet is counted as dropped by REASON_STAGE when it
 * goes to a stage, and no longer once it is back.
 *
 * Sources on the management allow-list, sessions of operators and what keeps the host reachable
 * never meet a stage: whatever the object does, it cannot drop them.
 */
#include "account.h"
#include "classify.h"
#include "linear.h"
#include "operator.h"
#include "ostiary_stage.h"

#define SLOTS 16
#define STAGES_BEFORE 4
#define SLOT_CLASSIFIER 4
#define SLOT_AFTER 5
#define STAGES_AFTER 4
#define SLOT_SERVICE 9
#define SLOT_COOKIE 10

#define CHAIN_BEFORE 0x00f
#define CHAIN_AFTER 0x1e0
#define CHAIN_SERVICE (1 << SLOT_SERVICE)
#define CHAIN_COOKIE (1 << SLOT_COOKIE)
#define CHAIN_APIS (1 << 16) /* a stage asks for the API of a connection */
#define CHAIN_CARRIES (1 << 17) /* a watched macvlan is above a watched device: carried.h */

#define TCX_NEXT -1
#define TCX_DROP 2

/* What is to be done next: a slot to call, or one of these. */
#define STEP_PASS 64
#define STEP_DROP 65

_Static_assert(OSTIARY_SLOT_BACK == SLOT_CLASSIFIER && OSTIARY_SLOTS == SLOTS, "ostiary_stage.h");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} xdp_chain SEC(".maps"), tcx_chain SEC(".maps");

/* The packet that is in the chain of this CPU; softirqs do not interrupt each other. */
struct kept {
	struct packet packet;
	__u32 slot;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kept);
} kept SEC(".maps");

/* By slot: what stages said. `answered` less than `runs`: the stage took packets out. */
struct stage_counter {
	__u64 runs;
	__u64 answered;
	__u64 dropped;
	__u64 modified;
	__u64 marked;
	__u64 reasons[OSTIARY_REASONS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, struct stage_counter);
} stage_counters SEC(".maps");

/* To which API the last call of a connection went; direct-mapped, written by Java directly. */
#define CONNECTION_APIS 16384

struct connection_api {
	__u32 address[4];
	__u16 peer_port;
	__u16 port;
	__u32 api; /* 0: this entry is being written */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CONNECTION_APIS);
	__type(key, __u32);
	__type(value, struct connection_api);
} connection_apis SEC(".maps");

static __always_inline __u32 api_of(struct packet *p)
{
	__u64 high = (__u64)p->source[0] << 32 | p->source[1];
	__u64 low = (__u64)p->source[2] << 32 | p->source[3];
	__u64 ports = (__u64)p->source_port << 16 | p->destination_port;
	__u32 slot = mix(mix(high) ^ mix(low ^ ports << 16)) & (CONNECTION_APIS - 1), api;
	volatile struct connection_api *c = bpf_map_lookup_elem(&connection_apis, &slot);

	if (!c || !p->has_ports || p->protocol != IPPROTO_TCP)
		return 0;
	api = c->api;
	if (c->address[0] != p->source[0] || c->address[1] != p->source[1] ||
	    c->address[2] != p->source[2] || c->address[3] != p->source[3] ||
	    c->peer_port != p->source_port || c->port != p->destination_port)
		return 0;
	return c->api == api ? api : 0;
}

/* Global, so that the verifier takes it by itself. */
__noinline int meets_stages(struct packet *p, __u32 active)
{
	struct rule_set *set = rule_set(active);
	struct row *source;

	if (!p || !p->family)
		return 0;
	source = source_row(p, active, set);
	if (spared(p, active, source->marks))
		return 0;
	return !essential(p) && !of_operator(p);
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, INTERFACES * COUNTERS);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

static __always_inline void count(struct packet *p, __u32 verdict, __u64 packets, __u64 bytes)
{
	__u32 index = (p->ifindex & (INTERFACES - 1)) * COUNTERS + verdict;
	struct counter *counter = bpf_map_lookup_elem(&counters, &index);

	if (!counter)
		return;
	counter->packets += packets;
	counter->bytes += bytes;
}

static __always_inline void show(struct ostiary_packet *to, struct packet *p, __u32 chain)
{
	__builtin_memcpy(to->source, p->source, 16);
	__builtin_memcpy(to->destination, p->destination, 16);
	to->length = p->length;
	to->ifindex = p->ifindex;
	to->segments = p->segments;
	to->api = chain & CHAIN_APIS ? api_of(p) : 0;
	to->source_port = p->source_port;
	to->destination_port = p->destination_port;
	to->vlan = p->vlan;
	to->network = p->network;
	to->transport = p->transport;
	to->payload = p->headers;
	to->family = p->family;
	to->protocol = p->protocol;
	to->tcp_flags = p->tcp_flags;
	to->icmp_type = p->icmp_type;
	to->hops = p->hops;
	to->later_fragment = p->later_fragment;
	to->answer = OSTIARY_PASS;
	to->mark = 0;
}

static __always_inline __u32 lowest(__u32 bits)
{
	__u32 slot = 0;

#pragma unroll
	for (int step = 8; step; step >>= 1) {
		if (!(bits & ((1U << step) - 1))) {
			bits >>= step;
			slot += step;
		}
	}
	return slot;
}

/* Keeps the packet for the program of a slot. Global as are the next: out of the common path. */
__noinline int keep_for(struct packet *p, __u32 slot)
{
	__u32 zero = 0;
	struct kept *k = bpf_map_lookup_elem(&kept, &zero);

	if (k && p) {
		k->packet = *p;
		k->slot = slot;
	}
	return slot;
}

/* Sends the packet to the first of `stages`; not 0, and of one side of the classifier only. */
__noinline int to_stage(struct packet *p, __u32 stages)
{
	__u32 zero = 0, slot = lowest(stages) & (SLOTS - 1);
	struct ostiary_packet *shown = bpf_map_lookup_elem(&ostiary_packets, &zero);
	struct stage_counter *counter = bpf_map_lookup_elem(&stage_counters, &slot);
	struct control *c = &shield_control;

	if (!p || !shown || !counter)
		return slot;
	count(p, REASON_STAGE, p->segments, bytes_on_wire(p));
	show(shown, p, c->chain);
	counter->runs += p->segments;
	return keep_for(p, slot);
}

/* Adds the answer of the stage in `slot` to its counters, and gives it back. */
static __always_inline __u32 answered(__u32 slot, __u32 segments)
{
	__u32 zero = 0, answer;
	struct ostiary_packet *shown = bpf_map_lookup_elem(&ostiary_packets, &zero);
	struct stage_counter *counter = bpf_map_lookup_elem(&stage_counters, &slot);

	if (!shown || !counter)
		return OSTIARY_PASS;
	answer = shown->answer;
	counter->answered += segments;
	counter->marked += answer & OSTIARY_MARKED ? segments : 0;
	counter->modified += answer & OSTIARY_MODIFIED ? segments : 0;
	if (answer & OSTIARY_DROP) {
		__u32 reason = answer >> OSTIARY_REASON_SHIFT & (OSTIARY_REASONS - 1);

		counter->dropped += segments;
		counter->reasons[reason] += segments;
	}
	return answer;
}

/* In XDP a packet has no mark: it travels before the frame, as metadata, to `mark_tcx`. */
struct ostiary_meta {
	__u32 magic;
	__u32 mark;
};

#define OSTIARY_META 0x6f737469

static __always_inline bool marked(__u32 *mark)
{
	__u32 zero = 0;
	struct ostiary_packet *shown = bpf_map_lookup_elem(&ostiary_packets, &zero);

	if (!shown || !(shown->answer & OSTIARY_MARKED))
		return false;
	*mark = shown->mark;
	return true;
}

static __always_inline void mark_xdp(struct xdp_md *ctx)
{
	struct ostiary_meta *meta = (void *)(long)ctx->data_meta;
	__u32 mark;

	if (!marked(&mark))
		return;
	if ((void *)(meta + 1) > (void *)(long)ctx->data || meta->magic != OSTIARY_META) {
		if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
			return; /* a driver without metadata */
		meta = (void *)(long)ctx->data_meta;
		if ((void *)(meta + 1) > (void *)(long)ctx->data)
			return;
	}
	meta->magic = OSTIARY_META;
	meta->mark = mark;
}

/* Where a packet goes that has passed everything: to its socket, if nobody answers for it. */
static __always_inline int chain_end(struct packet *p, struct control *c)
{
	if (c->chain & CHAIN_SERVICE && p->has_ports)
		return keep_for(p, SLOT_SERVICE);
	return STEP_PASS;
}

static __always_inline int leave_xdp(struct xdp_md *ctx, int step)
{
	if (step < SLOTS) {
		bpf_tail_call(ctx, &xdp_chain, step);
		/* The slot was emptied since. Without its stage the packet goes on. */
		if (step < SLOT_SERVICE)
			bpf_tail_call(ctx, &xdp_chain, SLOT_CLASSIFIER);
		return XDP_PASS;
	}
	return step == STEP_DROP ? XDP_DROP : XDP_PASS;
}

/* Enough for Ethernet, two tags, IPv6 with some extensions, and TCP. */
#define HEADERS_MAX 256

static __always_inline int leave_tcx(struct __sk_buff *skb, int step)
{
	if (step < SLOTS) {
		/* A stage reads by itself, and finds as much in front as it always did. */
		if (step < SLOT_SERVICE)
			pull(skb, HEADERS_MAX);
		bpf_tail_call(skb, &tcx_chain, step);
		if (step < SLOT_SERVICE)
			bpf_tail_call(skb, &tcx_chain, SLOT_CLASSIFIER);
		return TCX_NEXT;
	}
	return step == STEP_DROP ? TCX_DROP : TCX_NEXT;
}
