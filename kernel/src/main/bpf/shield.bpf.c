// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * shield and meter: every incoming packet is judged, counted, and listed by source and flow.
 *
 * One classifier, two entry points: XDP (native or generic) and tcx. parse.h reads the headers,
 * classify.h gives the verdict, limit.h the rates, account.h lists sources and flows; here are the
 * order of these and the counters. What is neither IPv4 nor IPv6 (ARP, ...) always passes.
 *
 * Nothing here allocates: a flood of invented sources finds arrays of fixed size.
 */
#include "control.h"
#include "classify.h"
#include "account.h"
#include "chain.h"
#include "carried.h"
#include "spare.h"
#include "handshake.h"
#include "capture.h"
#include "linear.h"
#include "refuse.h"
#include "tell.h"

/* The verdict stands: counted once, here. */
static __always_inline int settle_now(struct packet *p, struct control *c, struct rule_set *set,
				  enum reason reason)
{
	__u64 bytes = bytes_on_wire(p), source;
	__u32 verdict = REASON_PASSED;
	bool dropped = false;

	p->reason = reason;
	if (reason != REASON_PASSED) {
		dropped = set && !set->dry_run;
		p->dropped = dropped;
		verdict = reason + (dropped ? 0 : WOULD);
	}
	count(p, verdict, p->segments, bytes);
	if (dropped)
		tell(p, c, reason);
	if (metering) {
		source = address_hash(p, c->seed);
		meter(p, c, source, bytes, dropped, p->family && sketch(p, c, source, dropped));
	}
	return dropped ? STEP_DROP : chain_end(p, c);
}

static __always_inline int settle(struct packet *p, struct control *c, struct rule_set *set,
				  enum reason reason)
{
	if (wants_handshake(p, c, set, reason)) {
		p->reason = reason;
		return keep_for(p, SLOT_COOKIE);
	}
	return settle_now(p, c, set, reason);
}

/* @param stage what a stage before has said: REASON_PASSED or REASON_STAGE */
static __always_inline int decide(struct packet *p, struct control *c, struct rule_set *set,
				  bool sound, enum reason stage)
{
	enum reason reason = REASON_PASSED;

	if (set) {
		if (!sound)
			reason = REASON_MALFORMED;
		else if (p->family)
			reason = spare(p, c, judge(p, set, c, c->active & 1) & (REASONS - 1));
		p->reason = reason;
		count_hit(p, c->active & 1);
		if (reason == REASON_PASSED)
			reason = stage;
		if (c->chain & CHAIN_AFTER && reason == REASON_PASSED &&
		    meets_stages(p, c->active & 1)) {
			return to_stage(p, c->chain & CHAIN_AFTER);
		}
	}
	return settle(p, c, set, reason);
}

/* @param sound whether the packet's headers agree with each other and its length */
static __always_inline int handle(struct packet *p, bool sound)
{
	struct control *c = &shield_control;
	struct rule_set *set;

	p->captures = c->capture;
	if (random_sources && (random_sources < 3 || p->hops == 1))
		p->source[3] = random_sources == 1 ? bpf_get_prandom_u32() & 0xffff
						   : bpf_get_prandom_u32();
	set = in_force(c);
	if (c->chain & CHAIN_BEFORE && set && sound && meets_stages(p, c->active & 1)) {
		return to_stage(p, c->chain & CHAIN_BEFORE);
	}
	return decide(p, c, set, sound, REASON_PASSED);
}

/* A stage has handed back. The packet was read anew: the stage may have changed it. */
static __always_inline int resume(struct packet *p, bool sound)
{
	__u32 zero = 0, slot, later;
	struct control *c = &shield_control;
	struct kept *k = bpf_map_lookup_elem(&kept, &zero);
	bool dropped;
	struct rule_set *set;

	if (!k)
		return STEP_PASS;
	p->captures = c->capture;
	slot = k->slot & (SLOTS - 1);
	count(&k->packet, REASON_STAGE, -(__u64)k->packet.segments, -bytes_on_wire(&k->packet));
	dropped = answered(slot, k->packet.segments) & OSTIARY_DROP;
	set = in_force(c);
	later = slot < SLOT_CLASSIFIER ? CHAIN_BEFORE : CHAIN_AFTER;
	later &= c->chain & ~((2U << slot) - 1);
	if (later && set && sound && !dropped) {
		return to_stage(p, later);
	}
	if (slot < SLOT_CLASSIFIER)
		return decide(p, c, set, sound, dropped ? REASON_STAGE : REASON_PASSED);
	return settle(p, c, set, dropped ? REASON_STAGE : REASON_PASSED);
}

/*
 * To ask for the length of all buffers costs as much as to read all headers. Where the first one is
 * short and holds the whole IP packet there is no other.
 */
static __always_inline bool read_xdp(struct packet *p, struct xdp_md *ctx)
{
	bool sound;

	p->length = ctx->data_end - ctx->data;
	if (p->length >= FIRST_BUFFER_MIN)
		p->length = bpf_xdp_get_buff_len(ctx);
	p->segments = 1;
	p->ifindex = ctx->ingress_ifindex;
	p->rule = RULE_NONE;
	sound = parse(p, (void *)(long)ctx->data, (void *)(long)ctx->data_end, ctx);
	if (!sound || !p->family)
		p->length = bpf_xdp_get_buff_len(ctx);
	return sound;
}

