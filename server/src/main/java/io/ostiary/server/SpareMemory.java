package io.ostiary.server;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Gives back to the system what a start or a busy time took and nobody needs any more: garbage of
/// the heap, the free lists of the C library, and pages of files. The former two only while next to
/// nobody calls, since collecting everything stops the event loops for some tens of milliseconds.
/// Confined to the thread that runs it.
final class SpareMemory {
  /// What a start needs is known to be garbage so long after it.
  private static final Duration AFTER_START = Duration.ofSeconds(5);

  private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(10);
  private static final long LOOKS_A_MINUTE = 6;

  /// More calls than this in a minute are not quiet.
  private static final long QUIET_CALLS = 600;

  /// Who changed something will soon change more.
  private static final Duration QUIET_CHANGES = Duration.ofMinutes(1);

  /// Collecting everything takes at most one part of so many of the time: whoever comes then waits
  /// for it.
  private static final long SELDOM = 10_000;

  private final LongSupplier calls;
  private final Supplier<Duration> unchanged;
  private long nextNanos = System.nanoTime();
  private long callsBefore;
  private long callsLooked;
  private long collectionsBefore = -1;

  /// @param calls how many calls there were since the start
  /// @param unchanged how long ago rules changed
  SpareMemory(LongSupplier calls, Supplier<Duration> unchanged) {
    this.calls = calls;
    this.unchanged = unchanged;
  }

  /// glibc's own; null with another C library.
  private static final class Trim {
    static final @Nullable MethodHandle FUNCTION =
        CLibrary.find(
            "malloc_trim", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
  }

  /// Until the thread is interrupted.
  void returnForEver() throws InterruptedException {
    Thread.sleep(AFTER_START);
    for (long look = 0; ; look++) {
      long now = calls.getAsLong();
      if (look % LOOKS_A_MINUTE == 0) {
        if (now - callsBefore <= QUIET_CALLS
            && collections() != collectionsBefore
            && isTimeAt(System.nanoTime())) {
          giveBack();
        }
        callsBefore = now;
      } else if (now - callsLooked > QUIET_CALLS / LOOKS_A_MINUTE) {
        FilePages.letGo();
      }
      callsLooked = now;
      Thread.sleep(BETWEEN_LOOKS);
    }
  }

  /// Whether nobody changes rules, and it is long enough since the last time.
  boolean isTimeAt(long nanos) {
    return nanos - nextNanos >= 0 && unchanged.get().compareTo(QUIET_CHANGES) > 0;
  }

  /// @param nanos how long it took to collect everything, until `end`
  void took(long nanos, long end) {
    nextNanos = end + nanos * SELDOM;
  }

  void giveBack() {
    long start = System.nanoTime();
    System.gc();
    long end = System.nanoTime();
    took(end - start, end);
    collectionsBefore = collections();
    var trim = Trim.FUNCTION;
    if (trim != null) {
      try {
        int ignored = (int) trim.invokeExact(0L);
      } catch (Throwable e) {
        throw new IllegalStateException("malloc_trim cannot be called", e);
      }
    }
    FilePages.letGo();
  }

  private static long collections() {
    long sum = 0;
    for (var collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      sum += collector.getCollectionCount();
    }
    return sum;
  }
}
