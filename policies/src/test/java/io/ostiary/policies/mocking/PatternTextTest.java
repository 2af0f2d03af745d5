package io.ostiary.policies.mocking;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Against the JDK's regular expressions, which are not those that the text was tried with.
class PatternTextTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "^rdme_\\w+$",
        "^[a-f\\d]{24}$",
        "^(v{0,1})(stable|([0-9]+)(?:\\.([0-9]+))?(-.*)?)$",
        "^[A-Z]{2}-[0-9]{4,6}$",
        "^\\+?[1-9]\\d{1,14}$",
        "[^a-z0]x+?",
        "^(?<year>\\d{4})-\\d\\d$",
        "^#([0-9a-fA-F]{3}){1,2}$",
        "\\u0041\\x42\\.",
        "a|b",
        "^[\\w.+-]+@[\\w-]+\\.[\\w.]+$",
        "^$",
        "^arn:[\\S]+:[\\D][\\W]$",
        "[]a]b",
      })
  void matches(String pattern) {
    var text = PatternText.of(pattern, 0, 100);
    assertThat(text).isNotNull();
    assertThat(Pattern.compile(pattern.replace("[]a]", "[\\]a]")).matcher(text).find()).isTrue();
  }

  @Test
  void keepsToItsLengths() {
    assertThat(PatternText.of("^[a-z]+$", 5, 8)).hasSizeBetween(5, 8);
    assertThat(PatternText.of("^[a-z]{3}$", 5, 8)).isNull();
    assertThat(PatternText.of("^st-[a-zA-Z0-9]+$", 16, 16)).hasSize(16);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"^(?!a)b$", "(a)\\1", "(?<=a)b", "[", "(", "a{1000000}", "\\p{Greek}", "*"})
  void leavesWhatItDoesNotRead(String pattern) {
    assertThat(PatternText.of(pattern, 0, 100)).isNull();
  }
}
