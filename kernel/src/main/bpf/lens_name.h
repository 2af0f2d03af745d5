/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/* How a packet without a socket finds its connection: a keyed hash of the other end and our port */
#include "lens_tables.h"

static __always_inline __u64 mix(__u64 h)
{
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15ULL;
	h ^= h >> 29;
	return h;
}

/* The other end and our port, both in host order. */
struct endpoint {
	__u32 address[4]; /* network order; IPv4 as ::ffff:a.b.c.d */
	__u16 port;
	__u16 local_port;
};

/* ::ffff:a.b.c.d and a.b.c.d are one client: the request has the one, its socket the other. */
static __always_inline void ipv4(struct endpoint *e, __u32 address)
{
	e->address[0] = e->address[1] = 0;
	e->address[2] = bpf_htonl(0xffff);
	e->address[3] = address;
}

static __always_inline __u64 tag(struct endpoint *e, __u64 seed)
{
	__u64 h = seed ^ ((__u64)e->port << 32) ^ e->local_port;

	h = mix(h ^ ((__u64)e->address[0] << 32 | e->address[1])) ^ ((__u64)e->address[2] << 32);
	return mix(mix(h ^ e->address[3]));
}

static __always_inline __u64 tag_of(struct bpf_sock_ops *ops, __u64 seed)
{
	struct endpoint e = {
		.port = bpf_ntohl(ops->remote_port),
		.local_port = ops->local_port,
	};

	if (ops->family == AF_INET6) {
		e.address[0] = ops->remote_ip6[0];
		e.address[1] = ops->remote_ip6[1];
		e.address[2] = ops->remote_ip6[2];
		/* Or clang makes one load with a computed offset of the two, which is refused. */
		barrier();
		e.address[3] = ops->remote_ip6[3];
		barrier();
	} else {
		ipv4(&e, ops->remote_ip4);
		barrier();
	}
	return tag(&e, seed);
}

static __always_inline bool watched(struct lens_control *c, __u32 port)
{
	return c->ports[(port >> 6) & 1023] >> (port & 63) & 1;
}
