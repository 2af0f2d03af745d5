/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * The last word before a packet is dropped, and what holds while Java is silent. Both are rare: the
 * common path pays for a test of a word that is loaded anyway.
 */
#include "chain.h"

/* Global, so that the verifier takes it by itself. */
__noinline int last_word(struct packet *p, __u32 reason)
{
	struct control *c = &shield_control;

	if (!p)
		return REASON_PASSED;
	if (reason != REASON_PASSED)
		return of_operator(p) ? REASON_PASSED : reason & (REASONS - 1);
	if (bpf_jiffies64() < c->deadline || p->ifindex == LOOPBACK || of_operator(p))
		return REASON_PASSED;
	return meets_stages(p, c->active & 1) ? REASON_SILENCE : REASON_PASSED;
}

static __always_inline enum reason spare(struct packet *p, struct control *c, enum reason reason)
{
	if (reason == REASON_PASSED ? c->on_silence != SILENCE_CLOSED
				    : p->protocol != IPPROTO_TCP)
		return reason; /* operators have TCP alone */
	return last_word(p, reason) & (REASONS - 1);
}

/* The rule set in force, or NULL: Java is silent, and everything passes. */
static __always_inline struct rule_set *in_force(struct control *c)
{
	__u32 active = c->active & 1;

	if (bpf_jiffies64() >= c->deadline && c->on_silence == SILENCE_OPEN)
		return NULL;
	return rule_set(active);
}
