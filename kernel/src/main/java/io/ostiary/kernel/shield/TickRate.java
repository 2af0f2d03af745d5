package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.TestRun;
import java.lang.foreign.MemorySegment;

/// How often the kernel's clock ticks in a second, by which the programs count time.
final class TickRate {
  private static final int[] KNOWN = {100, 250, 300, 1000};
  private static final long CALIBRATION_MILLIS = 60;

  /// How many seconds after its start the kernel lets its tick count overflow, to find bugs early.
  private static final long OVERFLOW_SECONDS = 300;

  private TickRate() {}

  /// The kernel's tick rate, which it tells nobody: from the ticks since it started, or where its
  /// clocks do not agree (a virtual machine that was moved), between two moments.
  static int of(TestRun beat, MemorySegment control) throws LibbpfException, InterruptedException {
    beat.run(new byte[64], 1);
    long jiffies = control.get(JAVA_LONG, ShieldMemory.JIFFIES);
    double seconds = control.get(JAVA_LONG, ShieldMemory.NANOS) / 1e9;
    for (int candidate : KNOWN) {
      double since = jiffies - ((1L << 32) - OVERFLOW_SECONDS * candidate);
      if (Math.abs(since / candidate - seconds) < seconds / 100) {
        return candidate;
      }
    }
    return calibrate(beat, control);
  }

  private static int calibrate(TestRun beat, MemorySegment control)
      throws LibbpfException, InterruptedException {
    long jiffies = control.get(JAVA_LONG, ShieldMemory.JIFFIES);
    long nanos = control.get(JAVA_LONG, ShieldMemory.NANOS);
    Thread.sleep(CALIBRATION_MILLIS);
    beat.run(new byte[64], 1);
    double seconds = (control.get(JAVA_LONG, ShieldMemory.NANOS) - nanos) / 1e9;
    double rate = (control.get(JAVA_LONG, ShieldMemory.JIFFIES) - jiffies) / seconds;
    int best = KNOWN[0];
    for (int candidate : KNOWN) {
      if (Math.abs(Math.log(rate / candidate)) < Math.abs(Math.log(rate / best))) {
        best = candidate;
      }
    }
    return best;
  }
}
