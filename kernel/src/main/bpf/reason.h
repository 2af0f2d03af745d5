/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#pragma once
/*
 * What became of a packet. A test compares these names with the Java enum DropReason and with
 * docs/kernel/reasons.md. A number + WOULD is the same verdict in dry-run: counted, not dropped.
 */
enum reason {
	REASON_PASSED = 0,
	REASON_DENY_RULE = 1,  /* a deny rule matched and no allow rule */
	REASON_BANNED = 2,     /* the source is banned */
	REASON_LIMIT_RULE = 3, /* the source is over the rate of a limit rule */
	REASON_MALFORMED = 4,  /* headers contradict themselves or the packet's length */
	REASON_STAGE = 5,      /* a user's own stage said so */
	REASON_BAN_LIMIT = 6,  /* the source is held to a rate, and over it */
	REASON_LIMIT_CONNECTIONS = 8, /* the source opens more connections than it may */
	REASON_SYN_COOKIE = 9, /* not lost: the SYN was answered with a SYN cookie */
	REASON_COOKIE_INVALID = 10, /* it ends a handshake that nobody began */
	REASON_SILENCE = 11, /* Java is silent, and the rule set says closed */
	REASONS = 16,
	WOULD = 16,
	COUNTERS = 32,
};
