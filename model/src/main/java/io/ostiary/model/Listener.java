package io.ostiary.model;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// An address on which the data plane accepts connections.
///
/// @param host an IP address, `0.0.0.0` or `::` for every interface; or the path of a Unix socket,
///   see [SocketPath]
/// @param port 1-65535; 0 with a Unix socket
/// @param proxyProtocol whether connections begin with the name of the client they are for
/// @param tls how connections are encrypted; null: they are not
/// @param file of a Unix socket: who may connect
public record Listener(
    String host, int port, ProxyProtocol proxyProtocol, @Nullable Tls tls, SocketFile file) {
  /// A Unix socket is bound under a longer name first.
  private static final int PATH_BYTES_MAX = 100;

  public Listener {
    Require.notBlank("listener.host", host);
    if (SocketPath.is(host)) {
      SocketPath.require("address", host, PATH_BYTES_MAX);
      Require.between("listener.port", port, 0, 0);
    } else {
      Require.port("listener.port", port);
    }
  }

  public Listener(String host, int port, ProxyProtocol proxyProtocol, @Nullable Tls tls) {
    this(host, port, proxyProtocol, tls, SocketFile.DEFAULT);
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

  /// Whether it is a Unix socket.
  public boolean local() {
    return SocketPath.is(host);
  }

  /// The TCP ports of some listeners, in their order.
  public static Set<Integer> ports(List<Listener> of) {
    var ports = new LinkedHashSet<Integer>();
    for (var listener : of) {
      if (!listener.local()) {
        ports.add(listener.port);
      }
    }
    return ports;
  }

  @Override
  public String toString() {
    if (local()) {
      return host;
    }
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
