package io.ostiary.model;

/// One process that can answer for an upstream.
///
/// @param host a host name or an IP address; a name is resolved when the plan is compiled
/// @param port 1-65535
/// @param weight its share among its siblings, 1-1000
public record Target(String host, int port, int weight) {
  public Target {
    Require.notBlank("target.host", host);
    Require.port("target.port", port);
    Require.between("target.weight", weight, 1, 1000);
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
