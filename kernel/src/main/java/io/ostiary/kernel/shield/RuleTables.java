package io.ostiary.kernel.shield;

import java.util.List;

/// A rule set as the kernel's tables hold it; see `classify.h` for how they are read. Immutable by
/// agreement: nobody writes into the arrays after [RuleCompiler] is done.
///
/// @param classes masks of rules, by class; class 0 is that of an IPv4 source that no prefix holds
/// @param class6 the class of an IPv6 source that no prefix holds
/// @param ports masks by destination port
/// @param protocols masks for TCP, UDP, ICMP and anything else
/// @param withoutPorts the mask of the rules that name no port
/// @param top by the upper 16 bits of an IPv4 address: a class, or as `shield.h` says a block
/// @param blocks 256 classes each, 255 meaning: ask `long4`
/// @param long4 prefixes of 24-32 bits
/// @param rates of the limits, by rule: packets or connections a second
/// @param connections the limits that count connections
/// @param bits of the limits, by rule: how many leading bits of a source share one
/// @param rules how many rules the file has
@SuppressWarnings("ArrayRecordComponent")
record RuleTables(
    long[] classes,
    int class6,
    long[] ports,
    long[] protocols,
    long withoutPorts,
    long allow,
    long deny,
    long limit,
    long[] rates,
    long connections,
    byte[] bits,
    long[] top,
    List<byte[]> blocks,
    List<Prefix> long4,
    List<Prefix> prefixes6,
    boolean dryRun,
    int rules) {
  static final int CLASSES = 256;
  static final int RULES_MAX = 61;
  static final int SESSION = 61;
  static final int MANAGEMENT = 62;
  static final long BLOCK = 1L << 63;
  static final int AROUND_SHIFT = 16;
  static final int GROUPS_SHIFT = 24;
  static final int LONGER = 255;
  static final int LENGTHS6_MAX = 16;
  static final int LONG_ENTRIES_MAX = 131_072;

  /// @param address masked, 4 or 16 bytes
  @SuppressWarnings("ArrayRecordComponent")
  record Prefix(byte[] address, int length, int classNumber) {}
}
