package io.ostiary.server.command;

import io.ostiary.model.AddressText;
import io.ostiary.server.UserError;
import java.net.InetAddress;
import java.net.URI;

/// Where the control plane listens.
///
/// @param host an IP address without brackets
/// @param port 0-65535; 0: any free one
public record ControlAddress(String host, int port) {
  /// Reads `127.0.0.1:9080` or `[::1]:9080`.
  public static ControlAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    try {
      var host = text.substring(0, Math.max(0, colon)).replaceAll("^\\[|]$", "");
      int port = Integer.parseInt(text.substring(colon + 1));
      if (colon > 0 && port >= 0 && port <= 65_535) {
        return new ControlAddress(AddressText.of(InetAddress.ofLiteral(host)), port);
      }
    } catch (IllegalArgumentException e) {
      // Said below, for every way of being wrong.
    }
    throw new UserError(
        "--control: %s (expected: an IP address and a port such as 127.0.0.1:9080)"
            .formatted(text));
  }

  URI url() {
    return URI.create("http://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port);
  }
}
