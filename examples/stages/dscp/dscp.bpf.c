// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Rewrites the DSCP of incoming packets by the API that their connection calls, so that queues of
 * this host and of those behind it can tell one API from another. See README.md.
 */
#include "ostiary_stage.h"

OSTIARY_STAGE("rewrites DSCP by API");

/* The number for each API, from kernel.stages.numbers; 0 leaves a packet as it is. */
OSTIARY_BY_API(dscp_by_api);

/* RFC 1624: the checksum of a header in which one 16-bit word became another. */
static __always_inline __be16 changed(__be16 checksum, __be16 from, __be16 to)
{
	__u32 sum = (__u16)~checksum + (__u16)~from + to;

	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

OSTIARY_AFTER(dscp)
{
	__u32 api = packet->api, *dscp = bpf_map_lookup_elem(&dscp_by_api, &api);
	__be16 words[6], before;

	if (!dscp || !*dscp || !ostiary_read(frame, packet->network, words, sizeof(words)))
		return OSTIARY_PASS;
	/* What stands beside DSCP stays: version, length and ECN; of IPv6 the flow label's start. */
	before = words[0];
	if (packet->family == 4)
		words[0] = bpf_htons((bpf_ntohs(before) & 0xff03) | (*dscp & 63) << 2);
	else
		words[0] = bpf_htons((bpf_ntohs(before) & 0xf03f) | (*dscp & 63) << 6);
	if (words[0] == before)
		return OSTIARY_PASS;
	if (packet->family == 4)
		words[5] = changed(words[5], before, words[0]);
	if (!ostiary_write(frame, packet->network, words, sizeof(words)))
		return OSTIARY_PASS;
	return OSTIARY_MODIFIED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
