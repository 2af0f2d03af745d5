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
 * A connection that a client opens, in the order in which things happen:
 *
 *     SYN comes                lens_sockops   on_syn: the time goes into lens_syns
 *     SYN-ACK leaves           lens_sent      on_syn_ack: and the time of the answer
 *     ACK comes                lens_sockops   on_accepted: the socket exists; a record is claimed,
 *                                             the SYN's times go into it; lens_tuples knows it
 *     a request's segments     lens_arrived   when, and what the socket had counted until then
 *     the answer's segments    lens_sent      what has been counted now, retransmits as well
 *     FIN or RST               lens_sockops, lens_reset_...: who ended it; the record stays
 *     a packet is thrown away  lens_dropped   at any time: by socket, else by lens_tuples
 *
 * lens_tables.h lists the maps, lens_record.h keeps a record, lens_name.h is the hash of the
 * four-tuple, lens_drop.h tells whose a dropped packet was, lens_kernel.h has the kernel's own
 * structures, lens.h what Java shares.
 *
 * No lock: everything but net_dev_queue runs under the socket's own lock, and net_dev_queue only
 * copies counters that grow, one store each. A record changes hands by a compare-and-swap on its
 * generation.
 */
#include "lens_name.h"
#include "lens_record.h"
#include "lens_drop.h"

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
	r->flags |= LENS_ESTABLISHED;
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
	copy(r, tp);
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
	copy(r, tp);
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
				filled(r, tp, now);
		}
	}
	r->ifindex = skb->skb_iif;
	copy_counters(r, tp, arriving, acked, r->flags);
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
	if (r) {
		copy_rare(r, tp, r->flags);
		copy_counters(r, tp, 0, 0, r->flags);
	}
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

/* A kernel that does not know a reason has none to compare with. */
#define REASON(name) SKB_DROP_REASON_##name##___lens
#define IS(reason, name)                                                                   \
	(bpf_core_enum_value_exists(enum skb_drop_reason___lens, REASON(name)) &&          \
	 reason == bpf_core_enum_value(enum skb_drop_reason___lens, REASON(name)))

/*
 * What brought nothing new was counted where it arrived; what a queue is emptied of, when its
 * socket is closed, had arrived there.
 */
static __always_inline bool no_loss(__u32 reason)
{
	return IS(reason, TCP_OLD_DATA) || IS(reason, QUEUE_PURGE);
}

/* What the shield has just refused, and told of itself: XDP of a veth gives no reason. */
static __always_inline bool echo(struct lens_record *r, __u32 reason)
{
	__u64 newest = r->event[(r->events - 1) & (LENS_EVENTS - 1)];

	if (r->drop_reason < LENS_REFUSED || (newest & 7) != LENS_DROPPED_IN ||
	    bpf_ktime_get_ns() - newest > LENS_ECHO_NS)
		return false;
	return IS(reason, NOT_SPECIFIED) || IS(reason, XDP) || IS(reason, TC_INGRESS);
}

/*
 * A packet was thrown away. Of what a rule of ours refuses the record knows already; XDP in a driver
 * never comes here.
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

	if (!c || no_loss(reason))
		return 0;
	if (!ends(skb, &in, &out))
		return 0;
	net = net_of(skb, sk);
	/*
	 * A packet on its way out has its sender; where both ends are ours only that tells. On a veth
	 * pair it has it still when it has come to another network namespace, and what becomes of it
	 * there is as far from us as another host.
	 */
	if (sk && !skb->skb_iif && sk->__sk_common.skc_num == out.local_port)
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
	if (!r || r->closed_ns || (incoming && echo(r, reason)))
		return 0;
	__sync_fetch_and_add(incoming ? &r->dropped_in : &r->dropped_out, 1);
	r->drop_reason = reason;
	event(r, incoming ? LENS_DROPPED_IN : LENS_DROPPED_OUT, bpf_ktime_get_ns());
	/* It never came to a device, so lens_sent does not tell what TCP has counted. */
	if (tp)
		copy(r, tp);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
