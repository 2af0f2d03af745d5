package io.ostiary.model;

/// An address on which the data plane accepts connections.
///
/// @param host an IP address, `0.0.0.0` or `::` for every interface
/// @param port 1-65535
public record Listener(String host, int port) {
  public Listener {
    Require.notBlank("listener.host", host);
    Require.port("listener.port", port);
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
