package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink;
import io.ostiary.model.UpstreamLink.Protocol;
import io.ostiary.model.UpstreamLink.ProxyHeader;
import org.jspecify.annotations.Nullable;

/// What is spoken with an upstream's targets, under one plan. Immutable.
///
/// @param tls null: nothing is encrypted
/// @param ageNanos that of the link
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
record Wiring(UpstreamLink link, @Nullable TlsClient tls, long ageNanos) {
  Wiring(UpstreamLink link, @Nullable TlsClient tls) {
    this(link, tls, link.age().toNanos());
  }

  /// Whether a connection that was made so may be used where the other is wanted.
  boolean same(Wiring other) {
    return this == other || (link.equals(other.link) && tls == other.tls);
  }

  /// Whether a connection is older than they become.
  boolean aged(long openedNanos, long now) {
    return ageNanos > 0 && now - openedNanos > ageNanos;
  }

  boolean encrypted() {
    return tls != null;
  }

  /// What a connection made now is made with; null: nothing that could change.
  @Nullable Object secrets() {
    return tls == null ? null : tls.current();
  }

  /// Whether HTTP/1.1 is spoken whatever the target would like.
  boolean text() {
    return link.protocol() == Protocol.HTTP1;
  }

  boolean mayTurnOutText() {
    return link.protocol() == Protocol.AUTO;
  }

  /// Whether a connection names its client, so that no other can use it.
  boolean forOneClient() {
    return link.proxyHeader() != ProxyHeader.OFF;
  }

  /// What a connection begins with; null: nothing.
  @Nullable ByteBuf proxyHeader(StreamOwner of) {
    return switch (link.proxyHeader()) {
      case OFF -> null;
      case V1 -> ProxyPreface.text(of.client(), of.clientTarget());
      case V2 -> ProxyPreface.binary(of.client(), of.clientTarget());
    };
  }

  @Nullable SslHandler handler(Channel channel, Target target, boolean textOnly) {
    return tls == null ? null : tls.handler(channel, target, textOnly);
  }
}
