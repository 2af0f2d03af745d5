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

#define INTERFACES 256

#define TCX_NEXT -1
#define TCX_DROP 2

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, INTERFACES * COUNTERS);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

static __always_inline bool handle(struct packet *p, void *start, void *end)
{
	__u32 zero = 0, active, index;
	struct control *c = bpf_map_lookup_elem(&shield_control, &zero);
	__u64 now = bpf_jiffies64();
	enum reason reason = REASON_PASSED;
	struct rule_set *set;
	struct counter *counter;
	bool alive, sound, dropped;

	if (!c)
		return true;
	p->rule = RULE_NONE;
	sound = parse(p, start, end);
	if (random_sources)
		p->source[3] = random_sources == 1 ? bpf_get_prandom_u32() & 0xffff
						   : bpf_get_prandom_u32();
	active = c->active & 1;
	alive = now < c->deadline;
	set = alive ? bpf_map_lookup_elem(&rules, &active) : NULL;
	if (set) {
		if (!sound)
			reason = REASON_MALFORMED;
		else if (p->family)
			reason = judge(p, active) & (REASONS - 1);
	}
	dropped = reason != REASON_PASSED && !set->dry_run;
	p->reason = reason;
	p->dropped = dropped;
	index = (p->ifindex & (INTERFACES - 1)) * COUNTERS + reason +
		(reason != REASON_PASSED && !dropped ? WOULD : 0);
	counter = bpf_map_lookup_elem(&counters, &index);
	if (counter) {
		counter->packets += p->segments;
		counter->bytes += bytes_on_wire(p);
	}
	meter(p, dropped);
	return !dropped;
}

SEC("xdp.frags")
int shield_xdp(struct xdp_md *ctx)
{
	struct packet p = {};

	p.length = bpf_xdp_get_buff_len(ctx);
	p.segments = 1;
	p.ifindex = ctx->ingress_ifindex;
	bool pass = handle(&p, (void *)(long)ctx->data, (void *)(long)ctx->data_end);

	return pass ? XDP_PASS : XDP_DROP;
}

/* Enough for Ethernet, two tags, IPv6 with some extensions, and TCP. */
#define HEADERS_MAX 256

SEC("tc")
int shield_tcx(struct __sk_buff *skb)
{
	struct packet p = {};
	__u32 linear = skb->data_end - skb->data;

	if (linear < HEADERS_MAX && linear < skb->len)
		bpf_skb_pull_data(skb, skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX);
	p.length = skb->len;
	p.segments = skb->gso_segs ? skb->gso_segs : 1;
	p.ifindex = skb->ifindex;
	p.vlan = skb->vlan_present ? skb->vlan_tci & 0xfff : 0;
	bool pass = handle(&p, (void *)(long)skb->data, (void *)(long)skb->data_end);

	return pass ? TCX_NEXT : TCX_DROP;
}

/* Run by Java twice a second: as long as it is, the rules count. */
SEC("xdp")
int beat(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct control *c = bpf_map_lookup_elem(&shield_control, &zero);

	if (!c)
		return XDP_ABORTED;
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

char LICENSE[] SEC("license") = "Dual BSD/GPL";
