package io.ostiary.policies;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A query parted into one parameter and everything else.
///
/// @param values of the parameter, decoded
/// @param rest the query without it, otherwise byte for byte as it came; null: nothing is left
public record Query(List<String> values, @Nullable String rest) {
  static Query take(String query, String name) {
    var values = new ArrayList<String>();
    var rest = new ArrayList<String>();
    for (var part : query.split("&", -1)) {
      int equals = part.indexOf('=');
      var partName = decode(equals < 0 ? part : part.substring(0, equals));
      if (name.equals(partName)) {
        var value = decode(equals < 0 ? "" : part.substring(equals + 1));
        values.add(value == null ? "" : value);
      } else {
        rest.add(part);
      }
    }
    return new Query(List.copyOf(values), rest.isEmpty() ? null : String.join("&", rest));
  }

  /// The decoded value of the first parameter of this name, or null.
  static @Nullable String first(@Nullable String query, String name) {
    if (query == null) {
      return null;
    }
    for (var part : query.split("&", -1)) {
      int equals = part.indexOf('=');
      if (name.equals(decode(equals < 0 ? part : part.substring(0, equals)))) {
        return equals < 0 ? "" : decode(part.substring(equals + 1));
      }
    }
    return null;
  }

  /// Null where it cannot be decoded.
  public static @Nullable String decode(String text) {
    if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
      return text;
    }
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
