// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * shield and meter: every incoming packet is judged, counted, and listed by source and flow.
 *
 * One classifier, two entry points: XDP (native or generic) and tcx. What a packet costs does not
 * depend on the number of rules. Up to 61 different rules are bits of a 64-bit mask; a rule's
 * sources, of which there may be any number, are compiled into a class for each address:
 *
 *     IPv4   top[address >> 16] -> class, or a block of 256 classes, one for each /24;
 *            only where a /24 holds longer prefixes, a hash for each length in use
 *     IPv6   a hash for each prefix length in use, the longest first
 *
 *     rules = classes[class] & ports[destination port] & protocols[protocol]
 *
 * Order: malformed, management allow-list, sessions of operators, what the stack needs to stay
 * reachable, bans, allow, deny, limits. What is neither IPv4 nor IPv6 (ARP, ...) always passes.
 * The whole set is swapped by one store: packets read `active` once, and each table of the other
 * number was complete before it was made active.
 *
 * Nothing here allocates: a flood of invented sources finds arrays of fixed size.
 */
#include "parse.h"
#include "reason.h"
#include "shield.h"
#include "meter.h"

#define BUCKETS (1 << 18)
#define INTERFACES 256

#define TCX_NEXT -1
#define TCX_DROP 2
#define MLD_QUERY 130
#define ND_FIRST 133
#define ND_LAST 137
#define PACKET_TOO_BIG 2
#define UNREACHABLE 3
#define ND_HOPS 255 /* from a neighbour: no router has let it pass (RFC 4861) */
#define MLD_HOPS 1
#define DHCP_SERVER 67
#define DHCP_CLIENT 68
#define DHCPV6_CLIENT 546
#define DHCPV6_SERVER 547

/* Only for benchmarks: 1 draws sources from 2^16 addresses, 2 from all. The verifier removes it. */
const volatile __u32 random_sources = 0;

/* Powers of two. Java makes the tables as large as the number of CPUs allows. */
const volatile __u32 flow_slots = FLOWS;
const volatile __u32 source_slots = SOURCES;

/* Of each table below there are two, and control.active says which one counts. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct rule_set);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * 65536);
	__type(key, __u32);
	__type(value, __u64);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * 65536);
	__type(key, __u32);
	__type(value, __u64); /* a class, or IPV4_IS_BLOCK and what shield.h says */
} ipv4_top SEC(".maps");

struct ipv4_block {
	__u8 class[IPV4_BLOCK_BYTES];
};

/* As long as the set needs, up to 16 MiB; BPF_F_INNER_MAP lets the lengths differ. */
struct ipv4_blocks_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__uint(value_size, sizeof(struct ipv4_block));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__array(values, struct ipv4_blocks_map);
} ipv4_blocks SEC(".maps");

#define LONG_ENTRIES_MAX 131072

struct ipv4_long_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LONG_ENTRIES_MAX);
	__type(key, struct ipv4_key);
	__type(value, __u32);
};

struct ipv4_long_map ipv4_long_0 SEC(".maps"), ipv4_long_1 SEC(".maps");

struct ipv6_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LONG_ENTRIES_MAX);
	__type(key, struct ipv6_key);
	__type(value, __u32);
};

struct ipv6_map ipv6_0 SEC(".maps"), ipv6_1 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct control);
} shield_control SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, INTERFACES * COUNTERS);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

