package io.ostiary.insight.log;

import io.ostiary.model.AddressText;
import io.ostiary.model.Peers;
import java.nio.charset.StandardCharsets;

/// A line while it is written: bytes of ASCII, reused from line to line. What came from outside
/// goes through one of the two escapes, so that nobody can end a line, a quoted value or a JSON
/// text but we. Confined to its thread.
final class LineBytes {
  /// Longer lines are cut before their end.
  static final int LENGTH_MAX = 16 * 1024;

  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.ISO_8859_1);
  private final byte[] bytes = new byte[LENGTH_MAX];
  private int length;

  void clear() {
    length = 0;
  }

  byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  void raw(int b) {
    if (length < LENGTH_MAX - 1) {
      bytes[length++] = (byte) b;
    }
  }

  /// A text of ours.
  void raw(String text) {
    for (int i = 0; i < text.length(); i++) {
      raw(text.charAt(i));
    }
  }

  void number(long number) {
    if (number < 0) {
      raw('-');
      number = -number;
    }
    long scale = 1;
    while (number / scale >= 10) {
      scale *= 10;
    }
    for (; scale > 0; scale /= 10) {
      raw('0' + (int) (number / scale % 10));
    }
  }

  /// With so many digits, zeros in front.
  void digits(long number, int count) {
    for (int i = count - 1; i >= 0; i--) {
      long scale = 1;
      for (int j = 0; j < i; j++) {
        scale *= 10;
      }
      raw('0' + (int) (number / scale % 10));
    }
  }

  /// A number of thousandths.
  void thousandths(long number) {
    number(number / 1000);
    raw('.');
    digits(number % 1000, 3);
  }

  /// As nginx and Apache escape: quotes, backslashes, and all that is not printable ASCII.
  void escaped(int b) {
    int c = b & 0xff;
    if (c == '"' || c == '\\' || c < ' ' || c > '~') {
      raw('\\');
      raw('x');
      raw(HEX[c >>> 4]);
      raw(HEX[c & 15]);
    } else {
      raw(c);
    }
  }

  void escaped(byte[] from, int start, int end) {
    for (int i = start; i < end; i++) {
      escaped(from[i]);
    }
  }

  void escaped(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      escaped(c > 0xff ? '?' : c);
    }
  }

  /// One character of a JSON text (RFC 8259 section 7); bytes stand for ISO-8859-1.
  void json(int c) {
    if (c == '"' || c == '\\') {
      raw('\\');
      raw(c);
    } else if (c < ' ' || c > '~') {
      raw('\\');
      raw('u');
      for (int shift = 12; shift >= 0; shift -= 4) {
        raw(HEX[c >>> shift & 15]);
      }
    } else {
      raw(c);
    }
  }

  void json(byte[] from, int start, int end) {
    for (int i = start; i < end; i++) {
      json(from[i] & 0xff);
    }
  }

  void json(String text) {
    for (int i = 0; i < text.length(); i++) {
      json(text.charAt(i));
    }
  }

  /// An address in its usual form.
  void address(byte[] of, int size) {
    if (size != 4 && size != 16) {
      raw('-');
    } else if (size == 4 && (of[0] | of[1] | of[2] | of[3]) == 0) {
      raw(Peers.UNIX);
    } else if (length + AddressText.LENGTH_MAX < LENGTH_MAX) {
      length = AddressText.write(of, size, bytes, length);
    }
  }

  /// 16 hexadecimal digits.
  void hex16(long number) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      raw(HEX[(int) (number >>> shift) & 15]);
    }
  }

  void callId(long id) {
    for (int shift = 60; shift >= 0; shift -= 5) {
      raw(DIGITS[(int) (id >>> shift) & (shift == 60 ? 15 : 31)]);
    }
  }

  private static final byte[] DIGITS =
      "0123456789abcdefghjkmnpqrstvwxyz".getBytes(StandardCharsets.ISO_8859_1);
}
