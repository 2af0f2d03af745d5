package io.ostiary.kernel.flood;

/// The samples that one CPU took in a quarter of a second, and what was counted beside them. Does
/// not change until it leaves the window; then its arrays are written anew.
///
/// @param packets counted, all of them
/// @param size how many samples there are; the arrays may be longer
/// @param sources host order; of IPv6 the upper half
/// @param weights how many packets each sample stands for; they add up to `packets`
/// @param kinds family, and [#OPENS] and [#DROPPED]
@SuppressWarnings("ArrayRecordComponent")
record Slice(
    double seconds,
    long packets,
    long opens,
    int size,
    long[] sources,
    float[] weights,
    byte[] kinds) {
  static final int SIX = 1;
  static final int OPENS = 2;
  static final int DROPPED = 4;

  /// Room for so many samples, and none in it.
  static Slice empty(int room) {
    return new Slice(0, 0, 0, 0, new long[room], new float[room], new byte[room]);
  }

  int room() {
    return sources.length;
  }

  /// The same arrays, with other samples in them.
  Slice with(double seconds, long packets, long opens, int size) {
    return new Slice(seconds, packets, opens, size, sources, weights, kinds);
  }

  /// Leaves out the first ones of `count`.
  void leave(int first, int count) {
    if (first > 0) {
      System.arraycopy(sources, first, sources, 0, count - first);
      System.arraycopy(weights, first, weights, 0, count - first);
      System.arraycopy(kinds, first, kinds, 0, count - first);
    }
  }
}