/* When each source may send its next packet, by a limit (GCRA); in jiffies << 32. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} buckets SEC(".maps");

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
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct meter_totals);
} totals SEC(".maps");

static __always_inline __u32 class_of_long4(__be32 address, __u32 active, struct rule_set *set)
{
#pragma unroll
	for (int i = 0; i < LENGTHS4_MAX; i++) {
		struct ipv4_key key;
		__u32 *class;

		key.length = set->lengths4[i];
		if (!key.length)
			break;
		key.address = address & bpf_htonl(~0U << ((32 - key.length) & 31));
		class = active ? bpf_map_lookup_elem(&ipv4_long_1, &key)
			       : bpf_map_lookup_elem(&ipv4_long_0, &key);
		if (class)
			return *class;
	}
	return 0;
}

static __always_inline __u32 class_of_ipv4(__be32 address, __u32 active, struct rule_set *set)
{
	__u32 host = bpf_ntohl(address), key = active << 16 | host >> 16, class;
	__u64 *entry = bpf_map_lookup_elem(&ipv4_top, &key), top;
	struct ipv4_block *block;
	void *blocks;

	top = entry ? *entry : 0;
	if (!(top & IPV4_IS_BLOCK))
		return top & (CLASSES - 1);
	/* Most of a sparse block is of one class: then its memory, seldom cached, is not touched. */
	if (!(top >> (IPV4_GROUPS_SHIFT + (host >> 11 & 31)) & 1))
		return top >> IPV4_AROUND_SHIFT & (CLASSES - 1);
	key = top & 0xffff;
	blocks = bpf_map_lookup_elem(&ipv4_blocks, &active);
	block = blocks ? bpf_map_lookup_elem(blocks, &key) : NULL;
	if (!block)
		return 0;
	class = block->class[(host >> 8) & 255];
	return class == IPV4_LONGER ? class_of_long4(address, active, set) : class;
}

static __always_inline __u32 keep(__u32 word, int bits)
{
	if (bits <= 0)
		return 0;
	return bits >= 32 ? word : word & bpf_htonl(~0U << (32 - bits));
}

static __always_inline __u32 class_of_ipv6(__u32 *address, __u32 active, struct rule_set *set)
{
	for (int i = 0; i < LENGTHS6_MAX; i++) {
		int length = set->lengths6[i];
		struct ipv6_key key;
		__u32 *class;

		if (!length)
			break;
		key.length = length;
		key.address[0] = keep(address[0], length);
		key.address[1] = keep(address[1], length - 32);
		key.address[2] = keep(address[2], length - 64);
		key.address[3] = keep(address[3], length - 96);
		class = active ? bpf_map_lookup_elem(&ipv6_1, &key)
			       : bpf_map_lookup_elem(&ipv6_0, &key);
		if (class)
			return *class;
	}
	return set->class6;
}

static __always_inline __u32 protocol_index(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return 0;
	case IPPROTO_UDP:
		return 1;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	}
	return 3;
}

/* Without these a host loses its neighbours, its address or its path MTU. */
static __always_inline bool essential(struct packet *p)
{
	if (p->later_fragment)
		return false;
	if (p->protocol == IPPROTO_UDP)
		return p->family == 4 ? p->source_port == DHCP_SERVER &&
						p->destination_port == DHCP_CLIENT
				      : p->source_port == DHCPV6_SERVER &&
						p->destination_port == DHCPV6_CLIENT;
	if (p->family == 4)
		return p->protocol == IPPROTO_ICMP && p->icmp_type == UNREACHABLE;
	if (p->protocol != IPPROTO_ICMPV6)
		return false;
	if (p->icmp_type >= ND_FIRST && p->icmp_type <= ND_LAST)
		return p->hops == ND_HOPS;
	return p->icmp_type == PACKET_TOO_BIG ||
	       (p->icmp_type == MLD_QUERY && p->hops == MLD_HOPS);
}

