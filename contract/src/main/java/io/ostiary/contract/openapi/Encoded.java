package io.ostiary.contract.openapi;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Percent-encoded texts, read strictly: what is not UTF-8 or half an escape is no text.
final class Encoded {
  /// More are refused rather than left unseen.
  static final int PAIRS_MAX = 10_000;

  private Encoded() {}

  /// One `name=value` of a query or form.
  ///
  /// @param name decoded
  /// @param value still encoded
  record Pair(String name, String value) {}

  /// @return null where a name cannot be decoded or there are too many
  static @Nullable List<Pair> pairs(String text) {
    var pairs = new ArrayList<Pair>();
    int start = 0;
    while (start <= text.length()) {
      int end = text.indexOf('&', start);
      var part = text.substring(start, end < 0 ? text.length() : end);
      if (!part.isEmpty()) {
        int equals = part.indexOf('=');
        var name = decode(equals < 0 ? part : part.substring(0, equals), true);
        if (name == null || pairs.size() == PAIRS_MAX) {
          return null;
        }
        pairs.add(new Pair(name, equals < 0 ? "" : part.substring(equals + 1)));
      }
      start = end < 0 ? text.length() + 1 : end + 1;
    }
    return pairs;
  }

  /// @param plusIsSpace as in queries and forms, not in paths
  /// @return null where it cannot be decoded
  static @Nullable String decode(String text, boolean plusIsSpace) {
    if (text.indexOf('%') < 0 && (!plusIsSpace || text.indexOf('+') < 0)) {
      return text;
    }
    var bytes = ByteBuffer.allocate(text.length() * 3);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '%') {
        boolean whole = i + 2 < text.length();
        int high = whole ? Character.digit(text.charAt(i + 1), 16) : -1;
        int low = whole ? Character.digit(text.charAt(i + 2), 16) : -1;
        if (high < 0 || low < 0) {
          return null;
        }
        bytes.put((byte) (high << 4 | low));
        i += 2;
      } else if (c == '+' && plusIsSpace) {
        bytes.put((byte) ' ');
      } else {
        bytes.put(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
      }
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }
}
