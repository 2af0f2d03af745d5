// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * lens: what the kernel knows of each TCP connection of the gateway, kept where Java can read it
 * without a system call.
 *
 * sockops sees a connection begin (SYN, established) and change state; it chooses the connections
 * worth a record (those accepted on a port of ours, and those that our own process opens), and sets
 * the STATE callback flag on their sockets. That flag is also the mark by which the tracepoints
 * below leave every other socket after two loads. Two tracepoints keep the record current:
 * tcp_probe when a segment has arrived, before the stack works on it, and net_dev_queue when one of
 * ours leaves. Two more tell who reset, and kfree_skb what the kernel dropped and why.
 *
 * No lock: everything but net_dev_queue runs under the socket's own lock, and net_dev_queue only
 * copies counters that grow, one store each. A record changes hands by a compare-and-swap on its
 * generation.
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

static __always_inline struct lens_record *way(__u64 cookie, __u32 step)
{
	__u32 first = cookie >> LENS_SET_BITS;
	__u32 slot = (cookie & (LENS_SETS - 1)) * LENS_WAYS + ((first + step) & (LENS_WAYS - 1));

	return bpf_map_lookup_elem(&lens_records, &slot);
}

static __always_inline struct lens_record *find(__u64 cookie)
{
	struct lens_record *r;

	if (!cookie)
		return NULL;
#pragma unroll
	for (__u32 i = 0; i < LENS_WAYS; i++) {
		r = way(cookie, i);
		if (r && r->cookie == cookie)
			return r;
	}
	return NULL;
}

/* Makes the generation odd, so that no reader trusts the record until settle(). */
static __always_inline bool take(struct lens_record *r)
{
	__u32 even = r->generation & ~1U;

	return __sync_val_compare_and_swap(&r->generation, even, even + 1) == even;
}

static __always_inline void settle(struct lens_record *r)
{
	/* An exchange is a full barrier: all stores above are seen before the even number is. */
	__sync_lock_test_and_set(&r->generation, (r->generation | 1) + 1);
}

/*
 * A record for a new connection: of its four ways the first that is free or belonged to a
 * connection now closed. Where all four are open the first is given up, and counted.
 */
static __always_inline struct lens_record *claim(struct lens_control *c, __u64 cookie)
{
	struct lens_record *r;

#pragma unroll
	for (__u32 i = 0; i < LENS_WAYS; i++) {
		r = way(cookie, i);
		if (!r || (r->cookie && !r->closed_ns))
			continue;
		if (take(r))
			return r;
	}
	r = way(cookie, 0);
	if (r && take(r)) {
		__sync_fetch_and_add(&c->overwritten, 1);
		return r;
	}
	__sync_fetch_and_add(&c->untracked, 1);
	return NULL;
}

static __always_inline void wipe(struct lens_record *r, __u64 cookie, __u32 flags)
{
	__u32 generation = r->generation;

	__builtin_memset((char *)r + 16, 0, sizeof(*r) - 16);
	r->cookie = cookie;
	r->generation = generation;
	r->flags = flags;
}

static __always_inline bool after(__u32 a, __u32 b)
{
	return (__s32)(b - a) < 0;
}

/* Eight nanoseconds more or less are the price of keeping the kind in the same store. */
static __always_inline void event(struct lens_record *r, enum lens_event kind, __u64 now)
{
	__u32 number = r->events;

	r->event[number & (LENS_EVENTS - 1)] = (now & ~7ULL) | kind;
	r->events = number + 1;
}

static __always_inline void hole(struct lens_record *r, __u64 now)
{
	if (r->flags & LENS_HOLE)
		return;
	r->flags |= LENS_HOLE;
	r->hole_since = now >> 10;
}

static __always_inline void filled(struct lens_record *r, __u64 now)
{
	r->flags &= ~LENS_HOLE;
	r->stalled += (__u32)(now >> 10) - r->hole_since;
}