static __always_inline __u64 mix(__u64 h)
{
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

/* Of IPv6 the /64, since one host may use all of it. */
static __always_inline __u64 source_hash(struct packet *p, __u64 seed)
{
	__u64 high = (__u64)p->source[0] << 32 | p->source[1];
	__u64 low = p->family == 6 ? 0 : p->source[3];

	return mix(seed ^ high ^ low << 16);
}

/* An aggregate passes or is dropped whole; what it is charged for is bounded. */
#define SEGMENTS_CHARGED_MAX 64

static __always_inline bool over_limit(struct packet *p, struct rule_set *set, __u64 limits,
				       __u64 seed)
{
	__u64 rule = 0, interval, tolerance, now, *next;
	__u32 slot, packets;
	__s64 ahead;

	/* The lowest bit: the first limit of the file that is about this packet. */
#pragma unroll
	for (int step = 32; step; step >>= 1) {
		if (!(limits & ((1ULL << step) - 1))) {
			limits >>= step;
			rule += step;
		}
	}
	rule &= RULE_BITS - 1;
	interval = set->intervals[rule];
	tolerance = set->tolerances[rule];
	slot = mix(source_hash(p, seed) + rule) & (BUCKETS - 1);
	next = bpf_map_lookup_elem(&buckets, &slot);
	if (!next)
		return false;
	now = bpf_jiffies64() << 32;
	ahead = *next - now;
	/* Further ahead than a bucket can be: it was never used, or not since jiffies wrapped. */
	if (ahead < 0 || ahead > (__s64)(tolerance + interval * (SEGMENTS_CHARGED_MAX + 1)))
		ahead = 0;
	if (ahead > (__s64)tolerance)
		return true;
	packets = p->segments < SEGMENTS_CHARGED_MAX ? p->segments : SEGMENTS_CHARGED_MAX;
	*next = now + ahead + interval * packets;
	return false;
}

static __always_inline bool of_session(struct packet *p, __u32 active)
{
	__u32 key = active << 16 | p->destination_port;
	__u64 *port = bpf_map_lookup_elem(&ports, &key);

	return p->has_ports && p->protocol == IPPROTO_TCP && port && *port & 1ULL << RULE_SESSION;
}

/* Global, as is `meter`: the verifier takes each by itself, not once for each way to parse. */
__noinline int judge(struct packet *p, __u32 active)
{
	struct rule_set *set = bpf_map_lookup_elem(&rules, &active);
	__u32 class, zero = 0;
	__u64 mask, *port;
	struct control *c = bpf_map_lookup_elem(&shield_control, &zero);

	if (!p || !set || !c)
		return REASON_PASSED;
	class = p->family == 4 ? class_of_ipv4(p->source[3], active, set)
			       : class_of_ipv6(p->source, active, set);
	mask = set->classes[class & (CLASSES - 1)];
	if (!mask)
		return REASON_PASSED;
	if (mask & 1ULL << RULE_MANAGEMENT)
		return REASON_PASSED;
	if (mask & 1ULL << RULE_SESSION && of_session(p, active))
		return REASON_PASSED;
	if (mask & 1ULL << RULE_BAN)
		return essential(p) ? REASON_PASSED : REASON_BANNED;
	mask &= set->protocols[protocol_index(p->protocol) & 3];
	if (p->has_ports) {
		__u32 key = active << 16 | p->destination_port;

		port = bpf_map_lookup_elem(&ports, &key);
		mask &= port ? *port : 0;
	} else {
		mask &= set->without_ports;
	}
	if (!mask || mask & set->allow || essential(p))
		return REASON_PASSED;
	if (mask & set->deny)
		return REASON_DENY_RULE;
	mask &= set->limit;
	return mask && over_limit(p, set, mask, c->seed) ? REASON_LIMIT_RULE : REASON_PASSED;
}

static __always_inline void meter_source(struct packet *p, struct control *c, __u64 bytes,
					 bool dropped, __u32 now)
{
	__u64 h = mix(c->seed ^ ((__u64)p->source[0] << 32 | p->source[1]) ^
		      mix((__u64)p->source[2] << 32 | p->source[3]));
	__u32 slot = h & (source_slots - 1);
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

static __always_inline void meter_flow(struct packet *p, struct control *c, __u64 bytes, __u32 now)
{
	__u64 h = c->seed ^ ((__u64)p->source[3] << 32 | p->destination[3]);
	__u32 slot, zero = 0;
	struct meter_totals *t = bpf_map_lookup_elem(&totals, &zero);
	struct flow *f;

	if (p->family == 6)
		h = mix(h ^ ((__u64)p->source[0] << 32 | p->source[2])) ^
		    ((__u64)p->source[1] << 32 | p->destination[2]);
	h = mix(mix(h) ^ ((__u64)p->source_port << 48 | (__u64)p->destination_port << 32 |
			  p->protocol));
	slot = h & (flow_slots - 1);
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
		t->evicted_packets += f->packets;
		t->evicted_bytes += f->bytes;
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

static __always_inline __u64 bytes_on_wire(struct packet *p)
{
	return p->length + (__u64)(p->segments - 1) * p->headers;
}

static __always_inline int meter(struct packet *p, __u32 dropped)
{
	__u32 zero = 0, now = bpf_jiffies64();
	struct control *c = bpf_map_lookup_elem(&shield_control, &zero);

	if (!p || !c)
		return 0;
	meter_flow(p, c, bytes_on_wire(p), now);
	if (p->family)
		meter_source(p, c, bytes_on_wire(p), dropped, now);
	return 0;
}

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
