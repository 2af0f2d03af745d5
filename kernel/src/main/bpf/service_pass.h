/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * The verdict on a packet, in each direction. A client's packet to a service: to the target of its
 * record, else to the one the table says. A target's packet: it gets the service's address back
 * where its record, or a question that waits, says that this target was asked.
 */
#include "service_choice.h"

/* Whether a record could be made, that is, not all are of proven flows. */
static __always_inline bool has_room(struct service_set *set)
{
#pragma unroll
	for (int i = 0; i < FLOW_WAYS; i++)
		if (set->way[i].state < FLOW_PROVEN)
			return true;
	return false;
}

static __always_inline __u32 stamp(__u64 hash)
{
	return (hash >> 16 & 0xffff0000) | (bpf_jiffies64() >> 6 & 0xffff);
}

static __always_inline struct service_pending *pending_of(struct service_set *set, __u64 hash)
{
	return &set->pending[hash >> 62];
}

/* Within about 64 x 64 jiffies, 4 to 40 seconds. */
static __always_inline bool recent(__u32 seen, __u64 hash)
{
	__u32 mine = stamp(hash);

	return seen >> 16 == mine >> 16 && ((mine - seen) & 0xffff) < 64 && seen;
}

static __always_inline void heard_client(struct packet *p, struct service_flow *f, __u32 service)
{
	__u32 now = bpf_jiffies64(), state = f->state;

	if (f->last != now)
		f->last = now;
	if (state == FLOW_UNPROVEN && p->flags & ACK &&
	    bpf_ntohl(p->acknowledgement) - bpf_ntohl(f->word) == 1) {
		struct service_target *t = target_of(f->service, f->target);

		f->word = 0;
		if (step(f, FLOW_UNPROVEN, FLOW_PROVEN) && t) {
			__sync_fetch_and_add(&t->open, 1);
			__sync_fetch_and_add(&t->connections, 1);
			event(service, EVENT_PROVEN);
		}
	}
	if (p->flags & (FIN | RST))
		end(f, p->flags, FLOW_CLIENT_ENDED, FLOW_TARGET_ENDED);
	else if (p->payload && !f->word && f->state >= FLOW_DATAGRAMS)
		f->word = micros() | 1;
}

static __always_inline void ask(struct packet *p, struct service_set *set, __u64 hash,
				__u32 service, struct service_target *t, bool first)
{
	struct service_pending *slot = pending_of(set, hash);

	if (first)
		slot->asked = stamp(hash);
	else
		slot->stateless = stamp(hash);
	if (!first) {
		event(service, EVENT_STATELESS);
		return;
	}
	__sync_fetch_and_add(&t->syns, 1);
	/* Of one SYN at a time the answer is timed. */
	if (p->protocol == IPPROTO_TCP && !(t->syns & 15)) {
		t->probe_hash = hash | 1;
		t->probe_micros = micros();
	}
}

static __always_inline enum outcome to_target(struct packet *p, __u32 service)
{
	struct service_control *c = control();
	struct service *s = bpf_map_lookup_elem(&services, &service);
	__u64 hash = flow_hash(p->source, p->source_port, service);
	bool syn = p->protocol == IPPROTO_TCP && (p->flags & (SYN | ACK | RST | FIN)) == SYN;
	struct service_target *t;
	struct service_flow *f;
	struct service_set *set;
	__u32 target;

	set = c ? set_of(hash, c->seed) : NULL;
	if (!s || !set)
		return UNTOUCHED;
	f = find(set, p->source, p->source_port, service);
	if (f && !(syn && f->state == FLOW_CLOSED)) {
		target = f->target;
		heard_client(p, f, service);
		t = target_of(service, target);
	} else {
		bool first = syn || p->protocol == IPPROTO_UDP, free = syn && has_room(set);

		if (free && flooded(c)) {
			free = false;
			event(service, EVENT_FLOOD);
		}
		target = pick(s, service, hash, free, c->second);
		t = target_of(service, target);
		if (target >= TARGETS || !t) {
			event(service, EVENT_NO_TARGET);
			return DROPPED;
		}
		ask(p, set, hash, service, t, first);
	}
	if (!t)
		return UNTOUCHED;
	__builtin_memcpy(p->address, t->address, 16);
	p->port = bpf_htons(t->port);
	return REWRITTEN;
}

