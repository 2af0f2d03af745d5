package io.ostiary.gateway.exchange;

import io.netty.channel.Channel;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.ConnectionMark;
import io.ostiary.model.Listener;

/// What an exchange asks of the connection it came in on.
public interface ClientSide {
  Loop loop();

  Channel channel();

  Listener listener();

  /// The other end of the connection.
  Peer peer();

  /// For whom the connection speaks: its peer, or whom a trusted proxy named when it began.
  Peer speaker();

  /// Whether the peer speaks for itself.
  default boolean direct() {
    return peer().equals(speaker());
  }

  int peerPort();

  long acceptedNanos();

  /// The kernel's name of the connection, 0: none.
  long cookie();

  /// The connection's counters at the end of the call before.
  ConnectionMark mark();

  int requestNumber();

  /// Limits the wait for the client; replaces the limit before it.
  void timeout(long nanos, String reason);

  void noTimeout();

  /// The exchange can take request content (again).
  void bodyWanted();

  /// Whether the gateway is ending, so that no connection should live on.
  boolean draining();

  /// The exchange is over: its record is written, it must not be touched any more.
  ///
  /// @param reuse whether another request may follow on the connection
  void ended(Call call, boolean reuse);
}
