package io.ostiary.gateway.connection;

import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.LoopChoice;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Tells the kernel ten times a second how busy each event loop was and how many connections wait
/// for it, where it chooses between them. Confined to the thread that looks.
final class LoopShares {
  private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final List<Loop> loops;
  private final long[] used;
  private final double[] shares;
  private long at;

  LoopShares(List<Loop> loops) {
    this.loops = List.copyOf(loops);
    used = new long[loops.size()];
    shares = new double[loops.size()];
  }

  /// Called more often than it looks.
  void look(LoopChoice choice, List<Acceptor> acceptors) {
    long now = System.nanoTime();
    long passed = now - at;
    if (!choice.runs() || (at != 0 && passed < PERIOD_NANOS)) {
      return;
    }
    var threads = ManagementFactory.getThreadMXBean();
    for (int i = 0; i < used.length; i++) {
      long before = used[i];
      used[i] = cpuNanos(threads, loops.get(i));
      if (at != 0) {
        // Half of what it was before: one look is short beside a collection of garbage.
        shares[i] = (shares[i] + Math.clamp((double) (used[i] - before) / passed, 0, 1)) / 2;
      }
      long waiting = 0;
      for (var acceptor : acceptors) {
        waiting += acceptor.chosen() ? acceptor.waiting(i, used.length) : 0;
      }
      choice.looked(i, waiting, shares[i]);
    }
    at = now;
  }

  private static long cpuNanos(ThreadMXBean threads, Loop loop) {
    var thread = loop.hold().thread();
    return thread == null ? 0 : Math.max(0, threads.getThreadCpuTime(thread.threadId()));
  }
}
