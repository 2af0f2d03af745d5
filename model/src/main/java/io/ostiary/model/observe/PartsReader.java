package io.ostiary.model.observe;

import io.ostiary.model.Require;
import io.ostiary.model.observe.AccessLog.Part;
import io.ostiary.model.observe.AccessLog.What;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// Reads the pattern of a line.
final class PartsReader {
  private static final int LENGTH_MAX = 1024;
  private static final String HEADER = "header:";
  private static final String FIELD = "field:";

  private PartsReader() {}

  static List<Part> read(String pattern) {
    Require.notBlank("pattern", pattern);
    if (pattern.length() > LENGTH_MAX || pattern.chars().anyMatch(c -> c < ' ' || c > '~')) {
      throw Require.invalid(
          "pattern",
          "'" + pattern + "'",
          "at most " + LENGTH_MAX + " printable characters of ASCII: one line");
    }
    var parts = new ArrayList<Part>();
    var text = new StringBuilder();
    for (int at = 0; at < pattern.length(); at++) {
      char c = pattern.charAt(at);
      boolean twice = at + 1 < pattern.length() && pattern.charAt(at + 1) == c;
      if ((c == '{' || c == '}') && twice) {
        text.append(c);
        at++;
      } else if (c == '{') {
        int end = pattern.indexOf('}', at);
        if (end < 0) {
          throw Require.invalid("pattern", "'{' without '}'", "'{name}', or '{{' for a brace");
        }
        flush(text, parts);
        parts.add(part(pattern.substring(at + 1, end)));
        at = end;
      } else if (c == '}') {
        throw Require.invalid("pattern", "'}' without '{'", "'{name}', or '}}' for a brace");
      } else {
        text.append(c);
      }
    }
    flush(text, parts);
    return parts;
  }

  private static void flush(StringBuilder text, List<Part> parts) {
    if (!text.isEmpty()) {
      parts.add(new Part.Text(text.toString()));
      text.setLength(0);
    }
  }

  private static Part part(String name) {
    if (name.startsWith(HEADER)) {
      return new Part.Header(name.substring(HEADER.length()));
    }
    if (name.startsWith(FIELD)) {
      return new Part.Field(name.substring(FIELD.length()));
    }
    for (var what : What.values()) {
      if (spelled(what).equals(name)) {
        return new Part.Value(what);
      }
    }
    throw Require.invalid(
        "pattern",
        "{" + name + "}",
        Arrays.stream(What.values()).map(PartsReader::spelled).collect(Collectors.joining(", "))
            + ", header:NAME or field:NAME");
  }

  private static String spelled(What what) {
    return what.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
