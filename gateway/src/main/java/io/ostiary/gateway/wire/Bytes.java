package io.ostiary.gateway.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Character classes of RFC 9110 and RFC 3986 as tables, and comparisons on bytes.
public final class Bytes {
  /// The lower-case form of a token character (RFC 9110 section 5.6.2), 0 for any other byte.
  static final byte[] TOKEN = new byte[256];

  /// As [#TOKEN], where `_` counts as `-`: so a name's hash is that of what it passes for.
  static final byte[] NAME = new byte[256];

  /// Bytes that a field value may hold: HTAB, SP, VCHAR, obs-text.
  static final boolean[] VALUE = new boolean[256];

  /// Bytes that a path may hold. Besides RFC 3986 the three that browsers send unescaped.
  static final boolean[] PATH = new boolean[256];

  /// Bytes that a registered name or an IPv4 address in Host may hold.
  static final boolean[] HOST = new boolean[256];

  static {
    for (int i = 0; i < 256; i++) {
      boolean digit = i >= '0' && i <= '9';
      boolean lower = i >= 'a' && i <= 'z';
      boolean upper = i >= 'A' && i <= 'Z';
      if (digit || lower || upper || (i > 0 && "!#$%&'*+-.^_`|~".indexOf(i) >= 0)) {
        TOKEN[i] = (byte) (upper ? i + 32 : i);
        NAME[i] = i == '_' ? (byte) '-' : TOKEN[i];
      }
      VALUE[i] = i == '\t' || (i >= 0x20 && i != 0x7f);
      PATH[i] = digit || lower || upper || (i > 0 && "-._~!$&'()*+,;=:@/%[]|".indexOf(i) >= 0);
      HOST[i] = digit || lower || upper || i == '-' || i == '.' || i == '_';
    }
  }

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;

  private Bytes() {}

  /// Where the first LF in `[from, to)` is, or `to`.
  ///
  /// Eight bytes at a time: the lowest bit that is set in `(x - 1) & ~x & 0x80` of each byte marks
  /// the first zero byte (Warren, *Hacker's Delight*, 6-1).
  static int lineFeed(byte[] bytes, int from, int to) {
    int p = from;
    for (; p <= to - 8; p += 8) {
      long x = (long) LONGS.get(bytes, p) ^ ('\n' * ONES);
      long zero = (x - ONES) & ~x & HIGHS;
      if (zero != 0) {
        return p + (Long.numberOfTrailingZeros(zero) >>> 3);
      }
    }
    while (p < to && bytes[p] != '\n') {
      p++;
    }
    return p;
  }

  /// Whether a field value may hold all bytes of the range; eight at a time where no control
  /// character is among them.
  static boolean fieldValue(byte[] bytes, int from, int to) {
    int p = from;
    while (p <= to - 8) {
      long x = (long) LONGS.get(bytes, p);
      long deleted = x ^ (0x7f * ONES);
      long control = ((x - 0x20 * ONES) & ~x) | ((deleted - ONES) & ~deleted);
      if ((control & HIGHS) == 0) {
        p += 8;
        continue;
      }
      for (int end = p + 8; p < end; p++) {
        if (!VALUE[bytes[p] & 0xff]) {
          return false;
        }
      }
    }
    for (; p < to; p++) {
      if (!VALUE[bytes[p] & 0xff]) {
        return false;
      }
    }
    return true;
  }

  /// As [HeaderName#hash].
  static int nameHash(byte[] bytes, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + NAME[bytes[i] & 0xff];
    }
    return hash;
  }

  public static byte[] of(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  public static String text(byte[] bytes, int from, int to) {
    return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
  }

  /// Whether the range equals `lower` without regard to the case of ASCII letters.
  public static boolean equalsFolded(byte[] bytes, int from, int to, byte[] lower) {
    if (to - from != lower.length) {
      return false;
    }
    for (int i = 0; i < lower.length; i++) {
      if (fold(bytes[from + i]) != lower[i]) {
        return false;
      }
    }
    return true;
  }

  static boolean isExactly(byte[] bytes, int from, int to, byte[] text) {
    return java.util.Arrays.equals(bytes, from, to, text, 0, text.length);
  }

  /// Whether the range equals `lower`, a token, without regard to case and without a branch for
  /// each byte.
  static boolean isToken(byte[] bytes, int from, int to, byte[] lower) {
    if (to - from != lower.length) {
      return false;
    }
    for (int i = 0; i < lower.length; i++) {
      if (TOKEN[bytes[from + i] & 0xff] != lower[i]) {
        return false;
      }
    }
    return true;
  }

  /// Whether the range is the token `lower` where every mark counts as the same mark.
  static boolean isSpelled(byte[] bytes, int from, int to, byte[] lower) {
    if (to - from != lower.length) {
      return false;
    }
    for (int i = 0; i < lower.length; i++) {
      byte b = fold(bytes[from + i]);
      if (b != lower[i] && (Character.isLetterOrDigit(b) || Character.isLetterOrDigit(lower[i]))) {
        return false;
      }
    }
    return true;
  }

  static byte fold(byte b) {
    return b >= 'A' && b <= 'Z' ? (byte) (b + 32) : b;
  }

  /// The value of a hexadecimal digit, or -1.
  static int hex(int b) {
    if (b >= '0' && b <= '9') {
      return b - '0';
    }
    int lower = b | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }
}
