package io.ostiary.contract.schema;

import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Regular expressions as schemas write them (ECMA-262), run so that no text can make them slow.
///
/// RE2J takes time linear in the text. It knows neither look-around nor back-references; patterns
/// with those go to the JDK's engine, which can take exponential time, so there the number of
/// characters it may look at is bounded, and a text that would need more does not match.
public final class Patterns {
  private static final int LOOKS_MAX = 200_000;

  private Patterns() {}

  /// Whether a text holds the pattern somewhere.
  ///
  /// @throws IllegalArgumentException where it is no pattern
  public static Predicate<String> compile(String pattern) {
    var adapted = adapt(pattern);
    try {
      var linear = com.google.re2j.Pattern.compile(adapted);
      return text -> linear.matcher(text).find();
    } catch (com.google.re2j.PatternSyntaxException e) {
      return bounded(pattern);
    }
  }

  /// ECMA-262 spells a code unit in a way that RE2 does not know.
  private static String adapt(String pattern) {
    return pattern.replaceAll("\\\\u([0-9a-fA-F]{4})", "\\\\x{$1}");
  }

  private static Predicate<String> bounded(String pattern) {
    Pattern compiled;
    try {
      compiled = Pattern.compile(pattern);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(e.getDescription() + " near index " + e.getIndex(), e);
    }
    return text -> {
      try {
        return compiled.matcher(new Watched(text)).find();
      } catch (TooManyLooks | StackOverflowError e) {
        return false;
      }
    };
  }

  /// Thrown out of the JDK's engine, which offers no other way to stop it.
  private static final class TooManyLooks extends RuntimeException {
    TooManyLooks() {
      super("too many looks", null, false, false);
    }
  }

  private static final class Watched implements CharSequence {
    private final String text;
    private int looks;

    Watched(String text) {
      this.text = text;
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      if (++looks > LOOKS_MAX) {
        throw new TooManyLooks();
      }
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
