package io.ostiary.kernel.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What each row cost above the empty program when somebody last kept it, so that a change that
/// makes packets dearer is noticed. Machines differ in clock, less in this difference.
final class Baseline {
  static final double SLOWER_MAX = 1.15;

  /// The resolution of the clock, and then some.
  private static final double NOISE_NANOS = 2;

  private final Path file;
  private final Map<String, Double> kept = new TreeMap<>();
  private final Map<String, Double> now = new TreeMap<>();

  Baseline(Path file) throws IOException {
    this.file = file;
    if (Files.exists(file)) {
      for (var line : Files.readAllLines(file)) {
        int tab = line.lastIndexOf('\t');
        if (tab > 0) {
          kept.put(line.substring(0, tab), Double.parseDouble(line.substring(tab + 1)));
        }
      }
    }
  }

  boolean isKept() {
    return !kept.isEmpty();
  }

  /// @param above the empty program, in nanoseconds
  /// @return by which factor it is slower than it may be; null where it is not, or not known
  @Nullable Double slower(String row, double above) {
    now.put(row, above);
    var before = kept.get(row);
    if (before == null || above <= before * SLOWER_MAX + NOISE_NANOS) {
      return null;
    }
    return above / Math.max(1, before);
  }

  void keep() throws IOException {
    var lines = new StringBuilder();
    now.forEach((row, above) -> lines.append(row).append('\t').append(above).append('\n'));
    Files.writeString(file, lines);
  }
}
