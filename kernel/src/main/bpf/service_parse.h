/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/* From bytes to what the above needs. What is no whole TCP or UDP packet is not ours. */
#include "linear.h"
#include "service_tables.h"

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

		if ((void *)(ip + 1) > end || ip->ihl != 5 || ip->frag_off & bpf_htons(IP_FRAGMENT))
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
