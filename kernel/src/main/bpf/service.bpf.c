// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * service: a virtual address and port spread over targets.
 *
 *     client ── ingress: destination := target ──▶ routed ──▶ target
 *     client ◀── egress: source := service ◀── routed ◀────── target
 *
 * Only addresses and ports are rewritten; the host's own routing does the rest. Who is chosen:
 *
 *     maglev        table[hash of the flow]: the same choice without any memory
 *     weighted      table[a random number]
 *     least-loaded  of four such random choices the one with the lowest
 *                   (connections in flight + 1) x answer time / weight
 *
 * A SYN makes no record, as its source may be invented. The target's SYN-ACK does, in a set of three
 * where it never overwrites a proven flow, and the client's ACK of the target's sequence number
 * proves it. What finds no record goes by the table alone. When SYNs come in a flood every algorithm
 * is Maglev, so that an honest handshake ends where it began even if its record was overwritten.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "service.h"

#define TCX_NEXT -1
#define TCX_DROP 2
#define FRAGMENT 0x3fff /* more fragments, or an offset */
#define SYN 2
#define ACK 16
#define RST 4
#define FIN 1
#define BPF_F_IPV6_FLAG (1ULL << 7)
#define CANDIDATES 4
#define ANSWER_FLOOR_MICROS 100
#define ANSWER_MOST_MICROS (1 << 24)
#define OPEN_MOST (1 << 20)

/* Only for the benchmark: the packet is put back after each run; 2 draws the source by lot. */
const volatile __u32 benchmark = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SERVICES * (TARGETS + 1));
	__type(key, struct service_address);
	__type(value, struct service_place);
} addresses SEC(".maps");

/* By port: whether it is worth to look into `addresses`. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, __u64); /* a byte for each of eight ports */
} service_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SERVICES);
	__type(key, __u32);
	__type(value, struct service);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SERVICES * TARGETS);
	__type(key, __u32);
	__type(value, struct service_target);
} targets SEC(".maps");

struct table {
	__u8 target[TABLE_BYTES];
};

struct table_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__uint(value_size, sizeof(struct table));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, SERVICES);
	__uint(key_size, sizeof(__u32));
	__array(values, struct table_map);
} tables SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FLOW_SETS);
	__type(key, __u32);
	__type(value, struct service_set);
} service_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SERVICES * EVENTS);
	__type(key, __u32);
	__type(value, __u64);
} service_events SEC(".maps");

struct flood {
	__u32 since;
	__u32 syns;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flood);
} service_flood SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct service_control);
} service_control SEC(".maps");

/* Which target a local client's connection was turned to. */
struct local {
	__u32 target; /* index into `targets`, plus one */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct local);
} local_connections SEC(".maps");

/* A TCP or UDP packet, and what becomes of it. */
struct packet {
	__u32 source[4];
	__u32 destination[4];
	__be16 source_port;
	__be16 destination_port;
	__be32 sequence;
	__be32 acknowledgement;
	__u32 payload;
	__u16 ip;        /* offsets into the frame */
	__u16 transport;
	__u8 family;
	__u8 protocol;
	__u8 flags;
	__u8 no_checksum; /* UDP over IPv4 without one */
	__u32 address[4]; /* that it gets */
	__be16 port;
	__u16 pad;
};

enum outcome {
	UNTOUCHED,
	REWRITTEN,
	DROPPED,
};

static __always_inline struct service_control *control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&service_control, &zero);
}

