package io.ostiary.gateway.wire;

import org.jspecify.annotations.Nullable;

/// What some field names mean, found by their hash ([HeaderName#hash]) without an object; the next
/// slot where one is taken. Filled once, then immutable.
final class NameTable {
  /// What is said of a name that is not in the table.
  static final int NONE = -1;

  private final byte[] @Nullable [] names;
  private final int[] hashes;
  private final byte[] meanings;
  private final int shift;

  /// @param slots a power of two, more than twice as many as names
  NameTable(int slots) {
    names = new byte[slots][];
    hashes = new int[slots];
    meanings = new byte[slots];
    shift = Integer.numberOfLeadingZeros(slots - 1);
  }

  /// @param name in lower case, with `-` where others may write `_`
  void put(String name, int meaning) {
    int hash = name.hashCode();
    int slot = slot(hash);
    while (names[slot] != null) {
      slot = (slot + 1) & names.length - 1;
    }
    names[slot] = Bytes.of(name);
    hashes[slot] = hash;
    meanings[slot] = (byte) meaning;
  }

  /// The meaning of a name, where `_` counts as `-`, or [#NONE].
  ///
  /// @param hash its [HeaderName#hash]
  int of(byte[] bytes, int from, int to, int hash) {
    for (int slot = slot(hash); ; slot = (slot + 1) & names.length - 1) {
      var name = names[slot];
      if (name == null) {
        return NONE;
      }
      if (hashes[slot] == hash && name.length == to - from && matches(bytes, from, name)) {
        return meanings[slot];
      }
    }
  }

  private int slot(int hash) {
    return (hash * 0x9e3779b9) >>> shift;
  }

  private static boolean matches(byte[] bytes, int from, byte[] name) {
    for (int i = 0; i < name.length; i++) {
      if (Bytes.NAME[bytes[from + i] & 0xff] != name[i]) {
        return false;
      }
    }
    return true;
  }
}
