package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// By examples of RFC 9651, and by what it calls malformed.
class StructuredFieldsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a=1 | 1",
        "a=-999999999999999 | -999999999999999",
        "a=007 | 7",
        "a=1.5 | 1.5",
        "a=1.250 | 1.25",
        "a=-0.10 | -0.1",
        "a=4.0 | 4.0",
        "a=100.000 | 100.0",
        "a=@1659578233 | @1659578233",
        "a | ?1",
        "a;x;y=?0 | ?1;x;y=?0",
        "a=:AAEC: | :AAEC:",
        "a=foo123/456 | foo123/456",
        "a=*tok:en | *tok:en",
        "a=(  1   2.0;q  );  p=x | (1 2.0;q);p=x",
        "a=1, a=2 | 2",
        "b=\"x\\\"y\", a=\"z\\\\\" | \"z\\\\\"",
      })
  void writesAValueAsTheStandardDoes(String field, String written) {
    assertThat(StructuredFields.dictionary(field).get("a").written()).isEqualTo(written);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a=",
        "a=1.",
        "a=.5",
        "a=-",
        "a=1.2345",
        "a=1234567890123.1",
        "a=1234567890123456",
        "a=@1.5",
        "a=@",
        "a=\u00e9",
        "a=\u0661",
        "A=1",
        "a=1,",
        "a=1 b=2",
        "a=(1 2",
        "a=(1\"x\")",
        "a=\"x",
        "a=\"\\n\"",
        "a=:AA",
        "a=:!!:",
        "a=?2",
        "a;=1",
      })
  void refusesWhatIsMalformed(String field) {
    assertThatThrownBy(() -> StructuredFields.dictionary(field))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
