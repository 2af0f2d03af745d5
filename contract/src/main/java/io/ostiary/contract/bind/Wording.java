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
    var words = new StringBuilder(name.length() + 4);
    for (int i = 0; i < name.length(); i++) {
      if (i > 0 && beginsWord(name, i)) {
        words.append('-');
      }
      words.append(Character.toLowerCase(name.charAt(i)));
    }
    return words.toString();
  }

  /// A capital behind a small letter, and the last of several where a small letter follows: by
  /// hand, since every setting's name is made at a start.
  private static boolean beginsWord(String name, int at) {
    if (!isCapital(name, at)) {
      return false;
    }
    return !isCapital(name, at - 1)
        || (at + 1 < name.length() && Character.isLowerCase(name.charAt(at + 1)));
  }

  private static boolean isCapital(String name, int at) {
    return Character.isUpperCase(name.charAt(at));
  }
}
