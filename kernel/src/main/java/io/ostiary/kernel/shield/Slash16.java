package io.ostiary.kernel.shield;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Map;

/// What an IPv4 /16 with longer blocks in it looks like: one byte for each /24, and in a hash what
/// is longer still. Confined to the installer.
final class Slash16 {
  /// Of a /24 in which something is longer.
  private static final int HAS_LONGER = 1 << 31;

  private final Classes classes;
  private final Longer longer;

  /// The class of each /24 that anything is nested in, while a /16 is placed, and which these are.
  private final int[] room24 = new int[256];

  private final BitSet touched = new BitSet(256);
  private final ArrayDeque<Map.Entry<Long, Mask>> outer = new ArrayDeque<>();

  interface Classes {
    int of(Mask groups);
  }

  interface Longer {
    void put(long key, int classNumber);
  }

  Slash16(Classes classes, Longer longer) {
    this.classes = classes;
    this.longer = longer;
  }

  /// @param nested what is longer than /16 in it, in the order of keys
  /// @return the bits of the /21s that hold anything but what is around them
  long place(byte[] block, long address, Collection<Map.Entry<Long, Mask>> nested, Mask around) {
    int aroundClass = classes.of(around);
    Arrays.fill(block, (byte) aroundClass);
    touched.clear();
    outer.clear();
    if (aroundClass >= AddressTable.LONGER) {
      Arrays.fill(room24, aroundClass);
      touched.set(0, 256);
    }
    for (var entry : nested) {
      long key = entry.getKey();
      while (!outer.isEmpty() && !contains(outer.element().getKey(), key)) {
        outer.pop();
      }
      var mask = (outer.isEmpty() ? around : outer.element().getValue()).or(entry.getValue());
      outer.push(Map.entry(key, mask));
      int at = (int) (key >> (AddressTable.KEY_SHIFT + 8)) & 255;
      int end = at + (1 << Math.max(0, 24 - AddressTable.length4(key)));
      int number = classes.of(mask);
      if (AddressTable.length4(key) <= 24) {
        Arrays.fill(room24, at, end, number);
      } else {
        room24[at] = HAS_LONGER | (touched.get(at) ? room24[at] : aroundClass);
        longer.put(key, number);
      }
      touched.set(at, end);
    }
    return groups(block, address, aroundClass);
  }

  /// Writes what was found for each /24.
  private long groups(byte[] block, long address, int aroundClass) {
    long groups = 0;
    for (int at = touched.nextSetBit(0); at >= 0; at = touched.nextSetBit(at + 1)) {
      int found = room24[at];
      int number = found & ~HAS_LONGER;
      boolean asks = found < 0 || number >= AddressTable.LONGER;
      block[at] = (byte) (asks ? AddressTable.LONGER : number);
      // Class 0 is what stands for an address that is not found.
      if (asks && number != 0) {
        longer.put(AddressTable.key(address + ((long) at << 8), 24), number);
      }
      if (found != aroundClass) {
        groups |= 1L << (AddressTable.GROUPS_SHIFT + at / 8);
      }
    }
    return groups;
  }

  static boolean contains(long outer, long inner) {
    return (outer ^ inner) >> AddressTable.KEY_SHIFT >> (32 - AddressTable.length4(outer)) == 0;
  }
}
