package io.ostiary.insight.live;

import io.ostiary.insight.Latency;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A histogram of microseconds: 16 steps for each doubling, so a percentile is within about 3 % of
/// the truth. Steps are made for the doublings that occur, mostly a few of the 28. Adding takes one
/// array write, merging one pass over them. Confined to its thread.
public final class LatencyCounts {
  private static final int DOUBLINGS = 28;
  private static final int STEPS = 16;

  public static final int SIZE = DOUBLINGS * STEPS;

  private final int[] @Nullable [] counts = new int[DOUBLINGS][];
  private long total;
  private long max;

  public void add(long micros) {
    int index = index(micros);
    steps(index / STEPS)[index % STEPS]++;
    total++;
    max = Math.max(max, micros);
  }

  private int[] steps(int doubling) {
    var known = counts[doubling];
    if (known == null) {
      known = new int[STEPS];
      counts[doubling] = known;
    }
    return known;
  }

  void addAll(LatencyCounts other) {
    if (other.total == 0) {
      return;
    }
    for (int doubling = 0; doubling < DOUBLINGS; doubling++) {
      var from = other.counts[doubling];
      if (from != null) {
        var into = steps(doubling);
        for (int step = 0; step < STEPS; step++) {
          into[step] += from[step];
        }
      }
    }
    total += other.total;
    max = Math.max(max, other.max);
  }

  void clear() {
    if (total != 0) {
      for (var steps : counts) {
        if (steps != null) {
          Arrays.fill(steps, 0);
        }
      }
      total = 0;
      max = 0;
    }
  }

  public Latency latency() {
    if (total == 0) {
      return Latency.NONE;
    }
    return new Latency(percentile(0.50), percentile(0.95), percentile(0.99), max);
  }

  private long percentile(double share) {
    long rank = Math.max(1, (long) Math.ceil(share * total));
    long seen = 0;
    for (int doubling = 0; doubling < DOUBLINGS; doubling++) {
      var steps = counts[doubling];
      for (int step = 0; steps != null && step < STEPS; step++) {
        seen += steps[step];
        if (seen >= rank) {
          return Math.min(max, middle(doubling * STEPS + step));
        }
      }
    }
    return max;
  }

  public static int index(long micros) {
    if (micros < 16) {
      return (int) Math.max(0, micros);
    }
    int shift = 59 - Long.numberOfLeadingZeros(micros);
    int index = (shift + 1) * 16 + (int) (micros >>> shift & 15);
    return Math.min(index, SIZE - 1);
  }

  public static long middle(int index) {
    if (index < 16) {
      return index;
    }
    int shift = index / 16 - 1;
    long low = (16L + index % 16) << shift;
    return low + ((1L << shift) - 1) / 2;
  }
}
