package io.ostiary.kernel.shield;

import java.nio.ByteBuffer;

/// An IPv6 block as two numbers, in the order of addresses, a block before what it contains.
record Prefix6(long high, long low, int length) implements Comparable<Prefix6> {
  static Prefix6 of(byte[] address, int length) {
    var bytes = ByteBuffer.wrap(address);
    return new Prefix6(bytes.getLong(), bytes.getLong(), length);
  }

  /// The block of this length around it.
  Prefix6 around(int shorter) {
    long upper = shorter >= 64 ? -1L : keep(shorter);
    long lower = shorter <= 64 ? 0 : keep(shorter - 64);
    return new Prefix6(high & upper, low & lower, shorter);
  }

  private static long keep(int bits) {
    return bits == 0 ? 0 : -1L << (64 - bits);
  }

  /// Behind all that it contains.
  Prefix6 end() {
    long upper = length >= 64 ? high : high | ~keep(length);
    long lower = length <= 64 ? -1L : low | ~keep(length - 64);
    return new Prefix6(upper, lower, 129);
  }

  boolean contains(Prefix6 other) {
    return other.length >= length && other.around(length).equals(this);
  }

  byte[] address() {
    return ByteBuffer.allocate(16).putLong(high).putLong(low).array();
  }

  @Override
  public int compareTo(Prefix6 other) {
    int order = Long.compareUnsigned(high, other.high);
    if (order == 0) {
      order = Long.compareUnsigned(low, other.low);
    }
    return order == 0 ? Integer.compare(length, other.length) : order;
  }

  /// In plain words, as those that a record has by itself are slow until they are compiled, and
  /// very many are asked before that.
  @Override
  public boolean equals(Object other) {
    return other instanceof Prefix6 prefix
        && high == prefix.high
        && low == prefix.low
        && length == prefix.length;
  }

  @Override
  public int hashCode() {
    long mixed = ((high * 31 + low) * 31 + length) * 0x9e37_79b9_7f4a_7c15L;
    return (int) (mixed >>> 32);
  }
}
