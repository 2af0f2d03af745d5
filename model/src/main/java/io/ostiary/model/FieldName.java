package io.ostiary.model;

/// What a header field can be called (RFC 9110 section 5.1): a token of at most 256 characters.
public final class FieldName {
  /// What a token may hold beside letters and digits (section 5.6.2).
  public static final String MARKS = "!#$%&'*+-.^_`|~";

  private FieldName() {}

  public static boolean fits(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!tokenChar(text.charAt(i))) {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= 256;
  }

  private static boolean tokenChar(int c) {
    return (c >= '0' && c <= '9')
        || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || MARKS.indexOf(c) >= 0;
  }
}
