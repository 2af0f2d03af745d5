/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * Clients on this host. Their `connect()` is turned to a target, which is all that any algorithm
 * but one needs. Least-loaded wants to know how long targets take to answer, and no packet of these
 * connections comes by `service_pass.h`: it is timed at the client's own socket, from the first
 * byte that leaves it to the first that comes.
 */
#include "service_pass.h"

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

/* The socket is gone, and its connection with it. */
static __always_inline void released(struct bpf_sock *sk)
{
	struct local *mine = bpf_sk_storage_get(&local_connections, sk, NULL, 0);
	struct service_target *t;
	__u32 key;

	if (!mine || !mine->target)
		return;
	key = mine->target - 1;
	mine->target = 0;
	t = bpf_map_lookup_elem(&targets, &key);
	if (t)
		__sync_fetch_and_add(&t->open, -1);
}

static __always_inline struct local *turned(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	sk = sk ? bpf_sk_fullsock(sk) : NULL;
	return sk ? bpf_sk_storage_get(&local_connections, sk, NULL, 0) : NULL;
}

/* Whether bytes of a TCP connection are in it: here a packet begins with its IP header. */
static __always_inline bool has_payload(struct __sk_buff *skb)
{
	__u8 first, words, protocol;
	__u32 transport;

	if (bpf_skb_load_bytes(skb, 0, &first, 1))
		return false;
	transport = first >> 4 == 4 ? (first & 15) * 4 : sizeof(struct ipv6hdr);
	if (bpf_skb_load_bytes(skb, first >> 4 == 4 ? offsetof(struct iphdr, protocol)
						    : offsetof(struct ipv6hdr, nexthdr),
			       &protocol, 1) ||
	    protocol != IPPROTO_TCP || bpf_skb_load_bytes(skb, transport + 12, &words, 1))
		return false;
	return skb->len > transport + (words >> 4) * 4;
}

static __always_inline void asked_by(struct __sk_buff *skb)
{
	struct local *mine = turned(skb);

	if (mine && mine->target && !mine->asked && has_payload(skb))
		mine->asked = micros() | 1;
}

static __always_inline void answered_to(struct __sk_buff *skb)
{
	struct local *mine = turned(skb);
	struct service_target *t;
	__u32 key, asked;

	if (!mine || !mine->target || !mine->asked || !has_payload(skb))
		return;
	asked = mine->asked;
	mine->asked = 0;
	key = mine->target - 1;
	t = bpf_map_lookup_elem(&targets, &key);
	if (t)
		took(t, asked);
}
