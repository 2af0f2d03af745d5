/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0 OR BSD-2-Clause */
/*
 * The kernel's own structures, only as far as lens.bpf.c reads them. libbpf relocates the offsets
 * to those of the running kernel (CO-RE), so no vmlinux.h of any one kernel is needed.
 */
#ifndef OSTIARY_LENS_KERNEL_H
#define OSTIARY_LENS_KERNEL_H

#include <linux/types.h>

#define KERNEL __attribute__((preserve_access_index))

typedef struct {
	__s64 counter;
} KERNEL atomic64_t;

struct in6_addr___lens {
	union {
		__be32 u6_addr32[4];
	} in6_u;
} KERNEL;

struct net___lens {
	__u64 net_cookie;
} KERNEL;

typedef struct {
	struct net___lens *net;
} KERNEL possible_net_t;

struct net_device {
	possible_net_t nd_net;
} KERNEL;

struct sock_common {
	__be32 skc_daddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr___lens skc_v6_daddr;
	unsigned long skc_flags;
	atomic64_t skc_cookie;
} KERNEL;

struct sock {
	struct sock_common __sk_common;
	int sk_err;
	int sk_rx_dst_ifindex;
} KERNEL;

struct inet_sock {
	struct sock sk;
} KERNEL;

struct inet_connection_sock {
	struct inet_sock icsk_inet;
} KERNEL;

struct minmax_sample {
	__u32 t;
	__u32 v;
} KERNEL;

struct minmax {
	struct minmax_sample s[3];
} KERNEL;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 snd_wnd;
	__u32 rcv_wnd;
	struct minmax rtt_min;
	__u32 segs_in;
	__u32 segs_out;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 bytes_acked;
	__u64 bytes_received;
	__u32 write_seq;
	__u32 rcv_nxt;
	__u32 snd_una;
	__u32 srtt_us;
	__u32 total_retrans;
	__u32 rcv_ooopack;
	__u8 bpf_sock_ops_cb_flags;
} KERNEL;

struct sk_buff {
	struct sock *sk;
	struct net_device *dev;
	int skb_iif;
	unsigned char *head;
	__u16 network_header;
	__be16 protocol;
	char cb[48];
} KERNEL;

struct tcp_skb_cb {
	__u32 seq;
	__u32 end_seq;
	__u16 tcp_flags;
	__u32 ack_seq;
} KERNEL;

enum skb_drop_reason___lens {
	SKB_DROP_REASON_TCP_OLD_DATA___lens = 1,
	SKB_DROP_REASON_QUEUE_PURGE___lens = 2,
	SKB_DROP_REASON_NOT_SPECIFIED___lens = 3,
	SKB_DROP_REASON_XDP___lens = 4,
	SKB_DROP_REASON_TC_INGRESS___lens = 5,
};

#undef KERNEL

#endif
