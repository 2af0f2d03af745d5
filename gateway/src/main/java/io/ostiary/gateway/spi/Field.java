package io.ostiary.gateway.spi;

/// One header field (RFC 9110 section 5).
///
/// @param name in the spelling that goes on the wire
/// @param value without leading or trailing white space, no control characters
public record Field(HeaderName name, String value) {
  public Field {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < ' ' && c != '\t') || c == 0x7f || c > 0xff) {
        throw new IllegalArgumentException(
            name
                + ": a character U+%04X (expected: ISO-8859-1 without control characters)"
                    .formatted((int) c));
      }
    }
  }

  public static Field of(String name, String value) {
    return new Field(HeaderName.of(name), value);
  }
}
