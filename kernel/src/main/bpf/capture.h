/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * Copies packets into memory that Java reads, with the verdict each of them got.
 *
 * Each CPU writes a ring of its own and never waits: what nobody has read is overwritten. Thus one
 * ring serves both ends, a capture that is running and the last seconds before one was asked for. A
 * reader that was too slow learns how much it missed from the positions, which only ever grow.
 *
 * A ring is made of chunks, and a record never crosses from one into the next, so that the start of
 * each chunk is the start of a record. `head` is published behind the record, by an exchange, which
 * is a full barrier: no store of a later record is seen before the head that stands in front of it.
 * Beyond the head at most one chunk is being written.
 */
#include "chain.h"
#include "sketch.h"

#define CAPTURES 4 /* at a time; the first is the one of the last seconds */
#define CAPTURE_LAST_SECONDS 0
#define CAPTURE_CHUNK_SHIFT 17
#define CAPTURE_CHUNK (1 << CAPTURE_CHUNK_SHIFT)
#define CAPTURE_CHUNKS 64 /* of all CPUs; more where there are more than 32 */
#define CAPTURE_PORTS 4
#define CAPTURE_SMALL 2048
#define CAPTURE_LARGE 65535 /* the most that the kernel copies at once */

#define CAPTURE_PASSED 1
#define CAPTURE_DROPPED 2
#define CAPTURE_WOULD_DROP 4
#define CAPTURE_OUT 1 /* in capture_record.flags */

/* Which packets one capture wants. 0 matches everything, but for verdicts and directions. */
struct capture_filter {
	__u32 peer[4]; /* who is at the other end, in the form of packet.source, masked */
	__u32 mask[4];
	__u32 reasons; /* bit n: reason n */
	__u32 ifindex;
	__u32 snap;	/* bytes to copy of each packet */
	__u32 sample;	/* packets whose random number is above are left out; 0: none are */
	__u16 ports[CAPTURE_PORTS]; /* at either end, any of them */
	__u16 peer_port;
	__u16 rule; /* the number that packet.rule has, plus one */
	__u8 protocol;
	__u8 verdicts;	 /* CAPTURE_PASSED, ... or-ed */
	__u8 directions; /* 1: in, 2: out */
	__u8 pad;
};

/* Java writes, the programs read. */
struct capture_settings {
	__u32 chunks; /* of each CPU, a power of two */
	__u32 budget; /* records of the last seconds in one jiffy of one CPU */
	struct capture_filter filters[CAPTURES];
};

/* Of one CPU; the programs write, Java reads. */
struct capture_cpu {
	__u64 head; /* bytes ever written */
	__u64 tick; /* the jiffy that `spent` is about */
	__u32 spent;
	__u32 busy;
	__u64 skipped; /* packets that were over the budget */
	__u64 taken[CAPTURES];
	__u64 pad[8]; /* two CPUs never share a line of cache, nor its neighbour */
};

/* What stands before each packet. */
struct capture_record {
	__u32 length; /* of header, packet and padding to 8; 0: go on at the next chunk */
	__u32 captured;
	__u64 nanos; /* CLOCK_MONOTONIC */
	__u32 wire; /* length of the whole packet */
	__u32 ifindex;
	__u32 segments;
	__u16 rule;
	__u8 reason;
	__u8 captures; /* bit n: filter n */
	__u16 vlan_tci; /* of a tag that was taken out of the packet */
	__be16 vlan_type; /* 0: there was none */
	__u8 verdict; /* one of CAPTURE_PASSED, ... */
	__u8 flags;
	__u16 pad;
};

/* Named as the ring's value, so that Java finds the layout of a record. */
struct capture_chunk {
	struct capture_record first;
	__u8 more[CAPTURE_CHUNK - sizeof(struct capture_record)];
};

_Static_assert(sizeof(struct capture_filter) == 64, "capture/CaptureMemory.java");
_Static_assert(sizeof(struct capture_settings) == 264, "capture/CaptureMemory.java");
_Static_assert(sizeof(struct capture_cpu) == 128, "capture/CaptureMemory.java");
_Static_assert(sizeof(struct capture_record) == 40, "capture/CaptureMemory.java");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct capture_settings);
} capture_settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct capture_cpu);
} capture_cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CAPTURE_CHUNKS);
	__type(key, __u32);
	__type(value, struct capture_chunk);
} capture_ring SEC(".maps");

