package io.ostiary.kernel.shield;

/// An Ethernet address whose packets another interface judges, though they come in here as well.
///
/// @param carrier number of the interface they come in at first
/// @param address six bytes as a number
public record Carried(int carrier, long address) {
  /// As many as the kernel's table holds.
  public static final int LISTED_MAX = 1024;
}
