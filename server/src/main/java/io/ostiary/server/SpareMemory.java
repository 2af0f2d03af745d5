package io.ostiary.server;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.LongSupplier;
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

  private final LongSupplier calls;
  private long callsBefore;
  private long callsLooked;
  private long collectionsBefore = -1;

  /// @param calls how many calls there were since the start
  SpareMemory(LongSupplier calls) {
    this.calls = calls;
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
        if (now - callsBefore <= QUIET_CALLS && collections() != collectionsBefore) {
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

  void giveBack() {
    System.gc();
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
