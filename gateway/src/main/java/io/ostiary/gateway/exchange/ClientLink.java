package io.ostiary.gateway.exchange;

import io.netty.channel.Channel;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.spi.ClientCertificate;
import io.ostiary.model.ConnectionMark;
import io.ostiary.model.Listener;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// One accepted connection of a client, whatever is spoken on it: who is at its other end, and by
/// which name the kernel knows it. Confined to its event loop.
public final class ClientLink {
  private final Loop loop;
  private final Listener listener;
  private final Channel channel;
  private final Peer peer;
  private final int peerPort;
  private final long acceptedNanos;
  private final long cookie;
  private final ConnectionMark mark = new ConnectionMark();
  private final LastWrite lastWrite;
  private Peer speaker;
  private boolean secure;
  private @Nullable ClientCertificate certificate;

  public ClientLink(Loop loop, Listener listener, Channel channel) {
    this.loop = loop;
    this.listener = listener;
    this.channel = channel;
    lastWrite = new LastWrite(channel);
    if (channel.remoteAddress() instanceof InetSocketAddress address) {
      peer = Peer.of(address.getAddress());
      peerPort = address.getPort();
      cookie = loop.cookie(channel);
    } else {
      peer = Peer.LOCAL;
      peerPort = 0;
      cookie = 0;
    }
    speaker = peer;
    acceptedNanos = loop.refresh();
    mark.begin(cookie);
  }

  /// A trusted proxy named whom it speaks for.
  public void speaksFor(Peer named) {
    speaker = named;
  }

  /// The connection is encrypted from now on.
  ///
  /// @param proven what the client proved to hold; null: nothing
  public void secured(@Nullable ClientCertificate proven) {
    secure = true;
    certificate = proven;
  }

  public Loop loop() {
    return loop;
  }

  public Listener listener() {
    return listener;
  }

  public Channel channel() {
    return channel;
  }

  LastWrite lastWrite() {
    return lastWrite;
  }

  public Peer peer() {
    return peer;
  }

  public Peer speaker() {
    return speaker;
  }

  int peerPort() {
    return peerPort;
  }

  long acceptedNanos() {
    return acceptedNanos;
  }

  /// Whether it is older than connections become.
  public boolean aged(Plan.Waits waits) {
    return waits.age() > 0 && loop.now() - acceptedNanos > waits.age();
  }

  long cookie() {
    return cookie;
  }

  public ConnectionMark mark() {
    return mark;
  }

  public boolean secure() {
    return secure;
  }

  @Nullable ClientCertificate certificate() {
    return certificate;
  }
}
