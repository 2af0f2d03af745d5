/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * The record of one connection: a cache of four ways by cookie, no lock. A record changes hands by
 * a compare-and-swap on its generation; `copy` brings it up to what the socket has counted.
 */
#include "lens_shared.h"
#include "lens_tables.h"

static __always_inline struct lens_record *find(__u64 cookie)
{
	return find_in(&lens_records, cookie);
}

/* Makes the generation odd, so that no reader trusts the record until settle(). */
static __always_inline bool take(struct lens_record *r)
{
	__u32 even = r->generation & ~1U;

	return __sync_val_compare_and_swap(&r->generation, even, even + 1) == even;
}

static __always_inline void settle(struct lens_record *r)
{
	/* An exchange is a full barrier: all stores above are seen before the even number is. */
	__sync_lock_test_and_set(&r->generation, (r->generation | 1) + 1);
}

/*
 * A record for a new connection: of its four ways the first that is free or belonged to a
 * connection now closed. Where all four are open the first is given up, and counted.
 */
static __always_inline struct lens_record *claim(struct lens_control *c, __u64 cookie)
{
	struct lens_record *r;

#pragma unroll
	for (__u32 i = 0; i < LENS_WAYS; i++) {
		r = way(&lens_records, cookie, i);
		if (!r || (r->cookie && !r->closed_ns))
			continue;
		if (take(r))
			return r;
	}
	r = way(&lens_records, cookie, 0);
	if (r && take(r)) {
		__sync_fetch_and_add(&c->overwritten, 1);
		return r;
	}
	__sync_fetch_and_add(&c->untracked, 1);
	return NULL;
}

static __always_inline void wipe(struct lens_record *r, __u64 cookie, __u32 flags)
{
	__u32 generation = r->generation;

	__builtin_memset((char *)r + 16, 0, sizeof(*r) - 16);
	r->cookie = cookie;
	r->generation = generation;
	r->flags = flags;
}

static __always_inline bool after(__u32 a, __u32 b)
{
	return (__s32)(b - a) < 0;
}

static __always_inline void hole(struct lens_record *r, __u64 now)
{
	if (r->flags & LENS_HOLE)
		return;
	r->flags |= LENS_HOLE;
	r->hole_since = now >> 10;
}

static __always_inline void filled(struct lens_record *r, struct tcp_sock *tp, __u64 now)
{
	r->out_of_order_in = tp->rcv_ooopack;
	r->flags &= ~LENS_HOLE;
	r->stalled += (__u32)(now >> 10) - r->hole_since;
}

static __always_inline void windows(struct lens_record *r, struct tcp_sock *tp, __u32 flags)
{
	__u32 was = flags;

	if (tp->snd_wnd)
		flags &= ~LENS_WINDOW_ZERO;
	else
		flags |= LENS_WINDOW_ZERO;
	if (tp->rcv_wnd)
		flags &= ~LENS_FULL;
	else
		flags |= LENS_FULL;
	if (flags & ~was & LENS_WINDOW_ZERO) {
		r->zero_windows++;
		event(r, LENS_PEER_FULL, bpf_ktime_get_ns());
	}
	if (flags & ~was & LENS_FULL) {
		r->own_zero_windows++;
		event(r, LENS_WE_FULL, bpf_ktime_get_ns());
	}
	if (flags != was)
		r->flags = flags;
}

/* What only our own sending changes, and what only a hole does: each in a line of its own. */
static __always_inline void copy_rare(struct lens_record *r, struct tcp_sock *tp, __u32 flags)
{
	__u32 again = tp->total_retrans;

	if (again != r->retransmits) {
		r->retransmits = again;
		event(r, LENS_SENT_AGAIN, bpf_ktime_get_ns());
	}
	if (flags & LENS_HOLE)
		r->out_of_order_in = tp->rcv_ooopack;
}

/*
 * The counters of the socket that nearly every packet changes. A FIN takes a sequence number, which
 * the kernel counts as a byte in both directions; so does our SYN in bytes_acked. Neither is data,
 * so they are taken out.
 *
 * Each line of cache that is read here is one that the gateway has not left there: what cannot have
 * changed is not read, and what decides about it stands in `flags`.
 */
static __always_inline void copy_counters(struct lens_record *r, struct tcp_sock *tp,
					  __u32 arriving, __u32 acked, __u32 flags)
{
	__u64 sent = tp->bytes_sent, once = sent;
	__u64 confirmed = tp->bytes_acked + acked;
	__u64 fin = (tp->inet_conn.icsk_inet.sk.__sk_common.skc_flags >> SOCK_DONE) & 1;
	__u32 smallest = tp->rtt_min.s[0].v;

	r->bytes_in = tp->bytes_received + arriving - fin;
	r->segments_in = tp->segs_in;
	r->bytes_out = sent;
	if (r->retransmits)
		once -= tp->bytes_retrans;
	r->bytes_acked = confirmed < once ? confirmed : once;
	r->segments_out = tp->segs_out;
	r->srtt_us = tp->srtt_us >> 3;
	r->min_rtt_us = smallest == ~0U ? 0 : smallest;
	if (tp->write_seq - tp->snd_una != acked)
		flags |= LENS_UNACKED;
	else
		flags &= ~LENS_UNACKED;
	if (flags != r->flags)
		r->flags = flags;
	if (flags & LENS_ESTABLISHED)
		windows(r, tp, flags);
}

/* All of them. */
static __always_inline void copy(struct lens_record *r, struct tcp_sock *tp)
{
	copy_rare(r, tp, r->flags | LENS_HOLE);
	copy_counters(r, tp, 0, 0, r->flags);
}
