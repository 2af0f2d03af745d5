package io.ostiary.model;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Values that policies gave the record of a call, by name, as UTF-8. Takes no memory before the
/// first one, and a bounded amount then. Confined to whoever holds it.
public final class LoggedFields {
  /// What comes after so many is left out.
  public static final int FIELDS_MAX = 16;

  /// Of one value; what is longer is cut.
  public static final int VALUE_BYTES_MAX = 512;

  /// Of all values of a call.
  public static final int BYTES_MAX = 2048;

  private String[] names = {};
  private int[] ends = {};
  private byte[] bytes = {};
  private int count;

  /// Begins anew.
  public void clear() {
    count = 0;
  }

  /// Adds a value. Of two with the same name the first stays.
  public void add(String name, String value) {
    if (count == FIELDS_MAX || find(name) >= 0) {
      return;
    }
    room();
    var text = value.getBytes(StandardCharsets.UTF_8);
    int start = start(count);
    int length = cut(text, Math.min(VALUE_BYTES_MAX, BYTES_MAX - start));
    System.arraycopy(text, 0, bytes, start, length);
    names[count] = name;
    ends[count++] = start + length;
  }

  private void room() {
    if (names.length == 0) {
      names = new String[FIELDS_MAX];
      Arrays.fill(names, "");
      ends = new int[FIELDS_MAX];
      bytes = new byte[BYTES_MAX];
    }
  }

  /// How many bytes fit without a part of a character.
  private static int cut(byte[] text, int bytesMax) {
    if (text.length <= bytesMax) {
      return text.length;
    }
    int end = bytesMax;
    while (end > 0 && (text[end] & 0xc0) == 0x80) {
      end--;
    }
    return end;
  }

  public void copyFrom(LoggedFields other) {
    count = other.count;
    if (count > 0) {
      room();
      System.arraycopy(other.names, 0, names, 0, count);
      System.arraycopy(other.ends, 0, ends, 0, count);
      System.arraycopy(other.bytes, 0, bytes, 0, ends[count - 1]);
    }
  }

  /// Which number a name has, or -1.
  public int find(String name) {
    for (int i = 0; i < count; i++) {
      if (names[i].equals(name)) {
        return i;
      }
    }
    return -1;
  }

  public int count() {
    return count;
  }

  public String name(int number) {
    return names[number];
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

  public String text(int number) {
    int start = start(number);
    return new String(bytes, start, ends[number] - start, StandardCharsets.UTF_8);
  }
}
