package io.ostiary.contract.config;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.ostiary.model.Conditions;
import io.ostiary.model.Require;
import java.util.List;
import java.util.Map;

/// The conditions of a route, from what is written to what is meant.
final class Conditional {
  private static final Written.When ALWAYS =
      new Written.When(Map.of(), Map.of(), Map.of(), List.of(), null);

  private Conditional() {}

  /// @throws IllegalArgumentException where a regular expression cannot be read
  static Conditions of(Written.When when) {
    if (when.equals(ALWAYS)) {
      return Conditions.NONE;
    }
    var path = when.path();
    return new Conditions(
        tests("headers", when.headers()),
        tests("query", when.query()),
        tests("cookies", when.cookies()),
        when.from(),
        path == null ? null : readable("when.path", path));
  }

  private static List<Conditions.Test> tests(String place, Map<String, Written.Expected> written) {
    if (written.isEmpty()) {
      return List.of();
    }
    return written.entrySet().stream()
        .map(entry ->
            new Conditions.Test(
                entry.getKey(),
                expectation("when.%s.%s.".formatted(place, entry.getKey()), entry.getValue())))
        .toList();
  }

  private static Conditions.Expectation expectation(String place, Written.Expected expected) {
    if (expected.matches() != null) {
      return new Conditions.Expectation.Matches(readable(place + "matches", expected.matches()));
    }
    return expected.is() == null
        ? new Conditions.Expectation.Present()
        : new Conditions.Expectation.Is(expected.is());
  }

  private static String readable(String name, String pattern) {
    if (pattern.isEmpty()) {
      throw Require.invalid(name, "''", "a regular expression (RE2); present: true for any value");
    }
    try {
      Pattern.compile(pattern);
      return pattern;
    } catch (PatternSyntaxException e) {
      throw Require.invalid(
          name, "'" + pattern + "'", "a regular expression (RE2): " + e.getDescription());
    }
  }
}
