package io.ostiary.kernel.bench;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.TestRun;
import java.util.Arrays;

/// What the programs of the chain cost that answer a packet or send it elsewhere: they rewrite it,
/// so each run begins with the packet as it came.
final class ChainBench {
  private static final int RUNS = 5;

  private final Figures figures;
  private final int repetitions;

  ChainBench(Figures figures, int repetitions) {
    this.figures = figures;
    this.repetitions = repetitions;
  }

  void run() {
    figures.absent("SYN cookie answered", "not in this build");
    figures.absent("L4 service, known flow", "not in this build");
    figures.absent("L4 service, new flow", "not in this build");
  }

  /// One run for each packet, as often as a fifth of a second allows; the clock is read around each
  /// single run, so what the empty program takes in the same way is taken off again.
  double single(TestRun run, TestRun empty, byte[] packet, double harness) throws LibbpfException {
    double best = Double.MAX_VALUE;
    int times = Math.max(1000, repetitions / 50);
    for (int i = 0; i < RUNS; i++) {
      double nothing = average(empty, packet, times);
      best = Math.min(best, average(run, packet, times) - nothing);
    }
    return harness + Math.max(0, best);
  }

  /// Of the faster four fifths: an interrupt in one run says nothing of the program.
  private static double average(TestRun run, byte[] packet, int times) throws LibbpfException {
    var nanos = new int[times];
    for (int i = 0; i < times; i++) {
      nanos[i] = run.run(packet, 1).nanos();
    }
    Arrays.sort(nanos);
    return Arrays.stream(nanos, 0, times * 4 / 5).average().orElse(0);
  }
}