SEC("xdp.frags")
int shield_xdp(struct xdp_md *ctx)
{
	if (!random_sources && refused_at_once(ctx))
		return XDP_DROP;

	/* Not before: to empty it costs as much as a tenth of the short way. */
	struct packet p = {};
	bool sound = read_xdp(&p, ctx);
	int step = left_above(p.ifindex, (void *)(long)ctx->data, (void *)(long)ctx->data_end)
			   ? let_by(&p)
			   : handle(&p, sound);

	CAPTURE_XDP(ctx, &p, step);
	return leave_xdp(ctx, step);
}

SEC("xdp.frags")
int classifier_xdp(struct xdp_md *ctx)
{
	struct packet p = {};

	mark_xdp(ctx);
	int step = resume(&p, read_xdp(&p, ctx));

	CAPTURE_XDP(ctx, &p, step);
	return leave_xdp(ctx, step);
}

static __always_inline bool read_tcx(struct packet *p, struct __sk_buff *skb)
{
	make_linear(skb, HEADERS_MAX);
	p->length = skb->len;
	p->segments = skb->gso_segs ? skb->gso_segs : 1;
	p->ifindex = skb->ifindex;
	p->rule = RULE_NONE;
	p->vlan = skb->vlan_present ? skb->vlan_tci & 0xfff : 0;
	return parse(p, (void *)(long)skb->data, (void *)(long)skb->data_end, NULL);
}

SEC("tc")
int shield_tcx(struct __sk_buff *skb)
{
	struct packet p = {};
	bool sound = read_tcx(&p, skb);
	int step = left_above(p.ifindex, (void *)(long)skb->data, (void *)(long)skb->data_end)
			   ? let_by(&p)
			   : handle(&p, sound);

	CAPTURE_TCX(skb, &p, step);
	return leave_tcx(skb, step);
}

SEC("tc")
int classifier_tcx(struct __sk_buff *skb)
{
	struct packet p = {};
	__u32 mark;

	if (marked(&mark))
		skb->mark = mark;
	int step = resume(&p, read_tcx(&p, skb));

	CAPTURE_TCX(skb, &p, step);
	return leave_tcx(skb, step);
}

/* What leaves an interface. Its headers are linear, since the stack has just written them. */
SEC("tc")
int meter_out(struct __sk_buff *skb)
{
	struct packet p = {};

	p.length = skb->len;
	p.segments = skb->gso_segs ? skb->gso_segs : 1;
	p.ifindex = skb->ifindex;
	p.vlan = skb->vlan_present ? skb->vlan_tci & 0xfff : 0;
	parse(&p, (void *)(long)skb->data, (void *)(long)skb->data_end, NULL);
	meter_sent(&p,
		   counted_above(p.ifindex, (void *)(long)skb->data, (void *)(long)skb->data_end));
	return TCX_NEXT;
}

/* Beside XDP: gives a packet the mark that a stage gave it there. */
SEC("tc")
int mark_tcx(struct __sk_buff *skb)
{
	struct ostiary_meta *meta = (void *)(long)skb->data_meta;

	if ((void *)(meta + 1) <= (void *)(long)skb->data && meta->magic == OSTIARY_META)
		skb->mark = meta->mark;
	return TCX_NEXT;
}

/* What wants_handshake() sends here has been judged, and is counted here. */
SEC("xdp.frags")
int handshake_xdp(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 cookie = 0;
	struct kept *k = bpf_map_lookup_elem(&kept, &zero);
	struct control *c = &shield_control;
	struct packet *p;
	struct rule_set *set;
	int step;

	if (!k)
		return XDP_PASS;
	p = &k->packet;
	set = in_force(c);
	step = settle_now(p, c, set, HANDSHAKE(ctx, bpf_xdp_load_bytes, p, c, set, cookie));
	CAPTURE_XDP(ctx, p, step);
	if (!cookie || !p->dropped)
		return leave_xdp(ctx, step);
	if (bpf_xdp_adjust_tail(ctx, (int)(p->transport + SYN_ACK_HEADER - p->length)))
		return XDP_DROP;
	zero = ANSWER_MSS(ctx, p, cookie);
	return write_answer(p, (void *)(long)ctx->data, (void *)(long)ctx->data_end, cookie, zero)
		       ? XDP_TX
		       : XDP_DROP;
}

SEC("tc")
int handshake_tcx(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u64 cookie = 0;
	struct kept *k = bpf_map_lookup_elem(&kept, &zero);
	struct control *c = &shield_control;
	struct packet *p;
	struct rule_set *set;
	int step;

	if (!k)
		return TCX_NEXT;
	p = &k->packet;
	set = in_force(c);
	step = settle_now(p, c, set, HANDSHAKE(skb, bpf_skb_load_bytes, p, c, set, cookie));
	CAPTURE_TCX(skb, p, step);
	if (!cookie || !p->dropped)
		return leave_tcx(skb, step);
	if (bpf_skb_change_tail(skb, p->transport + SYN_ACK_HEADER, 0))
		return TCX_DROP;
	zero = ANSWER_MSS(skb, p, cookie);
	if (!write_answer(p, (void *)(long)skb->data, (void *)(long)skb->data_end, cookie, zero))
		return TCX_DROP;
	return bpf_redirect(skb->ifindex, 0);
}

/* Run by Java twice a second: as long as it is, the rules count. */
SEC("xdp")
int beat(struct xdp_md *ctx)
{
	struct control *c = &shield_control;

	c->jiffies = bpf_jiffies64();
	c->nanos = bpf_ktime_get_ns();
	c->deadline = c->jiffies + c->beat_ticks;
	return XDP_PASS;
}

/* What a test run costs with no work at all; printed beside every figure. */
SEC("xdp")
int empty(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* The same at tcx, whose harness is another one. */
SEC("tc")
int empty_tcx(struct __sk_buff *skb)
{
	return TCX_NEXT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
