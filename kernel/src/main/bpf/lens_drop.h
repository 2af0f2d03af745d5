/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/* Whose packet it was that the kernel threw away: read out of a buffer that nobody vouches for. */
#include "lens_name.h"
#include "lens_record.h"

struct headers {
	__u8 bytes[40];
};

struct port_pair {
	__be16 source;
	__be16 destination;
};

/* Both ends of a TCP packet: who sent it is `in.address`, whom it was for is `out.address`. */
static __always_inline bool ends(struct sk_buff *skb, struct endpoint *in, struct endpoint *out)
{
	struct headers h = {};
	struct port_pair ports;
	__u32 *words = (__u32 *)h.bytes;
	__u32 size = sizeof(h);
	__be16 protocol = skb->protocol;
	__u16 network = skb->network_header;
	void *at = skb->head + network;

	if (network == 0xffff ||
	    (protocol != bpf_htons(ETH_P_IP) && protocol != bpf_htons(ETH_P_IPV6)))
		return false;
	if (bpf_probe_read_kernel(&h, sizeof(h), at))
		return false;
	if (protocol == bpf_htons(ETH_P_IP)) {
		if (h.bytes[9] != TCP)
			return false;
		size = (h.bytes[0] & 15) * 4;
		ipv4(in, words[3]);
		ipv4(out, words[4]);
	} else {
		if (h.bytes[6] != TCP)
			return false;
#pragma unroll
		for (int i = 0; i < 4; i++) {
			in->address[i] = words[2 + i];
			out->address[i] = words[6 + i];
		}
	}
	if (bpf_probe_read_kernel(&ports, sizeof(ports), at + size))
		return false;
	in->port = out->local_port = bpf_ntohs(ports.source);
	out->port = in->local_port = bpf_ntohs(ports.destination);
	return true;
}

/*
 * Containers on this host may talk to us: what their part of the kernel drops is not our doing. A
 * segment in a queue of TCP has no device, and a pointer of the queue in its place; reading behind
 * that gives nothing or nonsense, never a fault, and then the packet is nobody's.
 */
static __always_inline __u64 net_of(struct sk_buff *skb, struct sock *sk)
{
	struct net_device *device = skb->dev;

	if (device)
		return device->nd_net.net->net_cookie;
	return sk ? sk->__sk_common.skc_net.net->net_cookie : 0;
}

static __always_inline struct lens_record *remembered(struct endpoint *e, __u64 seed, __u64 net)
{
	__u64 t = tag(e, seed), cookie;
	__u32 slot = t & (LENS_TUPLES - 1);
	struct lens_tuple *tuple = bpf_map_lookup_elem(&lens_tuples, &slot);

	if (!tuple || tuple->net != net)
		return NULL;
	cookie = tuple->cookie;
	return (tuple->seal ^ cookie) == t ? find(cookie) : NULL;
}
