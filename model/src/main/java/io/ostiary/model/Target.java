package io.ostiary.model;

import org.jspecify.annotations.Nullable;

/// One process that can answer for an upstream.
///
/// @param host a host name or an IP address; a name is resolved when the plan is compiled. Or the
///   path of a Unix socket, see [SocketPath]
/// @param port 1-65535; 0 with a Unix socket
/// @param weight its share among its siblings, 1-1000
/// @param drain whether it gets no new calls
/// @param zone where it stands; null: not said
/// @param priority 0 is asked first; others while those before them are not healthy enough
public record Target(
    String host, int port, int weight, boolean drain, @Nullable String zone, int priority) {
  public Target {
    Require.notBlank("target.host", host);
    if (SocketPath.is(host)) {
      SocketPath.require("target.address", host);
      Require.between("target.port", port, 0, 0);
    } else {
      Require.port("target.port", port);
    }
    Require.between("target.weight", weight, 1, 1000);
    Require.between("target.priority", priority, 0, 15);
    if (zone != null) {
      Require.name("target.zone", zone);
    }
  }

  public Target(String host, int port, int weight) {
    this(host, port, weight, false, null, 0);
  }

  /// Whether it is the same process, whatever else is said of it.
  public boolean sameProcess(Target other) {
    return host.equals(other.host) && port == other.port;
  }

  /// Whether it is a Unix socket of this host: there is no network between.
  public boolean local() {
    return SocketPath.is(host);
  }

  /// What `Host` says in a request of our own. A path is no name of a host.
  public String authority() {
    return local() ? "localhost" : toString();
  }

  @Override
  public String toString() {
    if (local()) {
      return host;
    }
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
