package io.ostiary.model;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;

/// The checks that the records of this room share. Each failure reads `name: seen (expected:
/// what)`, so that a caller can show it to a user as it is.
public final class Require {
  private static final int NAME_MAX = 64;

  /// The largest first.
  private static final Map<Long, String> SECOND_UNITS =
      sorted(Map.of(86_400L, "d", 3_600L, "h", 60L, "m"));

  private static final Map<Long, String> BYTE_UNITS =
      sorted(Map.of(1L << 30, "GiB", 1L << 20, "MiB", 1L << 10, "KiB"));

  private Require() {}

  private static Map<Long, String> sorted(Map<Long, String> units) {
    var all = new TreeMap<Long, String>(Comparator.reverseOrder());
    all.putAll(units);
    return Collections.unmodifiableMap(all);
  }

  /// A name that people write and read in URLs, metrics and logs.
  public static String name(String field, String value) {
    if (!fits(value)) {
      throw invalid(
          field,
          value,
          "1-64 characters of a-z, 0-9, '.', '_' and '-', starting with one of a-z0-9");
    }
    return value;
  }

  /// By hand rather than by a regular expression: a reload checks some ten thousand names.
  private static boolean fits(String name) {
    int length = name.length();
    if (length == 0
        || length > NAME_MAX
        || !plain(name.charAt(0))
        || !plain(name.charAt(length - 1))) {
      return false;
    }
    for (int i = 1; i < length; i++) {
      char c = name.charAt(i);
      if (!plain(c) && c != '.' && c != '_' && c != '-') {
        return false;
      }
    }
    return true;
  }

  private static boolean plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  }

  public static int port(String field, int value) {
    return (int) between(field, value, 1, 65_535);
  }

  /// @param field its end says what is counted: `(ms)`, `(s)` and `(bytes)` are told as people
  ///   write them, `5m` and `64KiB`
  public static long between(String field, long value, long min, long max) {
    if (value < min || value > max) {
      var unit = Unit.of(field);
      int end = unit == Unit.ONE ? field.length() : field.length() - unit.end.length();
      throw invalid(
          field.substring(0, end), unit.text(value), unit.text(min) + "-" + unit.text(max));
    }
    return value;
  }

  private enum Unit {
    MILLIS(" (ms)"),
    SECONDS(" (s)"),
    BYTES(" (bytes)"),
    ONE("");

    private final String end;

    Unit(String end) {
      this.end = end;
    }

    static Unit of(String field) {
      for (var unit : values()) {
        if (field.endsWith(unit.end)) {
          return unit;
        }
      }
      return ONE;
    }

    String text(long value) {
      return switch (this) {
        case ONE -> "" + value;
        case BYTES -> written(value, BYTE_UNITS, "B");
        case SECONDS -> value == 0 ? "0s" : written(value, SECOND_UNITS, "s");
        case MILLIS -> {
          boolean whole = value % 1000 == 0;
          yield whole ? SECONDS.text(value / 1000) : value + "ms";
        }
      };
    }

    private static String written(long value, Map<Long, String> units, String smallest) {
      for (var unit : units.entrySet()) {
        if (value != 0 && value % unit.getKey() == 0) {
          return value / unit.getKey() + unit.getValue();
        }
      }
      return value + smallest;
    }
  }

  public static String notBlank(String field, String value) {
    if (value.isBlank()) {
      throw invalid(field, "'" + value + "'", "a text that is not empty");
    }
    return value;
  }

  public static IllegalArgumentException invalid(String field, Object seen, String expected) {
    return new IllegalArgumentException(
        field + ": " + asWritten(seen) + " (expected: " + expected + ")");
  }

  /// Nobody writes `-1.0` or `9.2E18`.
  private static String asWritten(Object seen) {
    return seen instanceof Double number && !number.isNaN() && !number.isInfinite()
        ? BigDecimal.valueOf(number).stripTrailingZeros().toPlainString()
        : String.valueOf(seen).isBlank() ? "'" + seen + "'" : String.valueOf(seen);
  }
}