/* Takes a way that no proven flow has: free, closed, or the unproven one that waits longest. */
static __always_inline bool record(struct packet *p, struct service_set *set, __u32 service,
				   __u32 target)
{
	__u32 now = bpf_jiffies64(), oldest = 0, state = FLOW_BUSY;
	struct service_flow *f = NULL;

#pragma unroll
	for (int i = 0; i < FLOW_WAYS; i++) {
		struct service_flow *way = &set->way[i];
		__u32 age = now - way->last;

		if (way->state >= FLOW_PROVEN)
			continue;
		if (way->state <= FLOW_CLOSED)
			age |= 1U << 31;
		if (way->state == FLOW_FREE)
			age = ~0U;
		if (f && age <= oldest)
			continue;
		oldest = age;
		state = way->state;
		f = way;
	}
	if (!f || !step(f, state, FLOW_BUSY))
		return false;
	__builtin_memcpy(f->client, p->destination, 16);
	f->port = p->destination_port;
	f->service = service;
	f->target = target;
	f->last = now;
	f->word = p->protocol == IPPROTO_TCP ? p->sequence : 0;
	asm volatile("" ::: "memory");
	f->state = p->protocol == IPPROTO_TCP ? FLOW_UNPROVEN : FLOW_DATAGRAMS;
	return true;
}

static __always_inline void time_answer(struct service_target *t, struct service_flow *f)
{
	__u32 asked = f->word;

	if (!asked || f->state < FLOW_DATAGRAMS)
		return;
	f->word = 0;
	took(t, asked);
}

static __always_inline void time_handshake(struct service_target *t, __u64 hash)
{
	if (t->probe_hash != (__u32)(hash | 1))
		return;
	t->probe_hash = 0;
	t->rtt_micros = averaged(t->rtt_micros, micros() - t->probe_micros);
}

/* The first answer to a SYN, or a datagram of no known flow: whether it is of this service. */
static __always_inline enum outcome first_answer(struct packet *p, struct service_set *set,
						 __u64 hash, struct service_place *at)
{
	struct service_pending *slot = pending_of(set, hash);

	if (recent(slot->asked, hash) &&
	    (p->protocol == IPPROTO_UDP || (p->flags & (SYN | ACK | RST)) == (SYN | ACK))) {
		if (!record(p, set, at->service, at->target)) {
			/* Once for each, however often it is answered. */
			if (!recent(slot->stateless, hash))
				event(at->service, EVENT_NO_ROOM);
			slot->stateless = slot->asked;
		}
		return REWRITTEN;
	}
	/* Refused: nothing to remember. */
	if (recent(slot->asked, hash) && p->flags & RST)
		return REWRITTEN;
	return recent(slot->stateless, hash) ? REWRITTEN : UNTOUCHED;
}

static __always_inline enum outcome to_client(struct packet *p, struct service_place *at)
{
	__u32 service = at->service;
	struct service_control *c = control();
	struct service *s = bpf_map_lookup_elem(&services, &service);
	__u64 hash = flow_hash(p->destination, p->destination_port, service);
	struct service_target *t = target_of(service, at->target);
	struct service_set *set = c ? set_of(hash, c->seed) : NULL;
	enum outcome outcome = REWRITTEN;
	struct service_flow *f;
	bool syn_ack;

	if (!s || !set || !t)
		return UNTOUCHED;
	syn_ack = p->protocol == IPPROTO_TCP && (p->flags & (SYN | ACK | RST)) == (SYN | ACK);
	f = find(set, p->destination, p->destination_port, service);
	if (syn_ack)
		time_handshake(t, hash);
	if (f && syn_ack && f->state == FLOW_CLOSED) {
		/* The client's port is used again. */
		if (!step(f, FLOW_CLOSED, FLOW_BUSY))
			return DROPPED;
		f->target = at->target;
		f->last = bpf_jiffies64();
		f->word = p->sequence;
		asm volatile("" ::: "memory");
		f->state = FLOW_UNPROVEN;
	} else if (f && f->target != at->target) {
		event(service, EVENT_STRAY);
		return DROPPED;
	} else if (f) {
		if (p->flags & (FIN | RST))
			end(f, p->flags, FLOW_TARGET_ENDED, FLOW_CLIENT_ENDED);
		if (p->payload)
			time_answer(t, f);
		/* A server may have chosen anew what it begins with. */
		if (syn_ack && f->state == FLOW_UNPROVEN)
			f->word = p->sequence;
		f->last = bpf_jiffies64();
	} else {
		outcome = first_answer(p, set, hash, at);
	}
	__builtin_memcpy(p->address, s->address, 16);
	p->port = bpf_htons(s->port);
	return outcome;
}
