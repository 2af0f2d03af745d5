package io.ostiary.gateway.upstream;

import io.ostiary.gateway.loop.Loop;
import java.util.concurrent.atomic.AtomicLongArray;

/// How many attempts at a target went how, and how long they took in all. Each loop writes its own
/// numbers without a locked instruction; whoever compares targets reads the sums.
final class Tally {
  /// So far apart that no two loops write to one cache line.
  private static final int STRIDE = 16;

  private final AtomicLongArray numbers;

  Tally(int loops) {
    numbers = new AtomicLongArray(loops * STRIDE);
  }

  void good(Loop loop, long nanos) {
    int at = loop.index() * STRIDE;
    numbers.setOpaque(at, numbers.getPlain(at) + 1);
    numbers.setOpaque(at + 2, numbers.getPlain(at + 2) + nanos);
  }

  void bad(Loop loop) {
    int at = loop.index() * STRIDE + 1;
    numbers.setOpaque(at, numbers.getPlain(at) + 1);
  }

  long good() {
    return sum(0);
  }

  long bad() {
    return sum(1);
  }

  /// Of all that went well.
  long nanos() {
    return sum(2);
  }

  private long sum(int which) {
    long sum = 0;
    for (int i = which; i < numbers.length(); i += STRIDE) {
      sum += numbers.getOpaque(i);
    }
    return sum;
  }
}
