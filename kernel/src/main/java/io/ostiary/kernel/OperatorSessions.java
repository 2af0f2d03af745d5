package io.ostiary.kernel;

import io.ostiary.kernel.shield.Operator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Who is connected to this host to run it: by SSH, or to the control plane. No rule and no ban
/// ends the session in which it was written. Whoever was connected is remembered for a minute, to
/// be able to connect again. Confined to one thread at a time.
///
/// The kernel walks all it has room for to list connections, so the list is read again only when it
/// counts others as opened or open than before, and when that takes a small part of the time.
final class OperatorSessions {
  private static final Path PROC = Path.of("/proc/net");
  private static final Path SSH_SETTINGS = Path.of("/etc/ssh/sshd_config");
  private static final Pattern PORT = Pattern.compile("(?i)\\s*Port[\\s=]+(\\d{1,5})\\s*(#.*)?");
  private static final Pattern BLANKS = Pattern.compile(" +");
  private static final int SSH = 22;

  /// Stands for whoever is on this host, see `operator.h`.
  private static final InetAddress ON_LOOPBACK = InetAddress.ofLiteral("::");

  private static final String ESTABLISHED = "01";
  private static final long REMEMBERED_NANOS = 60_000_000_000L;
  private static final long EVERY_NANOS = 900_000_000L;

  /// Of the time at most one part in this many is spent reading.
  private static final long SPARSE = 50;

  private final Set<Integer> ports = new HashSet<>(Set.of(SSH));
  private final Set<Operator> own = new HashSet<>();
  private final Map<Operator, Long> seen = new HashMap<>();
  private final Set<Operator> connected = new HashSet<>();
  private String counted = "";
  private long nextNanos = System.nanoTime();

  OperatorSessions() {
    var operator = own(System.getenv("SSH_CONNECTION"));
    if (operator != null) {
      own.add(operator);
      ports.add(operator.port());
    }
    ports.addAll(listening(SSH_SETTINGS));
  }

  /// Also watches who is connected to this port, which is the control plane's: on loopback it can
  /// always be asked.
  void add(int port) {
    ports.add(port);
    own.add(new Operator(ON_LOOPBACK, port));
    counted = "";
  }

  /// Those who are connected, or were a minute ago; null: it is too early to look again.
  @Nullable Set<Operator> look() {
    long start = System.nanoTime();
    if (start < nextNanos) {
      return null;
    }
    // Before the list: who comes meanwhile is in it, or is counted the next time.
    var counts = counts(PROC.resolve("snmp"));
    if (counts.isEmpty() || !counts.equals(counted)) {
      read();
      counted = counts;
    }
    connected.forEach(operator -> seen.put(operator, start));
    seen.values().removeIf(last -> start - last > REMEMBERED_NANOS);
    nextNanos = start + Math.max(EVERY_NANOS, SPARSE * (System.nanoTime() - start));
    return newest(own, seen);
  }

  private void read() {
    connected.clear();
    for (var table : List.of("tcp", "tcp6")) {
      try (var lines = Files.lines(PROC.resolve(table))) {
        lines
            .map(line -> operator(line, ports))
            .filter(operator -> operator != null)
            .forEach(connected::add);
      } catch (IOException e) {
        // Without the table (no IPv6, no /proc) nobody of that family is known.
      }
    }
  }

  /// How many connections were opened, actively and passively, and how many are open: as long as
  /// these are the same, so are those that are open. Empty: not known.
  ///
  /// @param statistics two lines for each protocol: names and numbers
  static String counts(Path statistics) {
    try {
      var tcp = Files.readAllLines(statistics).stream().filter(line -> line.startsWith("Tcp:"));
      var lines = tcp.map(line -> List.of(line.split(" "))).toList();
      if (lines.size() != 2) {
        return "";
      }
      var counts = new StringBuilder();
      for (var name : List.of("ActiveOpens", "PassiveOpens", "CurrEstab")) {
        int at = lines.getFirst().indexOf(name);
        if (at < 0 || at >= lines.getLast().size()) {
          return "";
        }
        counts.append(lines.getLast().get(at)).append(' ');
      }
      return counts.toString();
    } catch (IOException e) {
      return "";
    }
  }

  /// All of the one, and of the other those seen last, as many as can be listed.
  static Set<Operator> newest(Collection<Operator> always, Map<Operator, Long> seen) {
    var found = new HashSet<>(always);
    seen.entrySet().stream()
        .sorted(Map.Entry.<Operator, Long>comparingByValue().reversed())
        .map(Map.Entry::getKey)
        .takeWhile(operator -> found.size() < Operator.LISTED_MAX)
        .forEach(found::add);
    return found;
  }

  /// The session this process was started from, which may use another port.
  ///
  /// @param connection client address, client port, server address, server port
  static @Nullable Operator own(@Nullable String connection) {
    var words = connection == null ? new String[0] : connection.split(" ");
    try {
      return words.length == 4
          ? new Operator(InetAddress.ofLiteral(words[0]), Integer.parseInt(words[3]))
          : null;
    } catch (IllegalArgumentException e) {
      // Whoever sets the variable to something else gets nothing from it.
      return null;
    }
  }

  /// The ports that an SSH server is told to listen on, beside the usual one.
  static Set<Integer> listening(Path settings) {
    var found = new HashSet<Integer>();
    var files = Stream.<Path>builder().add(settings);
    try (var more = Files.list(settings.resolveSibling("sshd_config.d"))) {
      more.forEach(files);
    } catch (IOException e) {
      // There need not be any.
    }
    files
        .build()
        .forEach(file -> {
          try {
            for (var line : Files.readAllLines(file)) {
              var port = PORT.matcher(line);
              if (port.matches()) {
                found.add(Integer.parseInt(port.group(1)));
              }
            }
          } catch (IOException e) {
            // No SSH server, or not ours to read: the usual port is watched.
          }
        });
    return found;
  }

  /// @param line of /proc/net/tcp or tcp6
  /// @return null: it is not an established connection to one of the ports
  static @Nullable Operator operator(String line, Set<Integer> ports) {
    var words = BLANKS.split(line.strip(), 5);
    if (words.length < 5 || !words[3].equals(ESTABLISHED)) {
      return null;
    }
    int port = Integer.parseInt(words[1].substring(words[1].indexOf(':') + 1), 16);
    return ports.contains(port)
        ? new Operator(address(words[2].substring(0, words[2].indexOf(':'))), port)
        : null;
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
