/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * Who sends how much, and how many there are: a sample of the packets for user space, and registers
 * that count different sources (HyperLogLog), each CPU its own. Nothing is looked up by source, so
 * a million invented ones cost what one costs. A sample is one store into a ring; Java adapts the
 * stride to the rate: each packet while there are few, then a random one of so many.
 */
#include "classify.h"
#include "control.h"

#define REGISTER_BITS 14
#define REGISTERS (1 << REGISTER_BITS)
#define SAMPLES 65536 /* of all CPUs */

#define WAITING_MAX 128
#define WORD_RULES 64 /* as many as one word of a row has */

#define SAMPLE_OPENS 1	 /* a SYN without ACK */
#define SAMPLE_DROPPED 2 /* or answered for */

struct sample {
	__u64 source; /* host order; of IPv6 the upper half */
	__u32 packets; /* that it stands for */
	__u16 port; /* to which it was sent */
	__u8 family;
	__u8 flags;
};

struct sketch {
	__u64 packets; /* of IP, all of them */
	__u64 samples; /* ever taken: the next goes to this, modulo the length of the ring */
	__u32 skip; /* packets before the next sample; those that wait are among them */
	__u32 stride; /* mean distance of samples; Java writes it */
	__u32 set; /* which registers are in use; Java writes it */
	__u32 waiting; /* sources that are not in the registers yet */
	__u32 spent_tick; /* jiffies: in this tick the last seconds have taken what they may */
	__u32 window; /* jiffies: when `window_opens` began to count */
	__u64 left_out; /* packets that refuse.h kept from them because of it */
	__u64 opens; /* SYNs that passed the rules */
	__u32 window_opens;
	__u32 lookup_tick; /* jiffies: when `lookups` began to count */

	__u64 completed; /* handshakes that SYN cookies or full queues let through */
	__u64 answered; /* SYNs, with cookies */
	__u64 invalid; /* cookies */
	__u32 lookups;
	__u32 pad[9]; /* to the end of a line of cache: the first is read with each packet */
	__u8 registers[2][REGISTERS];
	/* What refuse.h refused, by interface and by rule; it is counted nowhere else. */
	struct counter refused_on[INTERFACES];
	struct counter refused_by[2 * WORD_RULES];
	__be32 sources[WAITING_MAX];
};

_Static_assert(sizeof(struct sample) == 16, "flood/SketchMemory.java");
_Static_assert(sizeof(struct sketch) == 128 + 2 * REGISTERS + 16 * (INTERFACES + 2 * WORD_RULES) +
						4 * WAITING_MAX, "flood/SketchMemory.java");

/* Of each CPU: a power of two. Java divides SAMPLES by the number of CPUs. */
const volatile __u32 sample_slots = 1024;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the number of CPUs */
	__type(key, __u32);
	__type(value, struct sketch);
} sketches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024); /* sample_slots for each CPU */
	__type(key, __u32);
	__type(value, struct sample);
} samples SEC(".maps");

static __always_inline struct sketch *own_sketch(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&sketches, &cpu);
}

/* A register keeps the longest run of zeros seen; nearly always one test says that it is longer. */
static __always_inline void count_distinct(struct sketch *s, __u64 source)
{
	__u64 h = mix(source);
	__u32 at = h & (REGISTERS - 1);
	__u8 *longest = &s->registers[s->set & 1][at];
	__u32 known = *longest & 63;

	h >>= REGISTER_BITS;
	if (h & ((1ULL << known) - 1))
		return;
	*longest = h ? lowest_bit(h) + 1 : 64 - REGISTER_BITS + 1;
}

/*
 * Counts the IPv4 sources that refuse.h left waiting: many at once, so that the memory of one is
 * awaited while the next are hashed, and what else is counted of them by one addition. Global,
 * so that the verifier takes it by itself.
 */
__noinline int count_waiting(__u64 seed)
{
	struct sketch *s = own_sketch();
	__u32 waiting;

	if (!s)
		return 0;
	waiting = s->waiting;
	for (__u32 i = 0; i < WAITING_MAX && i < waiting; i++)
		count_distinct(s, hash_of_ipv4(s->sources[i], seed));
	s->skip -= waiting < s->skip ? waiting : s->skip;
	if (shield_control.capture)
		s->left_out += waiting;
	s->waiting = 0;
	return 0;
}

/* @param source address_hash() of the packet; true: it was sampled */
static __always_inline bool sketch(struct packet *p, struct control *c, __u64 source, bool dropped)
{
	__u32 slot = bpf_get_smp_processor_id(), stride;
	struct sketch *s = bpf_map_lookup_elem(&sketches, &slot);
	struct sample *sample;

	if (!s)
		return false;
	s->packets += p->segments;
	count_distinct(s, source);
	if (s->waiting)
		count_waiting(c->seed);
	if (s->skip) {
		s->skip--;
		return false;
	}
	stride = s->stride;
	slot = slot * sample_slots + (s->samples & (sample_slots - 1));
	sample = bpf_map_lookup_elem(&samples, &slot);
	if (!sample)
		return false;
	sample->source = p->family == 4 ? bpf_ntohl(p->source[3])
					: (__u64)bpf_ntohl(p->source[0]) << 32 |
						  bpf_ntohl(p->source[1]);
	sample->packets = p->segments * stride;
	sample->port = p->destination_port;
	sample->family = p->family;
	sample->flags = (opens(p) ? SAMPLE_OPENS : 0) | (dropped ? SAMPLE_DROPPED : 0);
	asm volatile("" ::: "memory");
	s->samples++;
	if (stride > 1)
		s->skip = (__u64)bpf_get_prandom_u32() * (2 * stride - 1) >> 32;
	return true;
}
