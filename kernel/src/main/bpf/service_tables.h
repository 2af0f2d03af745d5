/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * What the programs of a service look things up in, and what they remember. Java fills the first
 * five, and reads all but the last two without a system call.
 *
 *     service_ports      by port: whether it is worth to look into `addresses`
 *     addresses          address, port, protocol -> the service, or the target of one
 *     services           by service: its algorithm and own address
 *     tables             by service: 32,749 choices, as many of each target as its share
 *     targets            by target: address and weight; connections in flight and answer times
 *     service_flows      by hash of client and service: sets of three connections and of four
 *                        questions that wait for an answer
 *     service_events     by service: what happened
 *     service_control    the seed, the clock, what is a flood
 *     service_flood      of each CPU: SYNs of this sixteenth of a second
 *     local_connections  by socket of this host: the target its connect() was turned to
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "service.h"

#define TCX_NEXT -1
#define TCX_DROP 2
#define SYN 2
#define ACK 16
#define RST 4
#define FIN 1
#define BPF_F_IPV6_FLAG (1ULL << 7)
#define CANDIDATES 4
#define ANSWER_FLOOR_MICROS 100
#define ANSWER_MOST_MICROS (1 << 24)
#define OPEN_MOST (1 << 20)
#define INVERSE_MOST (1 << 16)
#define LOAD_UNIT 1000 /* of a target of the mean weight */

/* Only for the benchmark: the packet is put back after each run; 2 draws the source by lot. */
const volatile __u32 benchmark = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SERVICES * (TARGETS + 1));
	__type(key, struct service_address);
	__type(value, struct service_place);
} addresses SEC(".maps");

/* By port: whether it is worth to look into `addresses`. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, __u64); /* a byte for each of eight ports */
} service_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SERVICES);
	__type(key, __u32);
	__type(value, struct service);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SERVICES * TARGETS);
	__type(key, __u32);
	__type(value, struct service_target);
} targets SEC(".maps");

struct table {
	__u8 target[TABLE_BYTES];
};

struct table_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__uint(value_size, sizeof(struct table));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, SERVICES);
	__uint(key_size, sizeof(__u32));
	__array(values, struct table_map);
} tables SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FLOW_SETS);
	__type(key, __u32);
	__type(value, struct service_set);
} service_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SERVICES * EVENTS);
	__type(key, __u32);
	__type(value, __u64);
} service_events SEC(".maps");

struct flood {
	__u32 since;
	__u32 syns;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flood);
} service_flood SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct service_control);
} service_control SEC(".maps");

/* Which target a local client's connection was turned to. */
struct local {
	__u32 target; /* index into `targets`, plus one */
	__u32 asked;  /* in microseconds, 0: the client waits for nothing */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct local);
} local_connections SEC(".maps");

/* A TCP or UDP packet, and what becomes of it. */
struct packet {
	__u32 source[4];
	__u32 destination[4];
	__be16 source_port;
	__be16 destination_port;
	__be32 sequence;
	__be32 acknowledgement;
	__u32 payload;
	__u16 ip;        /* offsets into the frame */
	__u16 transport;
	__u8 family;
	__u8 protocol;
	__u8 flags;
	__u8 no_checksum; /* UDP over IPv4 without one */
	__u32 address[4]; /* that it gets */
	__be16 port;
	__u16 pad;
};

enum outcome {
	UNTOUCHED,
	REWRITTEN,
	DROPPED,
};

static __always_inline struct service_control *control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&service_control, &zero);
}

static __always_inline void event(__u32 service, enum event what)
{
	__u32 key = service * EVENTS + what;
	__u64 *count = bpf_map_lookup_elem(&service_events, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline __u64 mix(__u64 h)
{
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static __always_inline __u8 port_use(__be16 port)
{
	__u32 number = bpf_ntohs(port), key = number >> 3;
	__u64 *eight = bpf_map_lookup_elem(&service_ports, &key);

	return eight ? *eight >> ((number & 7) * 8) : 0;
}

static __always_inline struct service_place *place(__u32 *address, __be16 port, __u8 protocol,
						   __u8 kind)
{
	struct service_address key = {
		.port = bpf_ntohs(port),
		.protocol = protocol,
		.kind = kind,
	};

	__builtin_memcpy(key.address, address, 16);
	return bpf_map_lookup_elem(&addresses, &key);
}
