package io.ostiary.insight.store;

import io.ostiary.model.Cidr;

/// An address as two signed numbers that sort as addresses do (the top bit is turned over). IPv4
/// addresses are written as IPv4-mapped ones (RFC 4291 section 2.5.5.2).
final class Addresses {
  private static final long MAPPED = 0xffff_0000_0000L;

  private Addresses() {}

  static long high(byte[] bytes, int at, int length) {
    return (length == 16 ? eight(bytes, at) : 0) ^ Long.MIN_VALUE;
  }

  static long low(byte[] bytes, int at, int length) {
    return (length == 16 ? eight(bytes, at + 8) : MAPPED | four(bytes, at)) ^ Long.MIN_VALUE;
  }

  /// A condition over the columns `shi` and `slo`.
  static String within(Cidr block) {
    var bytes = block.address().getAddress();
    int prefix = bytes.length == 4 ? block.prefix() + 96 : block.prefix();
    long high = high(bytes, 0, bytes.length) ^ Long.MIN_VALUE;
    long low = low(bytes, 0, bytes.length) ^ Long.MIN_VALUE;
    if (prefix <= 64) {
      return between("shi", high, prefix);
    }
    return "shi = " + (high ^ Long.MIN_VALUE) + " AND " + between("slo", low, prefix - 64);
  }

  private static String between(String column, long value, int prefix) {
    long rest = prefix == 0 ? -1L : prefix == 64 ? 0 : -1L >>> prefix;
    long from = value & ~rest;
    long to = value | rest;
    return column + " BETWEEN " + (from ^ Long.MIN_VALUE) + " AND " + (to ^ Long.MIN_VALUE);
  }

  private static long eight(byte[] bytes, int at) {
    return four(bytes, at) << 32 | four(bytes, at + 4);
  }

  private static long four(byte[] bytes, int at) {
    return (bytes[at] & 0xffL) << 24
        | (bytes[at + 1] & 0xffL) << 16
        | (bytes[at + 2] & 0xffL) << 8
        | (bytes[at + 3] & 0xffL);
  }
}