static __always_inline void windows(struct lens_record *r, struct tcp_sock *tp, __u32 flags)
{
	__u32 was = flags;

	if (tp->snd_wnd)
		flags &= ~LENS_WINDOW_ZERO;
	else
		flags |= LENS_WINDOW_ZERO;
	if (tp->rcv_wnd)
		flags &= ~LENS_FULL;
	else
		flags |= LENS_FULL;
	if (flags & ~was & LENS_WINDOW_ZERO) {
		r->zero_windows++;
		event(r, LENS_PEER_FULL, bpf_ktime_get_ns());
	}
	if (flags & ~was & LENS_FULL) {
		r->own_zero_windows++;
		event(r, LENS_WE_FULL, bpf_ktime_get_ns());
	}
	if (flags != was)
		r->flags = flags;
}

/*
 * The counters of the socket. A FIN takes a sequence number, which the kernel counts as a byte in
 * both directions; so does our SYN in bytes_acked. Neither is data, so they are taken out.
 */
static __always_inline void copy(struct lens_record *r, struct tcp_sock *tp, __u32 arriving,
				 __u32 acked)
{
	__u64 sent = tp->bytes_sent, once = sent - tp->bytes_retrans;
	__u64 confirmed = tp->bytes_acked + acked;
	__u64 fin = (tp->inet_conn.icsk_inet.sk.__sk_common.skc_flags >> SOCK_DONE) & 1;
	__u32 smallest = tp->rtt_min.s[0].v, again = tp->total_retrans;
	__u32 flags = r->flags;

	r->bytes_in = tp->bytes_received + arriving - fin;
	r->segments_in = tp->segs_in;
	r->bytes_out = sent;
	r->bytes_acked = confirmed < once ? confirmed : once;
	r->segments_out = tp->segs_out;
	if (again != r->retransmits) {
		r->retransmits = again;
		event(r, LENS_SENT_AGAIN, bpf_ktime_get_ns());
	}
	r->srtt_us = tp->srtt_us >> 3;
	r->min_rtt_us = smallest == ~0U ? 0 : smallest;
	r->out_of_order_in = tp->rcv_ooopack;
	if (tp->write_seq - tp->snd_una != acked)
		flags |= LENS_UNACKED;
	else
		flags &= ~LENS_UNACKED;
	if (flags != r->flags)
		r->flags = flags;
	if (r->established_ns)
		windows(r, tp, flags);
}

static __always_inline __u64 mix(__u64 h)
{
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15ULL;
	h ^= h >> 29;
	return h;
}

/* The other end and our port, both in host order. */
struct endpoint {
	__u32 address[4]; /* network order; IPv4 as ::ffff:a.b.c.d */
	__u16 port;
	__u16 local_port;
};

/* ::ffff:a.b.c.d and a.b.c.d are one client: the request has the one, its socket the other. */
static __always_inline void ipv4(struct endpoint *e, __u32 address)
{
	e->address[0] = e->address[1] = 0;
	e->address[2] = bpf_htonl(0xffff);
	e->address[3] = address;
}

static __always_inline __u64 tag(struct endpoint *e, __u64 seed)
{
	__u64 h = seed ^ ((__u64)e->port << 32) ^ e->local_port;

	h = mix(h ^ ((__u64)e->address[0] << 32 | e->address[1])) ^ ((__u64)e->address[2] << 32);
	return mix(mix(h ^ e->address[3]));
}

static __always_inline __u64 tag_of(struct bpf_sock_ops *ops, __u64 seed)
{
	struct endpoint e = {
		.port = bpf_ntohl(ops->remote_port),
		.local_port = ops->local_port,
	};

	if (ops->family == AF_INET6) {
		e.address[0] = ops->remote_ip6[0];
		e.address[1] = ops->remote_ip6[1];
		e.address[2] = ops->remote_ip6[2];
		/* Or clang makes one load with a computed offset of the two, which is refused. */
		barrier();
		e.address[3] = ops->remote_ip6[3];
		barrier();
	} else {
		ipv4(&e, ops->remote_ip4);
		barrier();
	}
	return tag(&e, seed);
}

static __always_inline bool watched(struct lens_control *c, __u32 port)
{
	return c->ports[(port >> 6) & 1023] >> (port & 63) & 1;
}

