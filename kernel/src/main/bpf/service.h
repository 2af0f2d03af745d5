/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
#include <linux/types.h>

/* Shared with Java, which checks every offset against this object's own type information. */

#define SERVICES 32
#define TARGETS 64          /* of one service */
#define TABLE_SLOTS 32749   /* a prime: of a service's choices (Maglev) */
#define TABLE_BYTES 32752
#define FLOW_SETS 32768
#define FLOW_WAYS 3
#define SET_PENDING 4
#define NO_TARGET 255

#define PORT_OF_SERVICE 1
#define PORT_OF_TARGET 2

enum algorithm {
	MAGLEV = 1,
	WEIGHTED = 2,
	LEAST_LOADED = 3,
};

/* What happened, for the counters of a service. */
enum event {
	EVENT_SPARE,
	EVENT_PROVEN,    /* a handshake was completed */
	EVENT_STATELESS, /* a packet without a flow was sent on by the table alone */
	EVENT_NO_TARGET, /* dropped: no target has a weight */
	EVENT_NO_ROOM,   /* a flow found its set full of proven ones */
	EVENT_STRAY,     /* dropped: an answer to a connection that another target has */
	EVENT_FLOOD,     /* a SYN was sent by the table alone, as too many came at once */
	EVENT_LOCAL,     /* a connection of a local client was turned to a target */
	EVENTS,
};

struct service_address {
	__u32 address[4]; /* network order; IPv4 in the last word, ::ffff:0:0 before it */
	__u16 port;       /* host order */
	__u8 protocol;
	__u8 kind; /* PORT_OF_SERVICE or PORT_OF_TARGET */
};

struct service_place {
	__u8 service;
	__u8 target;
	__u8 pad[2];
};

struct service {
	__u32 address[4];
	__u16 port;
	__u8 protocol;
	__u8 algorithm;
	__u8 family;
	__u8 targets; /* places of targets, up to the last that has a weight */
	__u8 pad[2];
};

/* Java writes what comes first, the programs the rest; Java reads all of it without a call. */
struct service_target {
	__u32 address[4];
	__u16 port;
	__u16 pad;
	__u32 inverse_weight; /* 1000 x mean weight / weight */
	/* Below: the programs. */
	__s32 open;            /* connections in flight */
	__u32 answer_micros;   /* from a request to the first byte back; moving average */
	__u32 answer_at;       /* jiffies, of the last sample */
	__u32 rtt_micros;      /* SYN to SYN-ACK; moving average */
	__u64 connections;     /* since the target was put here */
	__u64 syns;
	__u32 probe_hash;      /* of the one SYN whose answer is timed */
	__u32 probe_micros;
};

/* A connection, known from the SYN-ACK on. */
struct service_flow {
	__u32 client[4];
	__u16 port; /* network order */
	__u8 service;
	__u8 target;
	__u32 last;  /* jiffies */
	__u32 word;  /* unproven: the target's first sequence number; proven: when it was asked */
	__u32 state;
};

enum flow_state {
	FLOW_FREE,
	FLOW_CLOSED,       /* still routed, first to be overwritten */
	FLOW_UNPROVEN,     /* a SYN-ACK has passed: the client's address may be invented */
	FLOW_DATAGRAMS,    /* UDP, which proves nothing */
	FLOW_PROVEN,       /* the client has acknowledged what only it could know */
	FLOW_CLIENT_ENDED, /* FIN */
	FLOW_TARGET_ENDED,
	FLOW_BUSY, /* being written by another processor */
};

/* By hash of a flow: the high half a tag, the low half when, in 64ths of jiffies. */
struct service_pending {
	__u32 asked;     /* a SYN or datagram went to a target, so that its answer is ours */
	__u32 stateless; /* so did a later packet of a flow that has no record */
};

/* Two cache lines: a new connection misses no other. */
struct service_set {
	struct service_flow way[FLOW_WAYS];
	struct service_pending pending[SET_PENDING];
};

struct service_control {
	__u64 seed;
	__u64 netns;     /* whose connects are turned */
	__u32 hz;
	__u32 syns_max;  /* new connections a processor takes in a 16th of a second before it
			  * is a flood */
	__u32 now;       /* jiffies; for Java, by program `service_clock` */
	__u32 second;    /* 2 to this are about the jiffies of a second */
};

_Static_assert(sizeof(struct service_address) == 20, "balance/ServiceMemory.java");
_Static_assert(sizeof(struct service) == 24, "balance/ServiceMemory.java");
_Static_assert(sizeof(struct service_target) == 64, "balance/ServiceMemory.java");
_Static_assert(sizeof(struct service_flow) == 32, "balance/ServiceMemory.java");
_Static_assert(sizeof(struct service_set) == 128, "balance/ServiceMemory.java");
_Static_assert(sizeof(struct service_control) == 32, "balance/ServiceMemory.java");
