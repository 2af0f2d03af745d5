// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The sender of the drop benchmark: live frames of a test run, each from another source of
 * 198.19.0.0/16, out of the interface given. Attached to nothing, and loaded by nothing else.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FLOOD_PORT 9999

const volatile __u32 flood_interface = 0;

SEC("xdp")
int flood(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(ethernet + 1);
	__u16 *words = (__u16 *)ip;
	__u32 sum = 0;

	if ((void *)(ip + 1) > end)
		return XDP_ABORTED;
	ip->saddr = bpf_htonl(0xc6130000 | (bpf_get_prandom_u32() & 0xffff));
	ip->check = 0;
#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~(sum + (sum >> 16));
	return bpf_redirect(flood_interface, 0);
}

/* The least that can be done with a packet: how fast the rest of the path is. */
SEC("xdp")
int drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

/* The least that knows what it drops: reads the headers, which another core has just written, and
 * counts nothing. */
SEC("xdp")
int drop_port(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(ethernet + 1);
	struct udphdr *udp = (void *)(ip + 1);

	if ((void *)(udp + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5 ||
	    ip->protocol != IPPROTO_UDP)
		return XDP_PASS;
	return udp->dest == bpf_htons(FLOOD_PORT) ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