static __always_inline void event(__u32 service, enum event what)
{
	__u32 key = service * EVENTS + what;
	__u64 *count = bpf_map_lookup_elem(&service_events, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline __u64 mix(__u64 h)
{
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static __always_inline __u8 port_use(__be16 port)
{
	__u32 number = bpf_ntohs(port), key = number >> 3;
	__u64 *eight = bpf_map_lookup_elem(&service_ports, &key);

	return eight ? *eight >> ((number & 7) * 8) : 0;
}

static __always_inline struct service_place *place(__u32 *address, __be16 port, __u8 protocol,
						   __u8 kind)
{
	struct service_address key = {
		.port = bpf_ntohs(port),
		.protocol = protocol,
		.kind = kind,
	};

	__builtin_memcpy(key.address, address, 16);
	return bpf_map_lookup_elem(&addresses, &key);
}

/* The same on every host and after every start: Maglev needs no more to agree. */
static __always_inline __u64 flow_hash(__u32 *client, __be16 port, __u32 service)
{
	__u64 h = (__u64)client[3] << 32 | (__u64)port << 8 | service;

	if (client[2] != bpf_htonl(0xffff))
		h = mix(h) ^ ((__u64)client[0] << 32 | client[1]) ^ (__u64)client[2] << 7;
	return mix(mix(h));
}

static __always_inline struct service_set *set_of(__u64 hash, __u64 seed)
{
	__u32 key = mix(hash ^ seed) & (FLOW_SETS - 1);

	return bpf_map_lookup_elem(&service_flows, &key);
}

static __always_inline bool same(struct service_flow *f, __u32 *client, __be16 port, __u32 service)
{
	return f->port == port && f->client[3] == client[3] && f->service == service &&
	       f->client[2] == client[2] && f->client[1] == client[1] &&
	       f->client[0] == client[0] && f->state != FLOW_FREE && f->state != FLOW_BUSY;
}

static __always_inline struct service_flow *find(struct service_set *set, __u32 *client,
						 __be16 port, __u32 service)
{
#pragma unroll
	for (int i = 0; i < FLOW_WAYS; i++)
		if (same(&set->way[i], client, port, service))
			return &set->way[i];
	return NULL;
}

static __always_inline struct service_target *target_of(__u32 service, __u32 target)
{
	__u32 key = (service & (SERVICES - 1)) * TARGETS + (target & (TARGETS - 1));

	return bpf_map_lookup_elem(&targets, &key);
}

static __always_inline __u32 micros(void)
{
	return bpf_ktime_get_ns() / 1000;
}

static __always_inline void leave(struct service_flow *f)
{
	struct service_target *t = target_of(f->service, f->target);

	if (t)
		__sync_fetch_and_add(&t->open, -1);
}

static __always_inline bool is_open(__u32 state)
{
	return state >= FLOW_PROVEN && state <= FLOW_TARGET_ENDED;
}

/* One of two processors that see the same packet's twin makes the step, and counts it. */
static __always_inline bool step(struct service_flow *f, __u32 from, __u32 to)
{
	return __sync_val_compare_and_swap(&f->state, from, to) == from;
}

static __always_inline void end(struct service_flow *f, __u8 flags, __u32 mine, __u32 other)
{
	__u32 state = f->state;

	if (!is_open(state))
		return;
	if (flags & RST || (flags & FIN && state == other)) {
		if (step(f, state, FLOW_CLOSED))
			leave(f);
	} else if (flags & FIN && state == FLOW_PROVEN) {
		step(f, state, mine);
	}
}

/* The moving average rises fast and falls slowly, so that trouble is seen at once. */
static __always_inline __u32 averaged(__u32 average, __u32 sample)
{
	if (!average)
		return sample;
	if (sample > average)
		return average + ((sample - average + 1) >> 1);
	return average - ((average - sample) >> 3);
}

static __always_inline __u64 cost(struct service_target *t, __u32 now, __u32 second)
{
	__u32 age = (now - t->answer_at) >> (second & 31);
	__u32 answer = age < 20 ? t->answer_micros >> age : 0;
	__u32 open = t->open < 0 ? 0 : t->open;

	/* Bounds that no sum of them passes 64 bits. */
	answer = answer < ANSWER_MOST_MICROS ? answer : ANSWER_MOST_MICROS;
	open = open < OPEN_MOST ? open : OPEN_MOST;
	/* Long unheard of, it is worth another try: what it took then says less and less. */
	return (__u64)(open + 1) * (answer + ANSWER_FLOOR_MICROS) * t->inverse_weight;
}

static __always_inline __u8 slot(struct table *table, __u32 random)
{
	return table->target[(__u64)random * TABLE_SLOTS >> 32];
}

static __always_inline __u32 least_loaded(struct table *table, __u32 service, __u32 second)
{
	__u64 random = mix(bpf_get_prandom_u32());
	__u32 best = NO_TARGET, now = bpf_jiffies64();
	__u64 lowest = ~0ULL;

#pragma unroll
	for (int i = 0; i < CANDIDATES; i++) {
		__u32 candidate = slot(table, random);
		struct service_target *t = target_of(service, candidate);
		__u64 price;

		random = mix(random + i);
		if (candidate == best || candidate >= TARGETS || !t)
			continue;
		price = cost(t, now, second);
		if (price < lowest) {
			lowest = price;
			best = candidate;
		}
	}
	return best;
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
	return least_loaded(table, service, second);
}

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

		if (syn && !free)
			event(service, EVENT_NO_ROOM);
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
	t->answer_micros = averaged(t->answer_micros, micros() - asked);
	t->answer_at = bpf_jiffies64();
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
			slot->stateless = slot->asked;
			event(at->service, EVENT_NO_ROOM);
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

static __always_inline bool read_transport(struct packet *p, void *start, void *at, void *end,
					   __u32 bytes)
{
	__u32 headers;

	p->transport = at - start;
	if (p->protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = at;

		if ((void *)(tcp + 1) > end)
			return false;
		p->source_port = tcp->source;
		p->destination_port = tcp->dest;
		p->sequence = tcp->seq;
		p->acknowledgement = tcp->ack_seq;
		p->flags = ((__u8 *)tcp)[13];
		headers = tcp->doff * 4;
	} else {
		struct udphdr *udp = at;

		if (p->protocol != IPPROTO_UDP || (void *)(udp + 1) > end)
			return false;
		p->source_port = udp->source;
		p->destination_port = udp->dest;
		p->no_checksum = p->family == 4 && !udp->check;
		headers = sizeof(*udp);
	}
	p->payload = bytes > headers ? bytes - headers : 0;
	return true;
}

/* False for all that is no service's: not TCP or UDP, fragments, IPv6 extensions, malformed. */
static __always_inline bool read(struct packet *p, void *start, void *end)
{
	struct ethhdr *ethernet = start;
	void *at = ethernet + 1;
	__be16 type;

	if (at > end)
		return false;
	type = ethernet->h_proto;
#pragma unroll
	for (int i = 0; i < 2; i++) {
		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		if (at + 4 > end)
			return false;
		type = *(__be16 *)(at + 2);
		at += 4;
	}
	p->ip = at - start;
	if (type == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = at;

		if ((void *)(ip + 1) > end || ip->ihl != 5 || ip->frag_off & bpf_htons(FRAGMENT))
			return false;
		p->family = 4;
		p->protocol = ip->protocol;
		p->source[2] = p->destination[2] = bpf_htonl(0xffff);
		p->source[3] = ip->saddr;
		p->destination[3] = ip->daddr;
		return read_transport(p, start, ip + 1, end, bpf_ntohs(ip->tot_len) - 20);
	}
	if (type == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = at;

		if ((void *)(ip + 1) > end)
			return false;
		p->family = 6;
		p->protocol = ip->nexthdr;
		__builtin_memcpy(p->source, &ip->saddr, 16);
		__builtin_memcpy(p->destination, &ip->daddr, 16);
		return read_transport(p, start, ip + 1, end, bpf_ntohs(ip->payload_len));
	}
	return false;
}

/* Global, so that the verifier takes each by itself. */
__noinline int judge_incoming(struct packet *p)
{
	struct service_place *at;

	if (!p || !(port_use(p->destination_port) & PORT_OF_SERVICE))
		return UNTOUCHED;
	at = place(p->destination, p->destination_port, p->protocol, PORT_OF_SERVICE);
	return at ? to_target(p, at->service) : UNTOUCHED;
}

__noinline int judge_outgoing(struct packet *p)
{
	struct service_place *at;

	if (!p || !(port_use(p->source_port) & PORT_OF_TARGET))
		return UNTOUCHED;
	at = place(p->source, p->source_port, p->protocol, PORT_OF_TARGET);
	return at ? to_client(p, at) : UNTOUCHED;
}

/* Rewrites one end, and the checksums by what has changed, whatever the device still owes. */
static __always_inline int rewrite(struct __sk_buff *skb, struct packet *p, bool source)
{
	__u32 *before = source ? p->source : p->destination;
	__be16 port = source ? p->source_port : p->destination_port;
	__u32 at_port = p->transport + (source ? 0 : 2), at_sum, at_address;
	__u64 zero = p->protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0;

	at_sum = p->transport + (p->protocol == IPPROTO_TCP ? offsetof(struct tcphdr, check)
							     : offsetof(struct udphdr, check));
	if (p->family == 4) {
		at_address = p->ip + (source ? offsetof(struct iphdr, saddr)
					     : offsetof(struct iphdr, daddr));
		if (!p->no_checksum)
			bpf_l4_csum_replace(skb, at_sum, before[3], p->address[3],
					    BPF_F_PSEUDO_HDR | zero | 4);
		bpf_l3_csum_replace(skb, p->ip + offsetof(struct iphdr, check), before[3],
				    p->address[3], 4);
		bpf_skb_store_bytes(skb, at_address, &p->address[3], 4, 0);
	} else {
		__s64 change = bpf_csum_diff(before, 16, p->address, 16, 0);

		at_address = p->ip + (source ? offsetof(struct ipv6hdr, saddr)
					     : offsetof(struct ipv6hdr, daddr));
		/* Before Linux 6.16 the flag is not known, and not needed by most drivers. */
		if (bpf_l4_csum_replace(skb, at_sum, 0, change,
					BPF_F_PSEUDO_HDR | BPF_F_IPV6_FLAG | zero) < 0)
			bpf_l4_csum_replace(skb, at_sum, 0, change, BPF_F_PSEUDO_HDR | zero);
		bpf_skb_store_bytes(skb, at_address, p->address, 16, 0);
	}
	if (!p->no_checksum)
		bpf_l4_csum_replace(skb, at_sum, port, p->port, zero | 2);
	bpf_skb_store_bytes(skb, at_port, &p->port, 2, 0);
	return TCX_NEXT;
}

#define HEADERS_MAX 128

static __always_inline int handle(struct __sk_buff *skb, bool source)
{
	struct packet p = {};
	__u32 linear = skb->data_end - skb->data;
	int outcome;

	if (linear < HEADERS_MAX && linear < skb->len)
		bpf_skb_pull_data(skb, skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX);
	if (!read(&p, (void *)(long)skb->data, (void *)(long)skb->data_end))
		return TCX_NEXT;
	outcome = source ? judge_outgoing(&p) : judge_incoming(&p);
	if (outcome == DROPPED)
		return TCX_DROP;
	return outcome == REWRITTEN ? rewrite(skb, &p, source) : TCX_NEXT;
}

SEC("tc")
int service_ingress(struct __sk_buff *skb)
{
	return handle(skb, false);
}

SEC("tc")
int service_egress(struct __sk_buff *skb)
{
	return handle(skb, true);
}

static __always_inline void add(__u64 *sum, __u32 before, __u32 after)
{
	*sum += (__u32)~before;
	*sum += after;
}

static __always_inline __u16 folded(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* The same where the frame is all there is. RFC 1624: the sum changes by what has changed. */
static __always_inline int rewrite_frame(struct xdp_md *ctx, struct packet *p, __u32 *from,
					 __be16 from_port, __u32 *to, __be16 to_port)
{
	void *start = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	void *ip = start + (p->ip & 63), *transport = start + (p->transport & 127);
	__u64 change = 0, sum;
	__u16 *check;

	if (ip + sizeof(struct iphdr) > end || transport + sizeof(struct udphdr) > end)
		return XDP_PASS;
	check = p->protocol == IPPROTO_TCP ? transport + offsetof(struct tcphdr, check)
					   : transport + offsetof(struct udphdr, check);
	if ((void *)(check + 1) > end)
		return XDP_PASS;
	add(&change, from[3], to[3]);
	if (p->family == 4) {
		struct iphdr *four = ip;

		four->check = folded(change + (__u16)~four->check);
		four->daddr = to[3];
	} else {
		struct ipv6hdr *six = ip;

		if ((void *)(six + 1) > end)
			return XDP_PASS;
		add(&change, from[0], to[0]);
		add(&change, from[1], to[1]);
		add(&change, from[2], to[2]);
		__builtin_memcpy(&six->daddr, to, 16);
	}
	if (!p->no_checksum) {
		sum = change + (__u16)~*check + (__u16)~from_port + to_port;
		*check = folded(sum);
		if (p->protocol == IPPROTO_UDP && !*check)
			*check = 0xffff;
	}
	((struct udphdr *)transport)->dest = to_port;
	return XDP_PASS;
}

SEC("xdp")
int service_xdp(struct xdp_md *ctx)
{
	struct packet p = {};
	int outcome;

	if (!read(&p, (void *)(long)ctx->data, (void *)(long)ctx->data_end))
		return XDP_PASS;
	if (benchmark == 2) {
		p.source[3] = bpf_get_prandom_u32();
		p.source_port = p.source[3] >> 3;
	}
	outcome = judge_incoming(&p);
	if (outcome == DROPPED)
		return XDP_DROP;
	if (outcome != REWRITTEN)
		return XDP_PASS;
	rewrite_frame(ctx, &p, p.destination, p.destination_port, p.address, p.port);
	if (benchmark)
		rewrite_frame(ctx, &p, p.address, p.port, p.destination, p.destination_port);
	return XDP_PASS;
}

/* A local client's connect, turned once; its packets need no rewriting. */
static __always_inline struct service_target *chosen(struct bpf_sock_addr *ctx, __u32 *address)
{
	__be16 port = ctx->user_port;
	struct service_control *c = control();
	struct service_target *t;
	struct service_place *at;
	struct service *s;
	struct local *mine;
	__u32 service, target;

	if (!c || !(port_use(port) & PORT_OF_SERVICE))
		return NULL;
	if (bpf_get_netns_cookie(ctx) != c->netns)
		return NULL;
	at = place(address, port, ctx->protocol, PORT_OF_SERVICE);
	if (!at)
		return NULL;
	service = at->service;
	s = bpf_map_lookup_elem(&services, &service);
	if (!s)
		return NULL;
	target = pick(s, service, mix(bpf_get_socket_cookie(ctx)), true, c->second);
	t = target_of(service, target);
	if (target >= TARGETS || !t)
		return NULL;
	event(service, EVENT_LOCAL);
	__sync_fetch_and_add(&t->syns, 1);
	if (ctx->sk && ctx->protocol == IPPROTO_TCP) {
		mine = bpf_sk_storage_get(&local_connections, ctx->sk, NULL,
					  BPF_SK_STORAGE_GET_F_CREATE);
		/* A socket that connects twice is counted once. */
		if (mine && !mine->target) {
			mine->target = (service & (SERVICES - 1)) * TARGETS + target + 1;
			__sync_fetch_and_add(&t->open, 1);
			__sync_fetch_and_add(&t->connections, 1);
		}
	}
	return t;
}

SEC("cgroup/connect4")
int service_connect4(struct bpf_sock_addr *ctx)
{
	__u32 address[4] = { 0, 0, bpf_htonl(0xffff), ctx->user_ip4 };
	struct service_target *t = chosen(ctx, address);

	if (t) {
		ctx->user_ip4 = t->address[3];
		ctx->user_port = bpf_htons(t->port);
	}
	return 1;
}

SEC("cgroup/connect6")
int service_connect6(struct bpf_sock_addr *ctx)
{
	__u32 address[4] = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2],
			     ctx->user_ip6[3] };
	struct service_target *t = chosen(ctx, address);

	if (t) {
		ctx->user_ip6[0] = t->address[0];
		ctx->user_ip6[1] = t->address[1];
		ctx->user_ip6[2] = t->address[2];
		ctx->user_ip6[3] = t->address[3];
		ctx->user_port = bpf_htons(t->port);
	}
	return 1;
}

SEC("cgroup/sock_release")
int service_release(struct bpf_sock *sk)
{
	struct local *mine = bpf_sk_storage_get(&local_connections, sk, NULL, 0);
	struct service_target *t;
	__u32 key;

	if (!mine || !mine->target)
		return 1;
	key = mine->target - 1;
	mine->target = 0;
	t = bpf_map_lookup_elem(&targets, &key);
	if (t)
		__sync_fetch_and_add(&t->open, -1);
	return 1;
}

/* Run by Java: what time it is for the records. */
SEC("xdp")
int service_clock(struct xdp_md *ctx)
{
	struct service_control *c = control();

	if (c)
		c->now = bpf_jiffies64();
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
