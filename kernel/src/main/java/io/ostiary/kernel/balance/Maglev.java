package io.ostiary.kernel.balance;

import java.util.Arrays;

/// The table by which a hash, or a lot, becomes a target. Each target walks through all slots in an
/// order of its own and takes the next free one, in turns as many as its weight allows; so a target
/// that comes or goes moves few slots but its own (Eisenbud and others, NSDI 2016, section 3.4).
final class Maglev {
  /// A prime, and `TABLE_SLOTS` of service.h.
  static final int SLOTS = 32_749;

  static final byte NO_TARGET = (byte) 255;

  private Maglev() {}

  /// @param names what the walk of each target depends on
  /// @param weights 0: none
  static byte[] table(long[] names, double[] weights) {
    var table = new byte[SLOTS];
    Arrays.fill(table, NO_TARGET);
    double heaviest = Arrays.stream(weights).max().orElse(0);
    if (heaviest <= 0) {
      return table;
    }
    var next = new int[names.length];
    var skip = new int[names.length];
    for (int i = 0; i < names.length; i++) {
      next[i] = (int) Long.remainderUnsigned(mixed(names[i]), SLOTS);
      skip[i] = 1 + (int) Long.remainderUnsigned(mixed(names[i] + 1), SLOTS - 1);
    }
    var credit = new double[names.length];
    int left = SLOTS;
    while (true) {
      for (int i = 0; i < names.length; i++) {
        credit[i] += weights[i] / heaviest;
        if (weights[i] <= 0 || credit[i] < 1) {
          continue;
        }
        credit[i]--;
        while (table[next[i]] != NO_TARGET) {
          next[i] = (next[i] + skip[i]) % SLOTS;
        }
        table[next[i]] = (byte) i;
        if (--left == 0) {
          return table;
        }
      }
    }
  }

  static long mixed(long value) {
    long h = value * 0x9e3779b97f4a7c15L;
    h = (h ^ h >>> 30) * 0xbf58476d1ce4e5b9L;
    h = (h ^ h >>> 27) * 0x94d049bb133111ebL;
    return h ^ h >>> 31;
  }
}
