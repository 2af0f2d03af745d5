package io.ostiary.gateway.wire;

import java.nio.charset.StandardCharsets;

/// Character classes of RFC 9110 and RFC 3986 as tables, and comparisons on bytes.
public final class Bytes {
  /// The lower-case form of a token character (RFC 9110 section 5.6.2), 0 for any other byte.
  static final byte[] TOKEN = new byte[256];

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
      }
      VALUE[i] = i == '\t' || (i >= 0x20 && i != 0x7f);
      PATH[i] = digit || lower || upper || (i > 0 && "-._~!$&'()*+,;=:@/%[]|".indexOf(i) >= 0);
      HOST[i] = digit || lower || upper || i == '-' || i == '.' || i == '_';
    }
  }

  private Bytes() {}

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
