package io.ostiary.kernel.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How much of one core others used while something was measured: busy time of the core less our
/// own. Above the limit no verdict is given.
final class ForeignShare {
  static final double MAX = 0.05;

  private static final long NANOS_PER_TICK = 10_000_000;

  private final int core;
  private long start;
  private long busyBefore;
  private long ownBefore;
  private long wall;
  private long foreign;

  ForeignShare(int core) {
    this.core = core;
  }

  void begin() throws IOException {
    start = System.nanoTime();
    busyBefore = busy();
    ownBefore = own();
  }

  /// Adds what happened since [#begin].
  void end() throws IOException {
    long passed = System.nanoTime() - start;
    wall += passed;
    foreign += Math.max(0, busy() - busyBefore - (own() - ownBefore));
  }

  /// Of all that was measured so far.
  double share() {
    return wall == 0 ? 0 : Math.min(1, foreign / (double) wall);
  }

  boolean isQuiet() {
    return share() <= MAX;
  }

  String sentence() {
    var share =
        "Others used %.1f %% of core %d while it was measured".formatted(100 * share(), core);
    return isQuiet()
        ? share + "."
        : share + " (allowed: %.0f %%): no verdict.".formatted(100 * MAX);
  }

  private long busy() throws IOException {
    for (var line : Files.readAllLines(Path.of("/proc/stat"))) {
      if (line.startsWith("cpu" + core + " ")) {
        var fields = line.strip().split("\\s+");
        long ticks = 0;
        for (int field : new int[] {1, 2, 3, 6, 7, 8}) {
          ticks += Long.parseLong(fields[field]);
        }
        return ticks * NANOS_PER_TICK;
      }
    }
    throw new IOException("/proc/stat: no line for core " + core);
  }

  /// Of this process, which is pinned to the core, and of its ended children.
  private static long own() throws IOException {
    var stat = Files.readString(Path.of("/proc/self/stat"));
    var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    long ticks = 0;
    for (int field = 11; field <= 14; field++) {
      ticks += Long.parseLong(fields[field]);
    }
    return ticks * NANOS_PER_TICK;
  }
}
