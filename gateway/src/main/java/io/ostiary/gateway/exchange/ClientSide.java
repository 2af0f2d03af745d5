package io.ostiary.gateway.exchange;

import io.netty.channel.Channel;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.spi.ClientCertificate;
import io.ostiary.model.ConnectionMark;
import io.ostiary.model.Listener;
import org.jspecify.annotations.Nullable;

/// What an exchange asks of where it came in: a connection that carries one exchange after the
/// other, or a stream of one that carries many at once.
public interface ClientSide {
  ClientLink link();

  default Loop loop() {
    return link().loop();
  }

  default Channel channel() {
    return link().channel();
  }

  default Listener listener() {
    return link().listener();
  }

  /// The other end of the connection.
  default Peer peer() {
    return link().peer();
  }

  /// For whom the connection speaks: its peer, or whom a trusted proxy named when it began.
  default Peer speaker() {
    return link().speaker();
  }

  /// Whether the peer speaks for itself.
  default boolean direct() {
    return peer().equals(speaker());
  }

  default int peerPort() {
    return link().peerPort();
  }

  /// What the peer proved to hold when the connection began; null: nothing.
  default @Nullable ClientCertificate certificate() {
    return link().certificate();
  }

  /// Whether the connection is encrypted.
  default boolean secure() {
    return link().secure();
  }

  default long acceptedNanos() {
    return link().acceptedNanos();
  }

  /// The kernel's name of the connection, 0: none.
  default long cookie() {
    return link().cookie();
  }

  /// The connection's counters at the end of the call before.
  default ConnectionMark mark() {
    return link().mark();
  }

  /// By what answers go out; null: as text on the channel.
  default @Nullable AnswerWire wire() {
    return null;
  }

  /// Whether it is a stream of HTTP/2.
  default boolean http2() {
    return wire() != null;
  }

  int requestNumber();

  /// Limits the wait for the client; replaces the limit before it.
  void timeout(long nanos, String reason);

  void noTimeout();

  /// The exchange can take request content (again).
  void bodyWanted();

  /// Nothing more will be written; reading goes on. Everything written has been taken.
  void endOutput();

  /// Whether the connection should not live on: the gateway is ending, or it is old enough.
  boolean draining();

  /// The exchange is over: its record is written, it must not be touched any more.
  ///
  /// @param reuse whether another request may follow on the connection
  void ended(Call call, boolean reuse);
}
