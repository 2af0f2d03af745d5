package io.ostiary.model;

import java.util.List;

/// Values of a few request fields, as an access log asked for them. Takes no memory before anybody
/// asks, and a bounded amount then. Confined to whoever holds its [LedgerSlot].
public final class Noted {
  /// Of one value; what is longer is cut.
  public static final int VALUE_BYTES_MAX = 512;

  private static final int ALL_BYTES_MAX = 2048;
  private List<String> names = List.of();
  private int[] ends = {};
  private byte[] bytes = {};
  private int count;

  /// Begins anew for these names, which are in lower case.
  public void begin(List<String> of) {
    names = of;
    count = 0;
    if (ends.length < of.size()) {
      ends = new int[of.size()];
      bytes = new byte[ALL_BYTES_MAX];
    }
  }

  /// The value of the next name; nothing where `from == to`.
  public void add(byte[] value, int from, int to) {
    int start = count == 0 ? 0 : ends[count - 1];
    int length = Math.min(to - from, Math.min(VALUE_BYTES_MAX, ALL_BYTES_MAX - start));
    System.arraycopy(value, from, bytes, start, length);
    ends[count++] = start + length;
  }

  /// Which number a name has, or -1.
  public int find(String name) {
    for (int i = 0; i < count; i++) {
      if (names.get(i).equals(name)) {
        return i;
      }
    }
    return -1;
  }

  public byte[] bytes() {
    return bytes;
  }

  public int start(int number) {
    return number == 0 ? 0 : ends[number - 1];
  }

  public int end(int number) {
    return ends[number];
  }
}
