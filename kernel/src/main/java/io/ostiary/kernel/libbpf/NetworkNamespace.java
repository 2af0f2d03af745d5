package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;

/// The network namespace of this process, by the number that programs know it by.
public final class NetworkNamespace {
  private static final int AF_INET = 2;
  private static final int SOCK_DGRAM = 2;
  private static final int SOL_SOCKET = 1;
  private static final int SO_NETNS_COOKIE = 71;

  private NetworkNamespace() {}

  /// What `bpf_get_netns_cookie` gives for sockets made here (Linux 5.14).
  public static long cookie() throws LibbpfException {
    var library = Libbpf.load();
    int socket = library.number("socket", "socket", AF_INET, SOCK_DGRAM, 0);
    try (var arena = Arena.ofConfined()) {
      var cookie = arena.allocate(JAVA_LONG);
      var length = arena.allocateFrom(JAVA_INT, 8);
      library.number(
          "network namespace", "getsockopt", socket, SOL_SOCKET, SO_NETNS_COOKIE, cookie, length);
      return cookie.get(JAVA_LONG, 0);
    } finally {
      library.number("close", "close", socket);
    }
  }
}
