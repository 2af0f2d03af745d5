package io.ostiary.kernel.bench;

import java.io.IOException;

/// How much of one core others used while something was measured: busy time of the core less that
/// of this process, which is pinned to it. Above the limit no verdict is given.
final class ForeignShare {
  static final double MAX = 0.05;

  private final int core;
  private long start;
  private long busyBefore;
  private long ownBefore;
  private long wall;
  private long foreign;

  ForeignShare(int core) {
    this.core = core;
  }

  void begin() throws IOException {
    start = System.nanoTime();
    busyBefore = Core.busy(core);
    ownBefore = Core.ofProcess("self");
  }

  /// Adds what happened since [#begin].
  void end() throws IOException {
    long passed = System.nanoTime() - start;
    wall += passed;
    foreign += Math.max(0, Core.busy(core) - busyBefore - (Core.ofProcess("self") - ownBefore));
  }

  /// Of all that was measured so far.
  double share() {
    return wall == 0 ? 0 : Math.min(1, foreign / (double) wall);
  }

  boolean isQuiet() {
    return share() <= MAX;
  }

  String sentence() {
    var share =
        "Others used %.1f %% of core %d while it was measured".formatted(100 * share(), core);
    return isQuiet()
        ? share + "."
        : share + " (allowed: %.0f %%): no verdict.".formatted(100 * MAX);
  }
}