/* A SYN came to a listener: only the request exists, not yet a socket, so only the time is kept. */
static __always_inline void on_syn(struct bpf_sock_ops *ops, struct lens_control *c)
{
	struct lens_syn *syn;
	__u64 now, t;
	__u32 slot;

	if (ops->is_fullsock || !watched(c, ops->local_port))
		return;
	t = tag_of(ops, c->seed);
	slot = t & (LENS_SYNS - 1);
	syn = bpf_map_lookup_elem(&lens_syns, &slot);
	if (!syn)
		return;
	now = bpf_ktime_get_ns();
	syn->at = now;
	syn->answered = 0;
	syn->seal = t ^ now;
}

static __always_inline struct lens_syn *syn_of(__u64 t)
{
	__u32 slot = t & (LENS_SYNS - 1);
	struct lens_syn *syn = bpf_map_lookup_elem(&lens_syns, &slot);

	return syn && (syn->seal ^ syn->at) == t ? syn : NULL;
}

/* Lets packets that are dropped before they reach the socket find the connection. */
static __always_inline void remember(struct bpf_sock_ops *ops, __u64 t, __u64 cookie)
{
	__u32 slot = t & (LENS_TUPLES - 1);
	struct lens_tuple *tuple = bpf_map_lookup_elem(&lens_tuples, &slot);

	if (tuple) {
		tuple->net = bpf_get_netns_cookie(ops);
		tuple->cookie = cookie;
		tuple->seal = t ^ cookie;
	}
}

static __always_inline void mark(struct bpf_sock_ops *ops, __u32 flags)
{
	bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags | flags);
}

static __always_inline struct tcp_sock *tcp_of(struct bpf_sock_ops *ops)
{
	struct bpf_sock *sk = ops->sk;

	return sk ? bpf_skc_to_tcp_sock(sk) : NULL;
}

static __always_inline void established(struct lens_record *r, struct tcp_sock *tp, __u64 now)
{
	r->established_ns = now;
	r->handshake_rtt_us = tp->srtt_us >> 3;
	r->rtt_samples = tp->srtt_us ? 1 : 0;
	r->ifindex = tp->inet_conn.icsk_inet.sk.sk_rx_dst_ifindex;
	r->write_seq = tp->write_seq;
}

/* Data may ride on the last packet of the handshake, which tcp_probe does not see. */
static __always_inline bool carries_data(struct bpf_sock_ops *ops)
{
	__u8 *header = ops->skb_data;

	if ((void *)(header + 20) > ops->skb_data_end)
		return false;
	return ops->skb_len > (header[12] >> 4) * 4;
}

static __always_inline void on_accepted(struct bpf_sock_ops *ops, struct lens_control *c)
{
	struct lens_record *r;
	struct lens_syn *syn;
	struct tcp_sock *tp;
	__u64 cookie, now, t;

	if (!watched(c, ops->local_port))
		return;
	tp = tcp_of(ops);
	cookie = bpf_get_socket_cookie(ops);
	r = tp ? claim(c, cookie) : NULL;
	if (!r)
		return;
	now = bpf_ktime_get_ns();
	wipe(r, cookie, 0);
	t = tag_of(ops, c->seed);
	syn = syn_of(t);
	if (syn) {
		r->syn_ns = syn->at;
		r->syn_ack_ns = syn->answered;
	}
	r->syn_ack_retransmits = r->retransmits = tp->total_retrans;
	established(r, tp, now);
	copy(r, tp, 0, 0);
	if (carries_data(ops)) {
		r->first_data_ns = r->last_data_ns = now;
		r->requests = 1;
	}
	settle(r);
	remember(ops, t, cookie);
	c->net = bpf_get_netns_cookie(ops);
	__sync_fetch_and_add(&c->tracked, 1);
	mark(ops, BPF_SOCK_OPS_STATE_CB_FLAG);
}

/* connect() of our own process, in its context; the SYN is about to leave. */
static __always_inline void on_connect(struct bpf_sock_ops *ops, struct lens_control *c)
{
	struct bpf_pidns_info who = {};
	struct lens_record *r;
	__u64 cookie;

	if (!settings.owner_known)
		return;
	if (bpf_get_ns_current_pid_tgid(c->owner_device, c->owner_inode, &who, sizeof(who)))
		return;
	if (who.tgid != c->owner)
		return;
	cookie = bpf_get_socket_cookie(ops);
	r = claim(c, cookie);
	if (!r)
		return;
	wipe(r, cookie, LENS_ACTIVE);
	r->syn_ns = bpf_ktime_get_ns();
	settle(r);
	remember(ops, tag_of(ops, c->seed), cookie);
	__sync_fetch_and_add(&c->tracked, 1);
	mark(ops, BPF_SOCK_OPS_STATE_CB_FLAG);
}

