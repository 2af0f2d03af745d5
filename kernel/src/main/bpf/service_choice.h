/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/* Which target a new connection goes to, by the three algorithms; and what is a flood, in which all
 * of them are the first. */
#include "service_flow.h"

/* The moving average rises fast and falls slowly, so that trouble is seen at once. */
static __always_inline __u32 averaged(__u32 average, __u32 sample)
{
	if (!average)
		return sample;
	if (sample > average)
		return average + ((sample - average + 1) >> 1);
	return average - ((average - sample) >> 3);
}

/* An answer came to what was asked then, in microseconds. */
static __always_inline void took(struct service_target *t, __u32 asked)
{
	t->answer_micros = averaged(t->answer_micros, micros() - asked);
	t->answer_at = bpf_jiffies64();
}

/* What a connection would find at a target: connections in flight by weight, times answer time. */
struct load {
	__u64 price; /* with one of a mean weight more, so that what is idle has one too */
	__u64 held;  /* as it is */
	__u64 taken; /* with this connection */
};

static __always_inline void weigh(struct load *l, struct service_target *t, __u32 now,
				  __u32 second)
{
	__u32 age = (now - t->answer_at) >> (second & 31);
	/* Long unheard of, it is worth another try: what it took then says less and less. */
	__u32 answer = age < 20 ? t->answer_micros >> age : 0;
	__u64 open = t->open < 0 ? 0 : t->open, inverse = t->inverse_weight;

	/* Bounds that no multiple of them passes 64 bits. */
	answer = answer < ANSWER_MOST_MICROS ? answer : ANSWER_MOST_MICROS;
	answer += ANSWER_FLOOR_MICROS;
	open = open < OPEN_MOST ? open : OPEN_MOST;
	inverse = inverse < INVERSE_MOST ? inverse : INVERSE_MOST;
	l->held = open * inverse * answer;
	l->taken = l->held + inverse * answer;
	l->price = l->held + (__u64)LOAD_UNIT * answer;
}

/* The candidates are drawn by their weights, and so who is drawn first is right unless another one
 * is better by more than chance: half as dear, or, with this connection, still no dearer than the
 * first without. Of that a third is what answer times differ by from one moment to the next. */
static __always_inline bool better(struct load *one, struct load *than)
{
	return one->price < than->price &&
	       (2 * one->price < than->price || 3 * one->taken <= 4 * than->held);
}

static __always_inline __u8 slot(struct table *table, __u32 random)
{
	return table->target[(__u64)random * TABLE_SLOTS >> 32];
}

/* The best of those that were looked at. */
struct choice {
	struct load load;
	__u32 target;
	__u32 met; /* how many different ones in turn */
};

static __always_inline void consider(struct choice *best, __u32 service, __u32 candidate,
				     __u32 now, __u32 second)
{
	struct service_target *t;
	struct load load;

	if (candidate == best->target || candidate >= TARGETS)
		return;
	t = target_of(service, candidate);
	if (!t || !t->inverse_weight)
		return;
	best->met++;
	weigh(&load, t, now, second);
	if (best->target == NO_TARGET || better(&load, &best->load)) {
		best->load = load;
		best->target = candidate;
	}
}

/*
 * Where one target has most of the weight all draws may meet it alone, also when it has become slow.
 * Then others are drawn without their weights: only to be compared, by the same rule.
 */
static __always_inline __u32 least_loaded(struct service *s, struct table *table, __u32 service,
					  __u32 second)
{
	__u64 random = mix(bpf_get_prandom_u32());
	struct choice best = {.target = NO_TARGET};
	__u32 now = bpf_jiffies64();

#pragma unroll
	for (int i = 0; i < CANDIDATES; i++) {
		consider(&best, service, slot(table, random), now, second);
		random = mix(random + i);
	}
#pragma unroll
	for (int i = 0; i < CANDIDATES; i++) {
		if (best.met < 2)
			consider(&best, service, (__u64)(__u32)random * s->targets >> 32, now,
				 second);
		random = mix(random + i);
	}
	return best.target;
}

/* More new connections at once than records could be kept of until their clients answer. */
static __always_inline bool flooded(struct service_control *c)
{
	__u32 zero = 0, now = bpf_jiffies64();
	struct flood *f = bpf_map_lookup_elem(&service_flood, &zero);

	if (!f)
		return false;
	if (now - f->since > c->hz / 16) {
		f->since = now;
		f->syns = f->syns > c->syns_max ? c->syns_max / 2 : 0;
	}
	f->syns++;
	return f->syns > c->syns_max;
}

static __always_inline __u32 pick(struct service *s, __u32 service, __u64 hash, bool free,
				  __u32 second)
{
	struct table *table;
	void *inner;
	__u32 zero = 0;

	inner = bpf_map_lookup_elem(&tables, &service);
	table = inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
	if (!table)
		return NO_TARGET;
	if (!free || s->algorithm == MAGLEV)
		return slot(table, hash);
	if (s->algorithm == WEIGHTED)
		return slot(table, bpf_get_prandom_u32());
	return least_loaded(s, table, service, second);
}
