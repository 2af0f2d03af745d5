package io.ostiary.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.ostiary.model.CallId;

/// Numbers as they stand in messages, without a String.
public final class Numbers {
  /// 18 digits always fit a long.
  private static final int DIGITS_MAX = 18;

  private static final byte[] CALL_DIGITS = Bytes.of("0123456789abcdefghjkmnpqrstvwxyz");
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

  public static void writeDecimal(ByteBuf out, long number) {
    int digits = 1;
    for (long rest = number; rest >= 10; rest /= 10) {
      digits++;
    }
    int at = out.writerIndex();
    out.ensureWritable(digits);
    for (int i = digits - 1; i >= 0; i--) {
      out.setByte(at + i, '0' + (int) (number % 10));
      number /= 10;
    }
    out.writerIndex(at + digits);
  }

  public static void writeHex(ByteBuf out, int number) {
    int digits = Math.max(1, (35 - Integer.numberOfLeadingZeros(number)) / 4);
    for (int i = digits - 1; i >= 0; i--) {
      out.writeByte(HEX[number >>> (i * 4) & 15]);
    }
  }

  /// A call's id as [CallId] writes it.
  public static void writeCallId(ByteBuf out, long id) {
    out.ensureWritable(CallId.LENGTH);
    int at = out.writerIndex();
    long rest = id;
    for (int i = CallId.LENGTH - 1; i >= 0; i--) {
      out.setByte(at + i, CALL_DIGITS[(int) (rest & 31)]);
      rest >>>= 5;
    }
    out.writerIndex(at + CallId.LENGTH);
  }

  /// 16 hexadecimal digits.
  public static void writeHex16(ByteBuf out, long number) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      out.writeByte(HEX[(int) (number >>> shift) & 15]);
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
