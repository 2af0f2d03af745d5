/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/* What every part of the shield shares: settings, the control block and a hash. */
#include "hash.h"
#include "parse.h"
#include "shield.h"
#include "meter.h"

/* Only for benchmarks and tests: 1 draws sources of 2^16 addresses, 2 of all, 3 for packets that
 * have one hop left. The verifier removes it. */
const volatile __u32 random_sources = 0;

/* Only for benchmarks: 0 leaves out the lists of sources and flows. */
const volatile __u32 metering = 1;

/* Powers of two. Java makes the tables as large as the number of CPUs allows. */
const volatile __u32 flow_slots = FLOWS;
const volatile __u32 source_slots = SOURCES;

/* Data of its own, so that its address is part of the instructions, as with `tables`. */
struct control shield_control SEC(".data.control");

/* Of the whole source address. */
static __always_inline __u64 address_hash(struct packet *p, __u64 seed)
{
	__u64 *words = (__u64 *)p->source;

	return mix(seed ^ words[0] ^ mix(words[1]));
}

/* The same of an IPv4 source. */
static __always_inline __u64 hash_of_ipv4(__be32 address, __u64 seed)
{
	__u32 words[2];

	put_words(words, bpf_htonl(0xffff), address);
	return mix(seed ^ mix(*(__u64 *)words));
}

static __always_inline __u64 bytes_on_wire(struct packet *p)
{
	return p->length + (__u64)(p->segments - 1) * p->headers;
}

/* The first `bits` of a word in network order. */
static __always_inline __u32 keep(__u32 word, int bits)
{
	if (bits <= 0)
		return 0;
	return bits >= 32 ? word : word & bpf_htonl(~0U << (32 - bits));
}