static __always_inline bool capture_wants(struct capture_filter *f, struct packet *p, __u32 verdict,
					  __u32 out)
{
	__u64 *mask = (__u64 *)f->mask, *peer = (__u64 *)f->peer;
	__u64 *end = (__u64 *)(out ? p->destination : p->source);
	__u16 peer_port = out ? p->destination_port : p->source_port;
	__u16 own_port = out ? p->source_port : p->destination_port;

	if (!(f->verdicts & verdict) || !(f->directions >> out & 1))
		return false;
	if ((end[0] & mask[0]) != peer[0] || (end[1] & mask[1]) != peer[1])
		return false;
	if (f->ports[0]) {
		bool found = false;

#pragma unroll
		for (int i = 0; i < CAPTURE_PORTS; i++)
			if (f->ports[i] && (f->ports[i] == own_port || f->ports[i] == peer_port))
				found = true;
		if (!found)
			return false;
	}
	if (f->peer_port && f->peer_port != peer_port)
		return false;
	if (f->protocol && f->protocol != p->protocol)
		return false;
	if (f->reasons && !(f->reasons >> (p->reason & 31) & 1))
		return false;
	if (f->rule && f->rule != (__u16)(p->rule + 1))
		return false;
	if (f->ifindex && f->ifindex != p->ifindex)
		return false;
	return !f->sample || bpf_get_prandom_u32() <= f->sample;
}

static __always_inline bool capture_affordable(struct capture_cpu *cpu, __u32 budget)
{
	__u64 now = bpf_jiffies64();

	if (cpu->tick != now) {
		cpu->tick = now;
		cpu->spent = 0;
	}
	if (cpu->spent >= budget) {
		cpu->skipped++;
		return false;
	}
	if (++cpu->spent == budget) { /* refuse.h asks */
		struct sketch *s = own_sketch();

		if (s)
			s->spent_tick = now;
	}
	return true;
}

/* The captures that want this packet, and in *snap how much of it. */
static __always_inline __u32 capture_asked(struct capture_settings *s, struct capture_cpu *cpu,
					   struct packet *p, __u32 running, __u32 verdict,
					   __u32 out, __u32 *snap)
{
	__u32 wanted = 0, most = 0;

#pragma unroll
	for (int i = 0; i < CAPTURES; i++) {
		struct capture_filter *f = &s->filters[i];

		if (!(running >> i & 1))
			continue;
		if (i == CAPTURE_LAST_SECONDS && !capture_affordable(cpu, s->budget))
			continue;
		if (!capture_wants(f, p, verdict, out))
			continue;
		cpu->taken[i]++;
		wanted |= 1 << i;
		if (f->snap > most)
			most = f->snap;
	}
	*snap = most;
	return wanted;
}

static __always_inline void capture_publish(struct capture_cpu *cpu, __u64 head)
{
	__sync_lock_test_and_set(&cpu->head, head);
}

/* Room for a record of at most `most` bytes, which then stands at cpu->head. */
static __always_inline struct capture_record *capture_room(struct capture_settings *s,
							   struct capture_cpu *cpu, __u32 number,
							   const __u32 most)
{
	__u32 mask = s->chunks - 1, base = number * s->chunks;
	__u64 head = cpu->head;
	__u64 offset = head & (CAPTURE_CHUNK - 8);
	__u32 key = base + ((head >> CAPTURE_CHUNK_SHIFT) & mask);
	void *chunk = bpf_map_lookup_elem(&capture_ring, &key);

	if (!chunk)
		return NULL;
	/* Or clang compares a copy, and the verifier does not learn of it. */
	asm volatile("" : "+r"(offset));
	if (offset <= CAPTURE_CHUNK - sizeof(struct capture_record) - most)
		return chunk + offset;
	if (offset <= CAPTURE_CHUNK - 8)
		*(__u32 *)(chunk + offset) = 0;
	head = (head | (CAPTURE_CHUNK - 1)) + 1;
	capture_publish(cpu, head);
	key = base + ((head >> CAPTURE_CHUNK_SHIFT) & mask);
	return bpf_map_lookup_elem(&capture_ring, &key);
}

/* All but the packet's bytes and the length of the record. */
static __always_inline void capture_describe(struct capture_record *r, struct packet *p,
					     __u32 verdict, __u32 out, __u32 wanted)
{
	r->nanos = bpf_ktime_get_ns();
	r->wire = p->length;
	r->ifindex = p->ifindex;
	r->segments = p->segments;
	r->rule = p->rule;
	r->reason = p->reason;
	r->captures = wanted;
	r->vlan_tci = 0;
	r->vlan_type = 0;
	r->verdict = verdict;
	r->flags = out ? CAPTURE_OUT : 0;
	r->pad = 0;
}

