/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * What the lens looks things up in, and what it remembers; Java reads the first and the last
 * without a system call.
 *
 *     lens_records  by socket cookie: one record for each connection (lens_record.h)
 *     lens_syns     by hash of the four-tuple: when a SYN came and was answered, until the
 *                   handshake is complete and there is a socket to ask
 *     lens_tuples   by hash of the four-tuple: the cookie, for packets that were dropped before
 *                   they had a socket
 *     lens_control  the ports that are watched, whose connect() is ours, totals, drops by reason
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "lens.h"
#include "lens_kernel.h"

#define AF_INET 2
#define AF_INET6 10
#define ETIMEDOUT 110
#define SOCK_DONE 1 /* enum sock_flags: a FIN has come */
#define FIN 1
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define TCP 6

/* The only read-only data, so that it lies at offset 0. */
const volatile struct lens_settings settings = {.owner_known = 1, .cast = 1};

extern void *bpf_rdonly_cast(const void *pointer, __u32 btf_id) __ksym __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LENS_RECORDS);
	__type(key, __u32);
	__type(value, struct lens_record);
} lens_records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LENS_SYNS);
	__type(key, __u32);
	__type(value, struct lens_syn);
} lens_syns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LENS_TUPLES);
	__type(key, __u32);
	__type(value, struct lens_tuple);
} lens_tuples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lens_control);
} lens_control SEC(".maps");

static __always_inline struct lens_control *control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&lens_control, &zero);
}
