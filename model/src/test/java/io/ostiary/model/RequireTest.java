package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequireTest {
  /// A person wrote `2d` and not 172800000.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ban.window (ms) | 172800000 | 1000 | 86400000 | ban.window: 2d (expected: 1s-1d)",
        "a (ms) | 1500 | 0 | 1000 | a: 1500ms (expected: 0s-1s)",
        "a (ms) | -1 | 1 | 600000 | a: -1ms (expected: 1ms-10m)",
        "a (s) | 5400 | 10 | 3600 | a: 90m (expected: 10s-1h)",
        "a (bytes) | 12 | 1024 | 1048576 | a: 12B (expected: 1KiB-1MiB)",
        "a (bytes) | 3221225472 | 0 | 1500 | a: 3GiB (expected: 0B-1500B)",
        "a (count) | 0 | 1 | 8 | a (count): 0 (expected: 1-8)",
      })
  void tellsTimesAndSizesAsPeopleWriteThem(
      String field, long value, long least, long most, String expected) {
    assertThatThrownBy(() -> Require.between(field, value, least, most)).hasMessage(expected);
  }
}
