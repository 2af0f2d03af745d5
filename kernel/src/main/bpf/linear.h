/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * Reads the headers of a packet that has passed the network stack already: on loopback, and on its
 * way out. Its payload lies in pages of their own, and its head is shared with the sender's queue,
 * which may have to send it again. bpf_skb_pull_data() therefore copies the whole head, which costs
 * more than everything else that is done with the packet. So it is asked for only where the headers
 * do not all lie in the head.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IP_FRAGMENT 0x3fff /* more fragments, or an offset */

static __always_inline bool transport_is_linear(void *at, void *end, __u8 protocol)
{
	struct tcphdr *tcp = at;

	if (protocol == IPPROTO_UDP)
		return at + sizeof(struct udphdr) <= end;
	return protocol == IPPROTO_TCP && (void *)(tcp + 1) <= end && at + tcp->doff * 4 <= end;
}

/* Only for the plain kinds; false where there is a tag, an option, an extension or a fragment. */
static __always_inline bool headers_are_linear(void *data, void *end)
{
	struct ethhdr *ethernet = data;
	void *network = ethernet + 1;
	struct iphdr *v4 = network;
	struct ipv6hdr *v6 = network;

	if (network > end)
		return false;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP))
		return (void *)(v4 + 1) <= end && v4->ihl == 5 &&
		       !(v4->frag_off & bpf_htons(IP_FRAGMENT)) &&
		       transport_is_linear(v4 + 1, end, v4->protocol);
	return ethernet->h_proto == bpf_htons(ETH_P_IPV6) && (void *)(v6 + 1) <= end &&
	       transport_is_linear(v6 + 1, end, v6->nexthdr);
}

/* Afterwards the first `most` bytes lie in the head. */
static __always_inline void pull(struct __sk_buff *skb, __u32 most)
{
	__u32 linear = skb->data_end - skb->data;

	if (linear < most && linear < skb->len)
		bpf_skb_pull_data(skb, skb->len < most ? skb->len : most);
}

/* The same, or all headers do. */
static __always_inline void make_linear(struct __sk_buff *skb, __u32 most)
{
	__u32 linear = skb->data_end - skb->data;

	if (linear >= most || linear >= skb->len)
		return;
	if (!headers_are_linear((void *)(long)skb->data, (void *)(long)skb->data_end))
		pull(skb, most);
}
