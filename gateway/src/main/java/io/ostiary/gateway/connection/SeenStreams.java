package io.ostiary.gateway.connection;

import java.util.Arrays;

/// Which streams a client has opened and which of them we reset, as far as it matters for frames
/// that come late. Fixed memory; confined to its event loop.
final class SeenStreams {
  private final int[] resets;
  private int next;
  private int newest;

  /// Bit i: the stream `newest - 2 * i` was opened, and not skipped.
  private long opened;

  SeenStreams(int resetsKept) {
    resets = new int[resetsKept];
  }

  void opened(int id) {
    int distance = (id - newest) / 2;
    opened = newest == 0 || distance > 63 ? 1 : opened << distance | 1;
    newest = id;
  }

  int newest() {
    return newest;
  }

  /// Whether it was opened. What is long ago counts as opened.
  boolean used(int id) {
    int distance = (newest - id) / 2;
    return distance > 63 || (opened >>> distance & 1) != 0;
  }

  void reset(int id) {
    resets[next] = id;
    next = (next + 1) % resets.length;
  }

  boolean resetByUs(int id) {
    return Arrays.stream(resets).anyMatch(one -> one == id);
  }
}
