package io.ostiary.model;

import java.util.regex.Pattern;

/// The checks that the records of this room share. Each failure reads `name: seen (expected:
/// what)`, so that a caller can show it to a user as it is.
public final class Require {
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?");

  private Require() {}

  /// A name that people write and read in URLs, metrics and logs.
  public static String name(String field, String value) {
    if (!NAME.matcher(value).matches()) {
      throw invalid(
          field,
          value,
          "1-64 characters of a-z, 0-9, '.', '_' and '-', starting with one of a-z0-9");
    }
    return value;
  }

  public static int port(String field, int value) {
    return (int) between(field, value, 1, 65_535);
  }

  public static long between(String field, long value, long min, long max) {
    if (value < min || value > max) {
      throw invalid(field, value, min + "-" + max);
    }
    return value;
  }

  public static String notBlank(String field, String value) {
    if (value.isBlank()) {
      throw invalid(field, "''", "a text that is not empty");
    }
    return value;
  }

  public static IllegalArgumentException invalid(String field, Object seen, String expected) {
    return new IllegalArgumentException(field + ": " + seen + " (expected: " + expected + ")");
  }
}