/* The two ways to copy a packet's first bytes; the rest of what is done is the same. */
#define CAPTURE_COPY(context, load, most)                                                     \
	({                                                                                    \
		struct capture_record *room = capture_room(s, cpu, number, most);             \
		if (room) {                                                                   \
			capture_describe(room, p, verdict, out, wanted);                      \
			asm volatile("" : "+r"(snap));                                        \
			if (snap > most)                                                      \
				snap = most;                                                  \
			if (snap && load(context, 0, room + 1, snap))                         \
				snap = 0;                                                     \
			room->captured = snap;                                                \
			room->length = sizeof(*room) + ((snap + 7) & ~7U);                    \
		}                                                                             \
		room;                                                                         \
	})

#define CAPTURE(context, load)                                                                \
	__u32 zero = 0, number = bpf_get_smp_processor_id(), snap = 0, wanted;                \
	struct capture_settings *s = bpf_map_lookup_elem(&capture_settings, &zero);           \
	struct capture_cpu *cpu = bpf_map_lookup_elem(&capture_cpus, &number);                \
	__u32 verdict = !p || p->reason == REASON_PASSED ? CAPTURE_PASSED                     \
			: p->dropped		       ? CAPTURE_DROPPED                      \
						       : CAPTURE_WOULD_DROP;                  \
	struct capture_record *r = NULL;                                                      \
                                                                                              \
	if (!p || !s || !cpu)                                                                 \
		return 0;                                                                     \
	wanted = capture_asked(s, cpu, p, running, verdict, out, &snap);                      \
	/* Where a program can interrupt another one, the inner packet is only counted. */    \
	if (!wanted || cpu->busy)                                                             \
		return 0;                                                                     \
	cpu->busy = 1;                                                                        \
	if (snap > p->length)                                                                 \
		snap = p->length;                                                             \
	if (snap <= CAPTURE_SMALL)                                                            \
		r = CAPTURE_COPY(context, load, CAPTURE_SMALL);                               \
	else                                                                                  \
		r = CAPTURE_COPY(context, load, CAPTURE_LARGE);

#define CAPTURE_DONE                                                                          \
	if (r)                                                                                \
		capture_publish(cpu, cpu->head + r->length);                                  \
	cpu->busy = 0;                                                                        \
	return 0;

/* Global, so that the verifier takes them by themselves; who does not capture loses nothing. */
__noinline int capture_xdp(struct xdp_md *context, struct packet *p, __u32 running)
{
	const __u32 out = 0;

	CAPTURE(context, bpf_xdp_load_bytes)
	CAPTURE_DONE
}

__noinline int capture_skb(struct __sk_buff *context, struct packet *p, __u32 running)
{
	const __u32 out = running >> CAPTURES & 1;

	CAPTURE(context, bpf_skb_load_bytes)
	if (r && context->vlan_present) {
		r->vlan_tci = context->vlan_tci;
		r->vlan_type = context->vlan_proto;
	}
	CAPTURE_DONE
}

/* 0 only for benchmarks: then the verifier removes all of it. */
const volatile __u32 capturing = 1;

static __always_inline __u32 capture_running(void)
{
	return shield_control.capture;
}

/*
 * For the entry points, behind the verdict: one test where nothing captures. A packet on its way to
 * a stage has no verdict yet.
 */
#define CAPTURE_WITH(call, context, p, step)                                                  \
	do {                                                                                  \
		__u32 running = capturing ? (p)->captures : 0;                                \
		if (running && (step) >= SLOT_SERVICE && (step) != SLOT_COOKIE)               \
			call(context, p, running);                                            \
	} while (0)
#define CAPTURE_XDP(context, p, step) CAPTURE_WITH(capture_xdp, context, p, step)
#define CAPTURE_TCX(context, p, step) CAPTURE_WITH(capture_skb, context, p, step)

/* What goes out: attached only while somebody captures it. Nothing is refused here. */
SEC("tc")
int capture_out(struct __sk_buff *skb)
{
	struct packet p = {};
	__u32 running = capture_running();

	if (!running)
		return TCX_NEXT;
	p.length = skb->len;
	p.segments = skb->gso_segs ? skb->gso_segs : 1;
	p.ifindex = skb->ifindex;
	p.vlan = skb->vlan_present ? skb->vlan_tci & 0xfff : 0;
	p.rule = RULE_NONE;
	parse(&p, (void *)(long)skb->data, (void *)(long)skb->data_end, NULL);
	capture_skb(skb, &p, running | 1 << CAPTURES);
	return TCX_NEXT;
}
