package io.ostiary.contract.tree;

import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/// Written numbers to exact values. Bounded, because a short text such as `1e999999999` names a
/// number that would fill the memory as soon as somebody writes it out.
final class Numbers {
  private static final int DIGITS_MAX = 400;
  private static final int EXPONENT_MAX = 400;

  private Numbers() {}

  /// Null: too long or too large.
  static @Nullable Number parse(String text) {
    if (text.length() > DIGITS_MAX) {
      return null;
    }
    boolean whole = text.indexOf('.') < 0 && text.indexOf('e') < 0 && text.indexOf('E') < 0;
    if (whole) {
      return integer(text, 10);
    }
    try {
      var decimal = new BigDecimal(text);
      return Math.abs((long) decimal.precision() - decimal.scale()) > EXPONENT_MAX ? null : decimal;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  static Number integer(String digits, int radix) {
    try {
      return Long.valueOf(Long.parseLong(digits, radix));
    } catch (NumberFormatException e) {
      return new BigInteger(digits, radix);
    }
  }
}
