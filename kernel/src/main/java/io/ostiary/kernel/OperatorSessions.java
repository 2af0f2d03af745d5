package io.ostiary.kernel;

import io.ostiary.kernel.shield.RuleSetSource.Sessions;
import io.ostiary.model.Cidr;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Who is connected to this host by SSH, so that no rule ends the session in which it was written.
/// Only their TCP packets to that port are spared: whoever reaches the port has a connection before
/// he has signed in, and must not become immune by it.
final class OperatorSessions {
  private static final Path PROC = Path.of("/proc/net");
  private static final int SSH = 22;
  private static final String ESTABLISHED = "01";

  private OperatorSessions() {}

  static Sessions now() {
    var ports = new HashSet<>(Set.of(SSH));
    var peers = new HashSet<Cidr>();
    own(System.getenv("SSH_CONNECTION"), peers, ports);
    for (var table : List.of("tcp", "tcp6")) {
      try {
        peers.addAll(peers(Files.readAllLines(PROC.resolve(table)), ports));
      } catch (IOException e) {
        // Without the table (no IPv6, no /proc) nobody of that family is known.
      }
    }
    return new Sessions(peers, ports);
  }

  /// The session this process was started from, which may use another port.
  ///
  /// @param connection client address, client port, server address, server port
  static void own(@Nullable String connection, Set<Cidr> peers, Set<Integer> ports) {
    var words = connection == null ? new String[0] : connection.split(" ");
    if (words.length == 4) {
      try {
        peers.add(Cidr.parse(words[0]));
        ports.add(Integer.parseInt(words[3]));
      } catch (IllegalArgumentException e) {
        // Whoever sets the variable to something else gets nothing from it.
      }
    }
  }

  /// @param lines of /proc/net/tcp or tcp6
  static Set<Cidr> peers(List<String> lines, Set<Integer> ports) {
    var peers = new HashSet<Cidr>();
    for (var line : lines) {
      var words = line.strip().split("\\s+");
      if (words.length > 3 && words[3].equals(ESTABLISHED) && ports.contains(port(words[1]))) {
        var address = address(words[2].substring(0, words[2].indexOf(':')));
        peers.add(new Cidr(address, address.getAddress().length * 8));
      }
    }
    return peers;
  }

  private static int port(String endpoint) {
    return Integer.parseInt(endpoint.substring(endpoint.indexOf(':') + 1), 16);
  }

  /// Words of 32 bits, each written as a number of this machine's order.
  private static InetAddress address(String hex) {
    var bytes = HexFormat.of().parseHex(hex);
    boolean little = java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.LITTLE_ENDIAN;
    for (int word = 0; little && word < bytes.length; word += 4) {
      swap(bytes, word, word + 3);
      swap(bytes, word + 1, word + 2);
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(hex, e);
    }
  }

  private static void swap(byte[] bytes, int a, int b) {
    byte kept = bytes[a];
    bytes[a] = bytes[b];
    bytes[b] = kept;
  }
}