static __always_inline void on_state(struct bpf_sock_ops *ops, struct lens_record *r,
				     struct tcp_sock *tp)
{
	__u32 to = ops->args[1];

	if (to == BPF_TCP_CLOSE) {
		if (tp->inet_conn.icsk_inet.sk.sk_err == ETIMEDOUT)
			r->close_reason = LENS_TIMEOUT;
		else if (!r->close_reason)
			r->close_reason = LENS_OTHER;
		r->closed_ns = bpf_ktime_get_ns();
		return;
	}
	if (to != BPF_TCP_CLOSE_WAIT && to != BPF_TCP_FIN_WAIT1)
		return;
	if (!r->close_reason)
		r->close_reason = to == BPF_TCP_CLOSE_WAIT ? LENS_FIN_RECEIVED : LENS_FIN_SENT;
	/* From here on tcp_probe no longer sees the acknowledgements, so ask for them here. */
	mark(ops, BPF_SOCK_OPS_RTT_CB_FLAG);
}

/* What happens to a connection that has its record already. */
static __always_inline void on_change(struct bpf_sock_ops *ops)
{
	struct lens_record *r = find(bpf_get_socket_cookie(ops));
	struct tcp_sock *tp = r ? tcp_of(ops) : NULL;

	if (!tp)
		return;
	if (ops->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB) {
		established(r, tp, bpf_ktime_get_ns());
		r->syn_ack_ns = r->established_ns;
	} else if (ops->op == BPF_SOCK_OPS_RTT_CB) {
		r->last_ack_ns = bpf_ktime_get_ns();
		r->rtt_samples++;
	} else {
		on_state(ops, r, tp);
	}
	copy(r, tp, 0, 0);
}

/* Always 1 and never a reply, so that nothing about the connection changes. */
SEC("sockops")
int lens_sockops(struct bpf_sock_ops *ops)
{
	struct lens_control *c = control();

	if (!c)
		return 1;
	switch (ops->op) {
	case BPF_SOCK_OPS_RWND_INIT:
		on_syn(ops, c);
		break;
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		on_connect(ops, c);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		on_accepted(ops, c);
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
	case BPF_SOCK_OPS_STATE_CB:
	case BPF_SOCK_OPS_RTT_CB:
		on_change(ops);
		break;
	}
	return 1;
}

static __always_inline bool marked(struct tcp_sock *tp)
{
	return tp && tp->bpf_sock_ops_cb_flags & BPF_SOCK_OPS_STATE_CB_FLAG;
}

static __always_inline struct tcp_sock *tracked(struct sock *sk)
{
	struct tcp_sock *tp;

	if (!sk || !sk->__sk_common.skc_cookie.counter)
		return NULL;
	tp = bpf_skc_to_tcp_sock(sk);
	return marked(tp) ? tp : NULL;
}

/*
 * The same for the socket of a packet on its way out. The verifier of newer kernels holds skb->sk
 * for a pointer under RCU and refuses it to the helper above; they have bpf_rdonly_cast instead,
 * which believes any type, so what is not a whole socket must be left first. Another protocol's
 * socket shows garbage at most, and then has no record under its cookie.
 */
static __always_inline struct tcp_sock *tracked_sender(struct sock *sk)
{
	struct tcp_sock *tp;
	__u8 state;

	if (!settings.cast)
		return tracked(sk);
	if (!sk || !sk->__sk_common.skc_cookie.counter)
		return NULL;
	state = sk->__sk_common.skc_state;
	if (state == BPF_TCP_TIME_WAIT || state == BPF_TCP_NEW_SYN_RECV)
		return NULL;
	tp = bpf_rdonly_cast(sk, bpf_core_type_id_kernel(struct tcp_sock));
	return marked(tp) ? tp : NULL;
}

