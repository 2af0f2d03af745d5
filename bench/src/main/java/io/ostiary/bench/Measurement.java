package io.ostiary.bench;

import java.io.IOException;

/// Measures one load on one candidate.
final class Measurement {
  private Measurement() {}

  /// Sends the load, and waits for its end.
  @FunctionalInterface
  interface Sending {
    Load send() throws IOException, InterruptedException;
  }

  /// @param core the one that the process is pinned to; what others take of it is told
  static Sample of(String candidate, Running process, int core, Sending load)
      throws IOException, InterruptedException {
    long pid = process.process().pid();
    long busyBefore = Cpu.busyOfCore(core);
    long ownBefore = Cpu.ofTree(pid);
    long start = System.nanoTime();
    var sent = load.send();
    long own = Cpu.ofTree(pid) - ownBefore;
    long busy = Cpu.busyOfCore(core) - busyBefore;
    long wall = System.nanoTime() - start;
    return new Sample(
        candidate,
        sent.requests() - sent.errors(),
        sent.errors(),
        own / (double) sent.requests(),
        Math.max(0, busy - own) / (double) wall,
        sent.p50Micros(),
        sent.p99Micros(),
        sent.p999Micros(),
        Cpu.residentOfTree(pid));
  }
}
