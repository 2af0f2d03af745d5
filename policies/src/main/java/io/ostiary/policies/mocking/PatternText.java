package io.ostiary.policies.mocking;

import io.ostiary.contract.schema.Patterns;
import org.jspecify.annotations.Nullable;

/// A text that a regular expression (ECMA-262) matches, made by reading the expression and taking
/// the first way through it: the first branch, the first character of a class, as few repetitions
/// as its length allows. Look-around, back-references and most properties of Unicode are not read.
/// What comes out is tried against the expression, so that it is right or not given.
final class PatternText {
  private static final int LENGTH_MAX = 10_000;
  private static final int REPEATS_TRIED = 50;
  private static final String OTHERS = "aA0-_.~ !";

  private final String pattern;
  private final int repeats;
  private int at;

  private PatternText(String pattern, int repeats) {
    this.pattern = pattern;
    this.repeats = repeats;
  }

  /// Null: none was found.
  ///
  /// @param least characters
  /// @param most characters
  static @Nullable String of(String pattern, int least, int most) {
    try {
      var fits = Patterns.compile(pattern);
      // With something before or behind what repeats, fewer are enough.
      int from = Math.max(1, least - REPEATS_TRIED);
      for (int repeats = 0; repeats <= least + 1; repeats = repeats == 0 ? from : repeats + 1) {
        var maker = new PatternText(pattern, repeats);
        var text = maker.branches();
        if (maker.at == pattern.length()
            && text.length() >= least
            && text.length() <= most
            && fits.test(text)) {
          return text;
        }
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      return null;
    }
    return null;
  }

  private String branches() {
    var first = sequence();
    while (at < pattern.length() && pattern.charAt(at) == '|') {
      at++;
      var _ = sequence();
    }
    return first;
  }

  private String sequence() {
    var text = new StringBuilder();
    while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
      text.append(repeated(piece()));
      require(text.length() <= LENGTH_MAX);
    }
    return text.toString();
  }

  private String repeated(String piece) {
    if (at == pattern.length()) {
      return piece;
    }
    int least;
    int most = Integer.MAX_VALUE;
    switch (pattern.charAt(at)) {
      case '*' -> least = 0;
      case '+' -> least = 1;
      case '?' -> {
        least = 0;
        most = 1;
      }
      case '{' -> {
        int close = pattern.indexOf('}', at);
        var bounds = pattern.substring(at + 1, close).split(",", -1);
        least = Integer.parseInt(bounds[0]);
        if (bounds.length == 1) {
          most = least;
        } else if (!bounds[1].isEmpty()) {
          most = Integer.parseInt(bounds[1]);
        }
        at = close;
      }
      default -> {
        return piece;
      }
    }
    at++;
    if (at < pattern.length() && pattern.charAt(at) == '?') {
      at++; // Reluctant: the same texts.
    }
    int count = Math.max(least, Math.min(repeats, most));
    require((long) piece.length() * count <= LENGTH_MAX);
    return piece.repeat(count);
  }

  private String piece() {
    char c = pattern.charAt(at++);
    return switch (c) {
      case '(' -> group();
      case '[' -> ofClass();
      case '.' -> "a";
      case '^', '$' -> "";
      case '\\' -> escaped();
      default -> {
        require("*+?{".indexOf(c) < 0);
        yield String.valueOf(c);
      }
    };
  }

  private String group() {
    if (pattern.startsWith("?:", at)) {
      at += 2;
    } else if (pattern.startsWith("?<", at)) {
      require(pattern.charAt(at + 2) != '=' && pattern.charAt(at + 2) != '!');
      at = pattern.indexOf('>', at) + 1;
    } else {
      require(pattern.charAt(at) != '?');
    }
    var text = branches();
    require(pattern.charAt(at++) == ')');
    return text;
  }

  private String escaped() {
    char c = pattern.charAt(at++);
    return switch (c) {
      case 'b', 'B' -> "";
      case 'W' -> "-";
      case 'D', 'S' -> "a";
      default -> String.valueOf(first(c));
    };
  }

  /// The first character of what stands behind a backslash, whose letter was read.
  private char first(char c) {
    return switch (c) {
      case 'd' -> '0';
      case 'w' -> 'a';
      case 's' -> ' ';
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'x' -> code(2);
      case 'u' -> code(4);
      case 'p' -> property();
      default -> {
        require(!Character.isLetterOrDigit(c));
        yield c;
      }
    };
  }

  private char code(int digits) {
    at += digits;
    return (char) Integer.parseInt(pattern.substring(at - digits, at), 16);
  }

  private char property() {
    int close = pattern.indexOf('}', at);
    var name = pattern.substring(at + 1, close);
    at = close + 1;
    return switch (name) {
      case "L", "Ll", "Letter" -> 'a';
      case "Lu" -> 'A';
      case "N", "Nd" -> '0';
      default -> throw new IllegalArgumentException(name);
    };
  }

  private String ofClass() {
    boolean negated = pattern.charAt(at) == '^';
    at += negated ? 1 : 0;
    var ranges = new StringBuilder();
    while (pattern.charAt(at) != ']' || (ranges.isEmpty() && !negated)) {
      range(ranges, negated);
    }
    at++;
    if (!negated) {
      return String.valueOf(ranges.charAt(0));
    }
    for (int i = 0; i < OTHERS.length(); i++) {
      if (!holds(ranges, OTHERS.charAt(i))) {
        return String.valueOf(OTHERS.charAt(i));
      }
    }
    throw new IllegalArgumentException(pattern);
  }

  /// Adds the first and the last character of one part of a class.
  private void range(StringBuilder ranges, boolean negated) {
    char c = pattern.charAt(at++);
    if (c == '\\') {
      char letter = pattern.charAt(at++);
      require("DWSPB".indexOf(letter) < 0 || (!negated && "DWS".indexOf(letter) >= 0));
      if (letter == 'D' || letter == 'W' || letter == 'S') {
        ranges.repeat(letter == 'W' ? '-' : 'a', 2);
        return;
      }
      char first = letter == 'b' ? '\b' : first(letter);
      char last = letter == 'd' ? '9' : letter == 'w' ? 'z' : first;
      ranges.append(first).append(last);
      return;
    }
    if (pattern.charAt(at) == '-' && pattern.charAt(at + 1) != ']') {
      char last = pattern.charAt(at + 1);
      at += 2;
      if (last == '\\') {
        last = first(pattern.charAt(at++));
      }
      ranges.append(c).append(last);
      return;
    }
    ranges.append(c).append(c);
  }

  private static boolean holds(CharSequence ranges, char c) {
    for (int i = 0; i < ranges.length(); i += 2) {
      if (c >= ranges.charAt(i) && c <= ranges.charAt(i + 1)) {
        return true;
      }
    }
    return false;
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException("not read");
    }
  }
}