static __always_inline struct lens_record *record_of(struct sock *sk)
{
	return find(sk->__sk_common.skc_cookie.counter);
}

/* A segment has arrived on an established connection; the stack has not worked on it yet. */
SEC("tp_btf/tcp_probe")
int BPF_PROG(lens_arrived, struct sock *sk, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = (struct tcp_skb_cb *)&skb->cb[0];
	struct tcp_sock *tp = tracked(sk);
	struct lens_record *r = tp ? record_of(sk) : NULL;
	__u32 seq, end, ack, una, next, arriving = 0, acked = 0;
	__u64 now = 0;

	if (!r)
		return 0;
	seq = cb->seq;
	end = cb->end_seq - (cb->tcp_flags & FIN);
	ack = cb->ack_seq;
	una = tp->snd_una;
	if (seq != end || ack != una)
		now = bpf_ktime_get_ns();
	if (after(ack, una)) {
		acked = ack - una;
		r->last_ack_ns = now;
		r->rtt_samples++;
	}
	if (seq != end) {
		__u32 sent = tp->write_seq;

		r->last_data_ns = now;
		if (sent != r->write_seq || !r->first_data_ns) {
			r->write_seq = sent;
			r->first_data_ns = now;
			r->answered_ns = r->last_ack_ns;
			r->requests++;
		}
		next = tp->rcv_nxt;
		if (!after(end, next)) {
			r->repeated_in++;
			event(r, LENS_CAME_AGAIN, now);
		} else if (after(seq, next)) {
			event(r, LENS_OUT_OF_ORDER, now);
			hole(r, now);
		} else {
			arriving = end - next;
			if (r->flags & LENS_HOLE)
				filled(r, now);
		}
	}
	r->ifindex = skb->skb_iif;
	copy(r, tp, arriving, acked);
	return 0;
}

/* The SYN-ACK belongs to a request, which is not yet a socket. */
static __always_inline void on_syn_ack(struct sock *sk)
{
	struct lens_control *c = control();
	struct endpoint e = {};
	struct lens_syn *syn;

	e.local_port = sk->__sk_common.skc_num;
	if (!c || !watched(c, e.local_port))
		return;
	e.port = bpf_ntohs(sk->__sk_common.skc_dport);
	if (sk->__sk_common.skc_family == AF_INET6) {
		e.address[0] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[0];
		e.address[1] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[1];
		e.address[2] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[2];
		e.address[3] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[3];
	} else {
		ipv4(&e, sk->__sk_common.skc_daddr);
	}
	syn = syn_of(tag(&e, c->seed));
	if (syn)
		syn->answered = bpf_ktime_get_ns();
}

/* A packet goes to a device. Those of other sockets, or of none, leave after three loads. */
SEC("tp_btf/net_dev_queue")
int BPF_PROG(lens_sent, struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	struct lens_record *r;
	struct tcp_sock *tp;

	if (!sk)
		return 0;
	if (sk->__sk_common.skc_state == BPF_TCP_NEW_SYN_RECV) {
		on_syn_ack(sk);
		return 0;
	}
	tp = tracked_sender(sk);
	r = tp ? record_of(sk) : NULL;
	if (r)
		copy(r, tp, 0, 0);
	return 0;
}

