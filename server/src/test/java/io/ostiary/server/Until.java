package io.ostiary.server;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/// Waits for what must come in the end.
final class Until {
  private Until() {}

  /// @throws AssertionError where it does not come in this time
  static void holds(String what, Duration limit, BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("waited %d s for %s".formatted(limit.toSeconds(), what));
      }
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted while it waited for " + what, e);
      }
    }
  }
}
