/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
#include <linux/types.h>

/* Shared with Java, which checks every offset against this object's own type information. */

#define CLASSES 256
#define RULE_BITS 64
#define RULE_MANAGEMENT 62 /* the bit of the management allow-list */
#define RULE_SESSION 61    /* the bit of operators' peers: they pass to the ports of their sessions */
#define LENGTHS6_MAX 16    /* different IPv6 prefix lengths in one rule set */

#define LENGTHS4_MAX 9
#define IPV4_BLOCK_BYTES 256
/* Of a /16 in ipv4_top: the block's number, the class around what the block is there for, and a bit
 * for each /21 that holds anything else. */
#define IPV4_IS_BLOCK (1ULL << 63)
#define IPV4_AROUND_SHIFT 16
#define IPV4_GROUPS_SHIFT 24
#define IPV4_LONGER 255 /* a block of this /24 is longer than /24: ask ipv4_long */

/* One rule set but for its tables. Bit n of a mask stands for rule n. */
struct rule_set {
	__u64 classes[CLASSES];    /* rules whose sources hold a source of this class */
	__u64 protocols[4];        /* rules for TCP, UDP, ICMP, anything else */
	__u64 without_ports;       /* rules that name no port: all that a packet without ports meets */
	__u64 allow;
	__u64 deny;
	__u64 limit;
	__u64 intervals[RULE_BITS];  /* of a limit: between two packets, in jiffies << 32 */
	__u64 tolerances[RULE_BITS]; /* and how far ahead a burst may run, in the same unit */
	__u64 connections;           /* limits that count new connections, not packets */
	__u8 bits[RULE_BITS]; /* of a limit: leading bits of an IPv4 source that share it; IPv6: + 32 */
	__u8 lengths4[16];         /* prefix lengths in ipv4_long (24-32), the longest first, 0 ends */
	__u8 lengths6[LENGTHS6_MAX]; /* in ipv6, the longest first, 0 ends */
	__u8 class6;               /* of an IPv6 source that no prefix holds */
	__u8 dry_run;
	__u8 pad[6];
};

struct ipv4_key {
	__u32 address; /* network order, masked */
	__u32 length;
};

struct ipv6_key {
	__u32 address[4];
	__u32 length;
};

struct counter {
	__u64 packets;
	__u64 bytes;
};

/* Java writes, the programs read; but the first three, which program `beat` writes. */
struct control {
	__u64 deadline;  /* jiffies; from then on the programs pass everything */
	__u64 jiffies;   /* when `beat` ran last */
	__u64 nanos;     /* the same moment by CLOCK_MONOTONIC */
	__u64 seed;
	__u64 beat_ticks; /* how long a beat lasts, in jiffies */
	__u32 active;    /* which of the two rule sets */
	__u32 hz;        /* jiffies a second */
	__u32 chain;     /* a bit for each slot of chain.h that is filled */
	__u32 capture;   /* bit n: capture n runs */
	__u64 ban_lengths4; /* prefix lengths of bans + 96, a byte each, 0 ends */
	__u64 ban_lengths6;
	__u32 on_silence; /* enum on_silence */
	__u32 pad;
};

/* What holds while Java gives no sign of life. */
enum on_silence {
	SILENCE_OPEN = 0,   /* everything passes */
	SILENCE_KEEP = 1,   /* the rules go on */
	SILENCE_CLOSED = 2, /* only what no rule could refuse passes */
};

/* Who is signed in from afar: TCP from this address to this port is never dropped. */
#define OPERATORS_MAX 1024

struct operator_key {
	__u32 address[4]; /* as in struct packet */
	__u32 port;
};

#define BANS_MAX 65536
#define BAN_LENGTHS_MAX 8
#define BAN_FILTER_BITS (1 << 20)

struct ban_key {
	__u32 address[4]; /* as in struct packet, masked */
	__u32 length;     /* in 128 bits: of IPv4 96 more */
};

struct ban {
	__u64 until;     /* jiffies */
	__u64 interval;  /* 0: nothing passes; else between two packets, in jiffies << 32 */
	__u64 tolerance; /* how far ahead a burst may run */
	__u64 next;      /* when the next packet may come */
	__u64 packets;   /* dropped, or in dry-run to be dropped */
	__u64 bytes;
};


_Static_assert(sizeof(struct control) == 80, "shield/ShieldMemory.java");
_Static_assert(sizeof(struct ban) == 48, "shield/ShieldMemory.java");
_Static_assert(sizeof(struct rule_set) == 3248, "shield/ShieldMemory.java");
