package io.ostiary.model;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What is spoken with the targets of an upstream.
///
/// @param tls null: connections are not encrypted
/// @param proxyHeader whether each connection begins with the name of the client it is for
/// @param age from which on a connection takes no more calls; zero: of any age
public record UpstreamLink(
    Protocol protocol, @Nullable UpstreamTls tls, ProxyHeader proxyHeader, Duration age) {
  public static final UpstreamLink PLAIN = new UpstreamLink(Protocol.HTTP1, null, ProxyHeader.OFF);

  /// Versions of HTTP.
  public enum Protocol {
    HTTP1,

    /// Without asking: over TLS by ALPN or not at all, in plain text by prior knowledge.
    HTTP2,

    /// HTTP/2 where the target agrees to it in the TLS handshake, else HTTP/1.1.
    AUTO
  }

  /// The PROXY protocol towards targets.
  public enum ProxyHeader {
    OFF,
    V1,
    V2
  }

  /// With connections of any age.
  public UpstreamLink(Protocol protocol, @Nullable UpstreamTls tls, ProxyHeader proxyHeader) {
    this(protocol, tls, proxyHeader, Duration.ZERO);
  }

  public UpstreamLink {
    Require.between("upstream.timeouts.age (ms)", age.toMillis(), 0, 604_800_000);
    if (protocol == Protocol.AUTO && tls == null) {
      throw Require.invalid(
          "protocol", "auto", "http1 or http2 without tls: only its handshake can agree on one");
    }
    if (protocol != Protocol.HTTP1 && proxyHeader != ProxyHeader.OFF) {
      throw Require.invalid(
          "proxy-protocol",
          proxyHeader.name().toLowerCase(java.util.Locale.ROOT),
          "off unless protocol is http1: a connection of HTTP/2 is for many clients");
    }
  }
}
