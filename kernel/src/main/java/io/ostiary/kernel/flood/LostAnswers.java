package io.ostiary.kernel.flood;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// Sees that an interface loses the answers of the programs, and ends them there: the stack then
/// answers by itself. A veth pair does so whose other end runs no XDP program, which is how
/// containers are connected; nothing tells that beforehand. A device whose queue was full for a
/// moment looks the same, so it is tried again after some minutes. Confined to one thread at a
/// time.
final class LostAnswers {
  private static final Path DEVICES = Path.of("/proc/self/net/dev");

  /// The column of packets that were to be sent and were dropped.
  private static final int DROPPED = 11;

  private static final Pattern SPACES = Pattern.compile(" +");
  private static final long ENOUGH = 32;
  private static final long STILL_NANOS = 900_000_000L;
  static final long SILENT_NANOS = 300_000_000_000L;

  private final BpfTable silent;

  /// Until when nothing is answered there.
  private final SortedMap<String, Long> names = new TreeMap<>();

  private Map<String, Long> before = Map.of();
  private long readNanos;

  LostAnswers(BpfTable silent) {
    this.silent = silent;
  }

  /// Looks at the interfaces in each call while SYNs are answered, and once a second for what it
  /// compares with then.
  ///
  /// @param answered SYNs since the last call
  /// @param nanos the time, by the clock of `System.nanoTime()`
  /// @return interfaces on which nothing is answered from now on
  List<String> look(long answered, long nanos) throws LibbpfException {
    if (answered == 0 && nanos - readNanos < STILL_NANOS && names.isEmpty()) {
      return List.of();
    }
    readNanos = nanos;
    var found = new TreeSet<String>();
    try {
      var now = dropped();
      for (var device : now.entrySet()) {
        long lost = device.getValue() - before.getOrDefault(device.getKey(), device.getValue());
        if (answered >= ENOUGH && lost * 4 >= answered && !names.containsKey(device.getKey())) {
          found.add(device.getKey());
        }
      }
      before = now;
      for (var name : List.copyOf(names.keySet())) {
        if (nanos - names.getOrDefault(name, nanos) >= 0) {
          names.remove(name);
          write(name, 0);
        }
      }
      for (var name : found) {
        names.put(name, nanos + SILENT_NANOS);
        write(name, 1);
      }
    } catch (IOException e) {
      // Interfaces came or went meanwhile; the next time tells.
      return List.of();
    }
    return List.copyOf(found);
  }

  Set<String> names() {
    return names.keySet();
  }

  private static Map<String, Long> dropped() throws IOException {
    var dropped = new HashMap<String, Long>();
    for (var line : Files.readAllLines(DEVICES)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        var numbers = SPACES.split(line.substring(colon + 1).strip());
        dropped.put(line.substring(0, colon).strip(), Long.parseLong(numbers[DROPPED]));
      }
    }
    return dropped;
  }

  /// @param silence 1: nothing is answered on the interface
  private void write(String name, int silence) throws IOException, LibbpfException {
    var device = NetworkInterface.getByName(name);
    if (device == null) {
      return;
    }
    try (var arena = Arena.ofConfined()) {
      silent.write(
          arena.allocateFrom(JAVA_INT, device.getIndex() & 255),
          arena.allocateFrom(JAVA_INT, silence));
    }
  }
}
