package io.ostiary.kernel.balance;

import io.ostiary.model.Service;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What of this host is at an address already, so that no service takes it away: a listener, or a
/// connection such as the one by which an operator is here.
final class HostSockets {
  private static final Path PROC = Path.of("/proc/thread-self/net");
  private static final String ESTABLISHED = "01";
  private static final String LISTEN = "0A";
  private static final String UDP_BOUND = "07";

  private HostSockets() {}

  /// @return what is there, as a sentence; empty: nothing
  static String at(Service service) {
    var prefix = service.protocol().word();
    for (var table : List.of(prefix, prefix + "6")) {
      try (var lines = Files.lines(PROC.resolve(table))) {
        var found = lines.map(line -> at(line, service)).filter(text -> !text.isEmpty()).findAny();
        if (found.isPresent()) {
          return found.get();
        }
      } catch (IOException e) {
        // Without the table (no IPv6, no /proc) nothing of it is known.
      }
    }
    return "";
  }

  /// @param line such as `0: 0100007F:1F90 00000000:0000 0A ...`
  static String at(String line, Service service) {
    var words = line.strip().split("\\s+");
    if (words.length < 4 || !isAt(words[1], service)) {
      return "";
    }
    return switch (words[3]) {
      case LISTEN, UDP_BOUND -> "a program of this host listens there";
      case ESTABLISHED -> "a program of this host has a connection there";
      default -> "";
    };
  }

  private static boolean isAt(String local, Service service) {
    int colon = local.lastIndexOf(':');
    return colon > 0
        && Integer.parseInt(local.substring(colon + 1), 16) == service.port()
        && sameAddress(local.substring(0, colon), service.literalAddress());
  }

  private static boolean sameAddress(String written, InetAddress address) {
    var bytes = written.length() == 8 ? address.getAddress() : ServiceMemory.words(address);
    return written.equals(written(bytes));
  }

  /// The kernel writes each word as a number of its own byte order.
  static String written(byte[] address) {
    var text = new StringBuilder();
    for (int word = 0; word < address.length; word += 4) {
      for (int i = 3; i >= 0; i--) {
        text.append("%02X".formatted(address[word + i]));
      }
    }
    return text.toString();
  }
}
