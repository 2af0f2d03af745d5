package io.ostiary.gateway.upstream;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/// The times to the first byte of late, counted in classes an eighth of an octave wide; older ones
/// count half after every 1,024. Shared by all event loops: a count that two of them write at once
/// may be lost.
final class Latencies {
  private static final int PER_OCTAVE = 8;

  /// From a microsecond to more than an hour.
  private static final int CLASSES = 32 * PER_OCTAVE;

  private static final int HALVE_EVERY = 1024;

  /// Fewer say nothing of a percentile.
  private static final int COUNT_MIN = 50;

  private final AtomicIntegerArray counts = new AtomicIntegerArray(CLASSES);
  private final AtomicInteger sinceHalved = new AtomicInteger();

  void add(long nanos) {
    int at = classOf(nanos);
    counts.setOpaque(at, counts.getOpaque(at) + 1);
    if (sinceHalved.incrementAndGet() == HALVE_EVERY) {
      for (int i = 0; i < CLASSES; i++) {
        counts.setOpaque(i, counts.getOpaque(i) / 2);
      }
      sinceHalved.set(0);
    }
  }

  /// Nanoseconds that so many per cent were not above, to within 10 %; 0: too few are known.
  long percentile(double percent) {
    long sum = 0;
    for (int i = 0; i < CLASSES; i++) {
      sum += counts.getOpaque(i);
    }
    if (sum < COUNT_MIN) {
      return 0;
    }
    double wanted = sum * percent / 100;
    long seen = 0;
    int at = 0;
    while (at < CLASSES - 1 && seen + counts.getOpaque(at) < wanted) {
      seen += counts.getOpaque(at++);
    }
    return (long) (1000 * Math.pow(2, (at + 1.0) / PER_OCTAVE));
  }

  private static int classOf(long nanos) {
    double octaves = Math.log(Math.max(1, nanos / 1000.0)) / Math.log(2);
    return Math.min(CLASSES - 1, (int) (octaves * PER_OCTAVE));
  }
}
