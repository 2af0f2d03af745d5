package io.ostiary.contract.bind;

import java.util.List;
import java.util.Locale;

/// Small pieces of text that shapes and messages share.
final class Wording {
  private Wording() {}

  /// `a, b or c`
  static String oneOf(List<String> parts) {
    int last = parts.size() - 1;
    return last < 1
        ? String.join("", parts)
        : String.join(", ", parts.subList(0, last)) + " or " + parts.get(last);
  }

  /// `stripPath`, `StripPath` and `STRIP_PATH` are all written `strip-path`.
  static String kebab(String name) {
    if (name.indexOf('_') >= 0 || name.toUpperCase(Locale.ROOT).equals(name)) {
      return name.replace('_', '-').toLowerCase(Locale.ROOT);
    }
    return name.replaceAll("([a-z0-9])([A-Z])", "$1-$2")
        .replaceAll("([A-Z])([A-Z][a-z])", "$1-$2")
        .toLowerCase(Locale.ROOT);
  }
}
