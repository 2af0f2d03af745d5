/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
#include <linux/types.h>

/* Shared with Java, which checks every offset against this object's own type information. */

/*
 * Each value that a field of a packet can have stands for a row, the set of rules that it agrees
 * with. What all fields of a packet agree with are the rules that match it.
 */
#define RULES_MAX 448
#define RULE_WORDS 7
#define RULE_SLOTS 512 /* a power of two: what the verifier can see to be in bounds */
#define ROWS 8192
#define ROWS_SIDE 4096      /* the rows of destination addresses; those of sources are below */
#define ROWS_SELECTORS 5120 /* the rows of all other fields */
#define LENGTHS6_MAX 16     /* different IPv6 prefix lengths of one side in one rule set */
#define LENGTHS4_MAX 9 /* 24-32 */
#define SIDES 2 /* source and destination */

#define MARK_MANAGEMENT 1 /* of the management allow-list */
#define MARK_SESSION 2	  /* an operator's peer: passes to the ports of sessions */
#define MARK_RULES 4	  /* `rules` is not empty */

struct row {
	__u64 rules[RULE_WORDS]; /* bit n of all: rule n of the file */
	__u64 marks;
};

/* By destination port, ICMP type or protocol. */
#define SELECT_TCP 0
#define SELECT_UDP 65536
#define SELECT_OTHER 131072 /* + protocol: no port is known, as of a later fragment */
#define SELECT_ICMP 131328  /* + type */
#define SELECT_ICMPV6 131584
#define SELECT_SOURCE_PORT 131840
#define SELECT_VLAN 197376
#define SELECT_FLAGS 201472
#define SELECT_INTERFACE 201728
#define SELECTORS 201984

#define IPV4_BLOCK_BYTES 256
/* Of a /16 in ipv4_top: the block's number, the class around what the block is there for, and a bit
 * for each /21 that holds anything else. Else the class. */
#define IPV4_IS_BLOCK (1ULL << 63)
#define IPV4_AROUND_SHIFT 16
#define IPV4_CLASS_BITS 15
#define IPV4_GROUPS_SHIFT 31
#define IPV4_LONGER 255 /* of a /24 in a block: ask ipv4_long */

#define INTERFACES 256 /* a power of two; those with one number modulo this share counters */

/* One rule set but for its tables. */
struct rule_set {
	__u64 allow[RULE_WORDS];
	__u64 deny[RULE_WORDS];
	__u64 connections[RULE_WORDS]; /* limits that count new connections, not packets */
	__u64 intervals[RULE_SLOTS];  /* of a limit: between two packets, in jiffies << 32 */
	__u64 tolerances[RULE_SLOTS]; /* and how far ahead a burst may run, in the same unit */
	__u8 bits[RULE_SLOTS]; /* of a limit: leading bits of a source that share it; IPv6: + 32 */
	__u8 lengths6[SIDES * LENGTHS6_MAX]; /* in ipv6, the longest first, 0 ends */
	__u16 lengths4[SIDES];	     /* bit n: ipv4_long has prefixes of 32 - n bits */
	__u32 class4[SIDES];	     /* of an address that no prefix holds */
	__u32 class6[SIDES];
	__u32 addresses;	     /* which of the two tables of addresses */
	__u16 words;		     /* of a row that are in use */
	__u8 more;		     /* a rule asks for more than source, service and port */
	__u8 dry_run;
	__u32 pad;
};

struct ipv4_key {
	__u32 address; /* network order, masked */
	__u32 length;  /* + 256 for destinations */
};

struct ipv6_key {
	__u32 address[4];
	__u32 length; /* + 256 for destinations */
};

/* What one rule decided. */
struct rule_hits {
	__u64 passed_packets;
	__u64 passed_bytes;
	__u64 dropped_packets; /* in dry-run: to be dropped */
	__u64 dropped_bytes;
	__u64 last; /* jiffies */
};

struct counter {
	__u64 packets;
	__u64 bytes;
};

/*
 * Java writes, the programs read; but `deadline`, `jiffies` and `nanos`, which `beat` writes.
 * What every packet reads is in the first line of cache.
 */
struct control {
	__u64 deadline;  /* jiffies; from then on the programs pass everything */
	__u64 seed;
	__u64 flood_until; /* jiffies; the handshake program writes it */
	__u64 ban_lengths4; /* prefix lengths of bans + 96, a byte each, 0 ends */
	__u64 ban_lengths6;
	__u32 active;    /* which of the two rule sets */
	__u32 hz;        /* jiffies a second */
	__u32 chain;     /* a bit for each slot of chain.h that is filled */
	__u32 capture;   /* bit n: capture n runs */
	__u32 on_silence; /* enum on_silence */
	__u32 flood_opens; /* SYNs a second on one CPU that are a flood; 0: none is */

	__u64 jiffies;   /* when `beat` ran last */
	__u64 nanos;     /* the same moment by CLOCK_MONOTONIC */
	__u64 beat_ticks; /* how long a beat lasts, in jiffies */
	__u64 lens_seed; /* that of the lens's tags, see tell.h; 0: there is none */
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


_Static_assert(sizeof(struct control) == 96, "shield/ShieldMemory.java");
_Static_assert(sizeof(struct rule_set) == 8936, "shield/ShieldMemory.java");
_Static_assert(sizeof(struct ban) == 48, "shield/ShieldMemory.java");
