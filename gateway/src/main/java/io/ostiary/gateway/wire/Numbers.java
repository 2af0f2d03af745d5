package io.ostiary.gateway.wire;

import io.netty.buffer.ByteBuf;

/// Numbers as they stand in messages, without a String.
public final class Numbers {
  /// 18 digits always fit a long.
  private static final int DIGITS_MAX = 18;

  private static final byte[] HEX = Bytes.of("0123456789abcdef");

  private Numbers() {}

  /// One or more digits and nothing else, or -1.
  static long decimal(byte[] bytes, int from, int to) {
    if (from >= to || to - from > DIGITS_MAX) {
      return -1;
    }
    long number = 0;
    for (int i = from; i < to; i++) {
      int digit = bytes[i] - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = number * 10 + digit;
    }
    return number;
  }

  public static void writeHex(ByteBuf out, int number) {
    int digits = Math.max(1, (35 - Integer.numberOfLeadingZeros(number)) / 4);
    for (int i = digits - 1; i >= 0; i--) {
      out.writeByte(HEX[number >>> (i * 4) & 15]);
    }
  }

  /// The value of `[from, to)` in hexadecimal digits of lower case (W3C trace context), or -1 in
  /// `ok` semantics: callers check [#lowerHex] first.
  public static long hex16(byte[] bytes, int from) {
    long number = 0;
    for (int i = 0; i < 16; i++) {
      number = number << 4 | Bytes.hex(bytes[from + i]);
    }
    return number;
  }

  public static boolean lowerHex(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      byte b = bytes[i];
      if (!(b >= '0' && b <= '9') && !(b >= 'a' && b <= 'f')) {
        return false;
      }
    }
    return true;
  }
}
