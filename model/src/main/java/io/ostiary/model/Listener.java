package io.ostiary.model;

import org.jspecify.annotations.Nullable;

/// An address on which the data plane accepts connections.
///
/// @param host an IP address, `0.0.0.0` or `::` for every interface
/// @param port 1-65535
/// @param proxyProtocol whether connections begin with the name of the client they are for
/// @param tls how connections are encrypted; null: they are not
public record Listener(String host, int port, ProxyProtocol proxyProtocol, @Nullable Tls tls) {
  public Listener {
    Require.notBlank("listener.host", host);
    Require.port("listener.port", port);
  }

  public Listener(String host, int port) {
    this(host, port, ProxyProtocol.OFF);
  }

  public Listener(String host, int port, ProxyProtocol proxyProtocol) {
    this(host, port, proxyProtocol, null);
  }

  /// Whether both are the same socket.
  public boolean sameAddress(Listener other) {
    return port == other.port && host.equals(other.host);
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }

  /// Who sends a header of the PROXY protocol, version 1 or 2. It is never guessed whether one is
  /// there: a client could then name itself as it likes.
  public enum ProxyProtocol {
    /// Nobody.
    OFF,

    /// Trusted proxies, on every connection; others speak for themselves.
    TRUSTED,

    /// Trusted proxies, on every connection; others are turned away.
    REQUIRED
  }
}
