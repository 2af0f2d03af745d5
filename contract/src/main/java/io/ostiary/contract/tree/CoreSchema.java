package io.ostiary.contract.tree;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a plain YAML scalar means: the core schema (YAML 1.2.2 section 10.3), so `no` and `on` are
/// texts and `012` is twelve. `.inf` and `.nan` stay texts, for JSON has no such numbers.
final class CoreSchema {
  private static final Pattern DECIMAL =
      Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");

  private CoreSchema() {}

  /// Null: a number that is too large or too long.
  static @Nullable Node resolve(Position at, String text) {
    return switch (text) {
      case "", "~", "null", "Null", "NULL" -> new Node.Null(at);
      case "true", "True", "TRUE" -> new Node.Flag(at, true);
      case "false", "False", "FALSE" -> new Node.Flag(at, false);
      default -> mayBeNumber(text) ? number(at, text) : new Node.Text(at, text);
    };
  }

  private static boolean mayBeNumber(String text) {
    char c = text.charAt(0);
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.';
  }

  private static @Nullable Node number(Position at, String text) {
    Number value;
    if (radix(text, "0x", 16)) {
      value = Numbers.integer(text.substring(2), 16);
    } else if (radix(text, "0o", 8)) {
      value = Numbers.integer(text.substring(2), 8);
    } else if (digits(text) || DECIMAL.matcher(text).matches()) {
      value = Numbers.parse(text);
    } else {
      return new Node.Text(at, text);
    }
    return value == null ? null : new Node.Numeral(at, text, value);
  }

  private static boolean digits(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }

  private static boolean radix(String text, String prefix, int radix) {
    return text.startsWith(prefix)
        && text.length() > 2
        && text.length() <= 66
        && text.chars().skip(2).allMatch(c -> c < 0x80 && Character.digit(c, radix) >= 0);
  }
}
