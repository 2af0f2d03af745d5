package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;

/// A thread that has little to do, and that at once: woken, it runs before all others of the
/// machine that do not ask for the same (SCHED_FIFO, the lowest of its priorities). Without it a
/// thread that wakes on busy processors waits for a tick of the scheduler, milliseconds.
public final class UrgentThread {
  private static final int SCHED_FIFO = 1;
  private static final int SCHED_RESET_ON_FORK = 0x4000_0000;
  private static final int THE_CALLER = 0;

  private UrgentThread() {}

  /// Makes the calling thread one. It must rest often: nobody else gets its processor meanwhile.
  ///
  /// @throws LibbpfException where this process may not (CAP_SYS_NICE); the thread is as it was
  public static void become() throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      Libbpf.load()
          .number(
              "an urgent thread",
              "sched_setscheduler",
              THE_CALLER,
              SCHED_FIFO | SCHED_RESET_ON_FORK,
              arena.allocateFrom(JAVA_INT, 1));
    }
  }
}
