/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/* How a packet without a socket finds its connection: a keyed hash of the other end and our port */
#include "lens_shared.h"
#include "lens_tables.h"

/* ::ffff:a.b.c.d and a.b.c.d are one client: the request has the one, its socket the other. */
static __always_inline void ipv4(struct endpoint *e, __u32 address)
{
	e->address[0] = e->address[1] = 0;
	e->address[2] = bpf_htonl(0xffff);
	e->address[3] = address;
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
