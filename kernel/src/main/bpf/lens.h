/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0 OR BSD-2-Clause */
/*
 * What lens.bpf.c and io.ostiary.kernel.lens.Lens share: the record of one connection, where it
 * lies, and the block through which Java steers the programs. Java checks each offset against the
 * BTF of the compiled object before it reads a byte.
 */
#ifndef OSTIARY_LENS_H
#define OSTIARY_LENS_H

#include <linux/types.h>

/*
 * Records form a cache of 4 ways: a cookie chooses the set, its higher bits the way that is tried
 * first. 8192 sets of 4 records of 256 bytes are 8 MiB.
 */
#define LENS_SET_BITS 13
#define LENS_SETS (1 << LENS_SET_BITS)
#define LENS_WAYS 4
#define LENS_RECORDS (LENS_SETS * LENS_WAYS)

/*
 * What the running kernel allows, written by Java into read-only data before the programs are
 * loaded: the verifier then drops the branches not taken, with the calls in them.
 */
struct lens_settings {
	__u8 owner_known; /* sockops may ask for the process id (Linux 6.10) */
	__u8 cast;	  /* skb->sk must be cast (Linux 6.4), and bpf_rdonly_cast exists */
};

/* SYNs whose handshake is not complete, direct-mapped by a hash of the four-tuple: 384 KiB. */
#define LENS_SYNS 16384

/* Cookies by a hash of the four-tuple, for packets that were dropped without a socket: 1 MiB. */
#define LENS_TUPLES 32768

/* The newest things that went wrong on a connection, a ring. */
#define LENS_EVENTS 8

/* Drop reasons of the kernel that are counted apart; the last stands for all higher numbers. */
#define LENS_DROPS 256

/*
 * Above all reasons of the kernel: reason.h of the shield, which refused it. What the kernel then
 * says of the same packet comes within so many nanoseconds.
 */
#define LENS_REFUSED 0x10000
#define LENS_ECHO_NS 20000

enum lens_flag {
	LENS_ACTIVE = 1,      /* we opened the connection */
	LENS_WINDOW_ZERO = 2, /* the peer's window is closed at the moment */
	LENS_UNACKED = 4,     /* something that was written is not yet acknowledged */
	LENS_FULL = 8,	      /* our own window is closed at the moment */
	LENS_HOLE = 16,	      /* a segment came, and one before it has not yet */
	LENS_ESTABLISHED = 32, /* the handshake is complete: established_ns in another line */
};

/* The lowest three bits of an event; the others are its time. Java: ConnectionEvent. */
enum lens_event {
	LENS_SENT_AGAIN = 1,
	LENS_CAME_AGAIN = 2,
	LENS_OUT_OF_ORDER = 3,
	LENS_PEER_FULL = 4,
	LENS_WE_FULL = 5,
	LENS_DROPPED_IN = 6,
	LENS_DROPPED_OUT = 7,
};

/* The numbers of CloseReason in Java and of docs/kernel/lens.md. */
enum lens_close {
	LENS_OPEN = 0,
	LENS_FIN_RECEIVED = 1,
	LENS_FIN_SENT = 2,
	LENS_RESET_RECEIVED = 3,
	LENS_RESET_SENT = 4,
	LENS_TIMEOUT = 5,
	LENS_OTHER = 6,
};

/*
 * One connection: four cache lines. The first two change with segments, the third with the
 * connection's life, the fourth when something goes wrong. Times are CLOCK_MONOTONIC nanoseconds.
 * `generation` is odd while the record passes from one connection to the next.
 */
struct lens_record {
	__u64 cookie;
	__u32 generation;
	__u32 flags;
	__u64 first_data_ns;
	__u64 last_data_ns;
	__u64 last_ack_ns;
	__u64 bytes_in;
	__u32 segments_in;
	__u32 ifindex;
	__u32 write_seq; /* what we had sent when data last came: a change means a new request */
	__u32 repeated_in;

	__u64 bytes_out;
	__u64 bytes_acked;
	__u32 segments_out;
	__u32 retransmits;
	__u32 srtt_us;
	__u32 min_rtt_us;
	__u32 rtt_samples;
	__u32 out_of_order_in;
	__u32 zero_windows;
	__u32 own_zero_windows;
	__u64 answered_ns; /* when what was written before the newest request was acknowledged */
	__u32 events;	   /* how many there were; the ring keeps the newest */
	__u32 requests;	   /* bursts of data that came after we had written, the first included */

	__u64 syn_ns;
	__u64 established_ns;
	__u64 closed_ns;
	__u32 handshake_rtt_us;
	__u32 syn_ack_retransmits;
	__u32 close_reason;
	__u32 dropped_in;
	__u64 syn_ack_ns; /* of the last one sent; for our own connections when it came */
	__u32 dropped_out;
	__u32 drop_reason; /* enum skb_drop_reason of the running kernel, of the newest drop */
	__u32 stalled;	  /* how long segments waited for one before them, in 1024 ns */
	__u32 hole_since; /* in 1024 ns */

	__u64 event[LENS_EVENTS];
};
_Static_assert(sizeof(struct lens_record) == 256, "four cache lines");

/* `seal` is tag ^ at, so that a reader sees when another CPU wrote between its two reads. */
struct lens_syn {
	__u64 seal;
	__u64 at;
	__u64 answered;
};

struct lens_tuple {
	__u64 seal; /* tag ^ cookie */
	__u64 cookie;
	__u64 net;  /* the cookie of its network namespace */
	__u64 unused;
};

/* Written by Java before the programs are attached, ports also later; totals by the programs. */
struct lens_control {
	__u64 seed;
	__u64 owner_device; /* the pid namespace in which the owner has this process id */
	__u64 owner_inode;
	__u32 owner;
	__u32 padding;
	__u64 tracked;	   /* connections that got a record */
	__u64 overwritten; /* of them, those that took the record of a connection still open */
	__u64 untracked;   /* connections that got none, because two CPUs wanted the same record */
	__u64 ports[1024]; /* one bit per listening port */
	__u64 net; /* the cookie of the listeners' network namespace; 0: none was accepted yet */
	__u64 drops[LENS_DROPS]; /* packets of these ports and connections that were dropped */
};

#endif
