package io.ostiary.model;

import java.nio.charset.StandardCharsets;

/// The path of a Unix socket as settings write it, `unix:/run/app.sock`, in the place of a host.
/// There is no port then: it is 0.
public final class SocketPath {
  private static final String BEFORE = "unix:";

  /// `sun_path` of sys/un.h has 108 bytes, and a 0 at its end.
  public static final int BYTES_MAX = 107;

  private SocketPath() {}

  /// Whether a host is the path of a socket and no host.
  public static boolean is(String host) {
    return host.startsWith(BEFORE);
  }

  /// Without what goes before it.
  public static String of(String host) {
    return host.substring(BEFORE.length());
  }

  /// Refuses what cannot be the path of a socket.
  public static String require(String field, String host) {
    return require(field, host, BYTES_MAX);
  }

  /// @param bytesMax of the path
  static String require(String field, String host, int bytesMax) {
    var path = of(host);
    int bytes = path.getBytes(StandardCharsets.UTF_8).length;
    if (!path.startsWith("/") || path.endsWith("/") || path.chars().anyMatch(c -> c < ' ')) {
      throw Require.invalid(
          field, "'" + host + "'", "unix: and the whole path of a socket: unix:/run/app.sock");
    }
    if (bytes > bytesMax) {
      throw Require.invalid(
          field,
          "'" + host + "', whose path has " + bytes + " bytes",
          "at most " + bytesMax + ": the kernel takes no longer ones; a shorter path or a link");
    }
    return host;
  }
}