static __always_inline void on_reset(struct sock *sk, __u32 reason)
{
	struct tcp_sock *tp = tracked(sk);
	struct lens_record *r = tp ? record_of(sk) : NULL;

	if (r)
		r->close_reason = reason;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(lens_reset_received, struct sock *sk)
{
	on_reset(sk, LENS_RESET_RECEIVED);
	return 0;
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(lens_reset_sent, struct sock *sk)
{
	on_reset(sk, LENS_RESET_SENT);
	return 0;
}

struct headers {
	__u8 bytes[40];
};

struct port_pair {
	__be16 source;
	__be16 destination;
};

/* Both ends of a TCP packet: who sent it is `in.address`, whom it was for is `out.address`. */
static __always_inline bool ends(struct sk_buff *skb, struct endpoint *in, struct endpoint *out)
{
	struct headers h = {};
	struct port_pair ports;
	__u32 *words = (__u32 *)h.bytes;
	__u32 size = sizeof(h);
	__be16 protocol = skb->protocol;
	__u16 network = skb->network_header;
	void *at = skb->head + network;

	if (network == 0xffff || (protocol != bpf_htons(ETH_P_IP) && protocol != bpf_htons(ETH_P_IPV6)))
		return false;
	if (bpf_probe_read_kernel(&h, sizeof(h), at))
		return false;
	if (protocol == bpf_htons(ETH_P_IP)) {
		if (h.bytes[9] != TCP)
			return false;
		size = (h.bytes[0] & 15) * 4;
		ipv4(in, words[3]);
		ipv4(out, words[4]);
	} else {
		if (h.bytes[6] != TCP)
			return false;
#pragma unroll
		for (int i = 0; i < 4; i++) {
			in->address[i] = words[2 + i];
			out->address[i] = words[6 + i];
		}
	}
	if (bpf_probe_read_kernel(&ports, sizeof(ports), at + size))
		return false;
	in->port = out->local_port = bpf_ntohs(ports.source);
	out->port = in->local_port = bpf_ntohs(ports.destination);
	return true;
}

/*
 * Containers on this host may talk to us: what their part of the kernel drops is not our doing. A
 * segment in a queue of TCP has no device, and a pointer of the queue in its place; reading behind
 * that gives nothing or nonsense, never a fault, and then the packet is nobody's.
 */
static __always_inline __u64 net_of(struct sk_buff *skb, struct sock *sk)
{
	struct net_device *device = skb->dev;

	if (device)
		return device->nd_net.net->net_cookie;
	return sk ? sk->__sk_common.skc_net.net->net_cookie : 0;
}

static __always_inline struct lens_record *remembered(struct endpoint *e, __u64 seed, __u64 net)
{
	__u64 t = tag(e, seed), cookie;
	__u32 slot = t & (LENS_TUPLES - 1);
	struct lens_tuple *tuple = bpf_map_lookup_elem(&lens_tuples, &slot);

	if (!tuple || tuple->net != net)
		return NULL;
	cookie = tuple->cookie;
	return (tuple->seal ^ cookie) == t ? find(cookie) : NULL;
}

/*
 * A packet was thrown away. A segment that brought nothing new is no loss, and counted where it
 * arrived. What a rule of ours drops in XDP never comes here; what it drops at tcx does.
 */
SEC("tp_btf/kfree_skb")
int BPF_PROG(lens_dropped, struct sk_buff *skb, void *location, __u32 reason)
{
	struct lens_control *c = control();
	struct endpoint in = {}, out = {};
	struct sock *sk = skb->sk;
	struct tcp_sock *tp = NULL;
	struct lens_record *r;
	bool incoming;
	__u32 kind;
	__u64 net;

	if (!c || reason == bpf_core_enum_value(enum skb_drop_reason___lens,
						SKB_DROP_REASON_TCP_OLD_DATA___lens))
		return 0;
	if (!ends(skb, &in, &out))
		return 0;
	net = net_of(skb, sk);
	/* A packet on its way out has its sender; where both ends are ours only that tells which. */
	if (sk && sk->__sk_common.skc_num == out.local_port)
		tp = tracked_sender(sk);
	r = tp ? record_of(sk) : remembered(&in, c->seed, net);
	incoming = !tp && r;
	if (!r)
		r = remembered(&out, c->seed, net);
	if (!r && (!watched(c, in.local_port) || (c->net && c->net != net)))
		return 0;
	kind = reason < LENS_DROPS ? reason : LENS_DROPS - 1;
	barrier_var(kind);
	__sync_fetch_and_add(&c->drops[kind & (LENS_DROPS - 1)], 1);
	if (!r || r->closed_ns)
		return 0;
	__sync_fetch_and_add(incoming ? &r->dropped_in : &r->dropped_out, 1);
	r->drop_reason = reason;
	event(r, incoming ? LENS_DROPPED_IN : LENS_DROPPED_OUT, bpf_ktime_get_ns());
	/* It never came to a device, so lens_sent does not tell what TCP has counted. */
	if (tp)
		copy(r, tp, 0, 0);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
