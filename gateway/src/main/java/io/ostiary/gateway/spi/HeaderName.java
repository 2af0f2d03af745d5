package io.ostiary.gateway.spi;

import io.ostiary.model.FieldName;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/// The name of a header field, prepared for fast comparison without regard to case. Make it once,
/// when a filter is compiled, not for each exchange.
public final class HeaderName {
  private final String text;
  private final byte[] bytes;
  private final byte[] lower;
  private final int hash;

  private HeaderName(String text) {
    this.text = text;
    this.bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    var small = text.toLowerCase(Locale.ROOT);
    this.lower = small.getBytes(StandardCharsets.ISO_8859_1);
    this.hash = small.replace('_', '-').hashCode();
  }

  /// @param text a token (RFC 9110 section 5.6.2) in the spelling that goes on the wire
  public static HeaderName of(String text) {
    if (!FieldName.fits(text)) {
      throw new IllegalArgumentException(
          "header name: '"
              + text
              + "' (expected: 1-256 letters, digits or "
              + FieldName.MARKS
              + ")");
    }
    return new HeaderName(text);
  }

  /// The name as it goes on the wire. Shared: do not write to it.
  public byte[] bytes() {
    return bytes;
  }

  /// The name in lower case. Shared: do not write to it.
  public byte[] lower() {
    return lower;
  }

  /// The hash code of the name in lower case where `_` counts as `-`: names with different ones are
  /// different.
  public int hash() {
    return hash;
  }

  /// Whether `other` is this name where every mark counts as the same mark, and case does not
  /// count.
  public boolean spelled(String other) {
    if (other.length() != lower.length) {
      return false;
    }
    for (int i = 0; i < lower.length; i++) {
      char c = Character.toLowerCase(other.charAt(i));
      if (c != (char) lower[i] && !(mark(c) && mark((char) lower[i]))) {
        return false;
      }
    }
    return true;
  }

  private static boolean mark(char c) {
    return FieldName.MARKS.indexOf(c) >= 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HeaderName name && Arrays.equals(lower, name.lower);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(lower);
  }

  @Override
  public String toString() {
    return text;
  }
}
