/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/* Who sends and what flows, counted by packet; meter.h says what always holds. */
#include "control.h"

#define WIRES 256 /* as many as interfaces have counters */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FLOWS);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SOURCES);
	__type(key, __u32);
	__type(value, struct source);
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, struct meter_totals);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WIRES);
	__type(key, __u32);
	__type(value, struct wire);
} wires SEC(".maps");

static __always_inline struct wire *wire_of(struct packet *p)
{
	__u32 slot = p->ifindex & (WIRES - 1);

	return bpf_map_lookup_elem(&wires, &slot);
}

/* @param source address_hash() of the packet */
static __always_inline void meter_source(struct packet *p, struct control *c, __u64 source,
					 __u64 bytes, bool dropped, __u32 now)
{
	__u32 slot = source & (source_slots - 1);
	struct source *s = bpf_map_lookup_elem(&sources, &slot);

	if (!s)
		return;
	if (*(__u64 *)&s->address[2] != *(__u64 *)&p->source[2] ||
	    *(__u64 *)&s->address[0] != *(__u64 *)&p->source[0] || !s->packets) {
		__u32 one = 1;
		struct meter_totals *t = bpf_map_lookup_elem(&totals, &one);

		if (!t)
			return;
		if (s->packets >= PROVEN_PACKETS && now - s->last < c->hz * 10) {
			t->unlisted_packets += p->segments;
			t->unlisted_bytes += bytes;
			return;
		}
		t->evicted_packets += s->packets;
		t->evicted_bytes += s->bytes;
		__builtin_memcpy(s->address, p->source, 16);
		s->packets = s->bytes = s->dropped = 0;
		s->family = p->family;
	}
	s->packets += p->segments;
	s->bytes += bytes;
	s->dropped += dropped ? p->segments : 0;
	s->last = now;
}

static __always_inline bool same_flow(struct flow *f, struct packet *p)
{
	__u64 *a = (__u64 *)f->source, *b = (__u64 *)p->source;
	__u64 *d = (__u64 *)f->destination, *e = (__u64 *)p->destination;

	return f->packets && a[1] == b[1] && d[1] == e[1] && f->source_port == p->source_port &&
	       f->destination_port == p->destination_port && a[0] == b[0] && d[0] == e[0] &&
	       f->ifindex == p->ifindex && f->vlan == p->vlan && f->protocol == p->protocol;
}

/*
 * What was refused is no flow: it is in the totals, and cannot take the place of a flow. In a flood
 * it is not listed by source either, but for those that are sampled.
 */
static __always_inline void meter_refused(struct packet *p, __u64 bytes, bool placed)
{
	__u32 in = TOTAL_IN;
	struct meter_totals *t = bpf_map_lookup_elem(&totals, &in);

	if (!t)
		return;
	t->refused_packets += p->segments;
	t->refused_bytes += bytes;
	if (placed) {
		t->placed_packets += p->segments;
		t->placed_bytes += bytes;
	}
}

/* The place goes to another flow, maybe one of the other direction. */
static __always_inline void evict(struct flow *f, struct meter_totals *t, __u32 total)
{
	__u32 of = f->vlan & FLOW_OUT ? TOTAL_OUT : TOTAL_IN;

	if (of != total)
		t = bpf_map_lookup_elem(&totals, &of);
	if (t) {
		t->evicted_packets += f->packets;
		t->evicted_bytes += f->bytes;
	}
}

static __always_inline void meter_flow(struct packet *p, struct control *c, __u64 source,
				       __u64 bytes, __u32 now, __u32 total)
{
	__u64 *to = (__u64 *)p->destination;
	__u64 service = (__u64)p->ifindex << 56 ^ (__u64)p->vlan << 40 ^
			(__u64)p->protocol << 32 ^ (p->source_port << 16 | p->destination_port);
	struct meter_totals *t = bpf_map_lookup_elem(&totals, &total);
	struct flow *f;
	__u32 slot;

	slot = mix(source ^ to[0] ^ to[1] ^ service) & (flow_slots - 1);
	f = bpf_map_lookup_elem(&flows, &slot);
	if (!f || !t)
		return;
	t->packets += p->segments;
	t->bytes += bytes;
	if (!same_flow(f, p)) {
		if (f->packets >= PROVEN_PACKETS && now - f->last < c->hz * 10) {
			t->unlisted_packets += p->segments;
			t->unlisted_bytes += bytes;
			return;
		}
		evict(f, t, total);
		__builtin_memcpy(f->source, p->source, 32);
		f->source_port = p->source_port;
		f->destination_port = p->destination_port;
		f->ifindex = p->ifindex;
		f->vlan = p->vlan;
		f->protocol = p->protocol;
		f->family = p->family;
		f->first = now;
		f->packets = f->bytes = 0;
		f->tcp_flags = 0;
	}
	f->packets += p->segments;
	f->bytes += bytes;
	f->last = now;
	f->tcp_flags |= p->tcp_flags;
}

/* @param sampled whether this packet stands for others in the sketch */
static __always_inline void meter(struct packet *p, struct control *c, __u64 source, __u64 bytes,
				  bool dropped, bool sampled)
{
	__u32 now = bpf_jiffies64();

	if (dropped)
		meter_refused(p, bytes, sampled || !p->family);
	else
		meter_flow(p, c, source, bytes, now, TOTAL_IN);
	if (p->family && (sampled || !dropped))
		meter_source(p, c, source, bytes, dropped, now);
	if (p->segments > 1) {
		struct wire *w = wire_of(p);

		if (w)
			w->in_merged += p->segments - 1;
	}
}

/*
 * Nobody judges what leaves; it is counted like what came.
 *
 * @param above whether it has been listed already, where it left another interface
 */
static __always_inline void meter_sent(struct packet *p, bool above)
{
	struct control *c = &shield_control;
	struct wire *w = wire_of(p);

	if (!w)
		return;
	w->out_packets += p->segments;
	w->out_bytes += bytes_on_wire(p);
	w->out_merged += p->segments - 1;
	if (above)
		return;
	p->vlan |= FLOW_OUT;
	meter_flow(p, c, address_hash(p, c->seed), bytes_on_wire(p), bpf_jiffies64(), TOTAL_OUT);
}
