package io.ostiary.policies.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpDateTest {
  /// The examples of RFC 9110 section 5.6.7.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994"
      })
  void readsAllThreeForms(String text) {
    assertThat(HttpDate.millis(text))
        .isEqualTo(Instant.parse("1994-11-06T08:49:37Z").toEpochMilli());
  }

  @Test
  void whatIsNoDateIsNone() {
    assertThat(HttpDate.millis("0")).isEqualTo(-1);
    assertThat(HttpDate.millis("Sun, 06 Nov 1994 08:49:37 UTC")).isEqualTo(-1);
    assertThat(HttpDate.millis(null)).isEqualTo(-1);
  }
}
