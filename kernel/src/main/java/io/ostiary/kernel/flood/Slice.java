package io.ostiary.kernel.flood;

/// The samples that one CPU took in a quarter of a second, and what was counted beside them.
/// Immutable by agreement.
///
/// @param packets counted, all of them
/// @param sources host order; of IPv6 the upper half
/// @param weights how many packets each sample stands for; they add up to `packets`
/// @param kinds family, and [#OPENS] and [#DROPPED]
@SuppressWarnings("ArrayRecordComponent")
record Slice(
    double seconds, long packets, long opens, long[] sources, float[] weights, byte[] kinds) {
  static final int SIX = 1;
  static final int OPENS = 2;
  static final int DROPPED = 4;

  int size() {
    return sources.length;
  }
}
