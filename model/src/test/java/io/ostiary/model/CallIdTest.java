package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class CallIdTest {
  private static final long NOVEMBER_2026 = 1_795_478_400_000L;

  @Test
  void survivesBeingWritten() {
    for (long counter : new long[] {0, 1, 31, 32, (1L << 22) - 1, 1L << 22}) {
      long id = CallId.of(NOVEMBER_2026, counter);
      assertThat(CallId.parse(CallId.text(id))).isEqualTo(id);
      assertThat(CallId.epochMillis(id)).isEqualTo(NOVEMBER_2026);
    }
  }

  @Test
  void sortsByTime() {
    long early = CallId.of(NOVEMBER_2026, (1L << 22) - 1);
    long late = CallId.of(NOVEMBER_2026 + 1, 0);
    assertThat(late).isGreaterThan(early);
    assertThat(CallId.text(late)).isGreaterThan(CallId.text(early));
  }

  @Test
  void refusesWhatIsNoId() {
    for (var text : new String[] {"", "short", "0123456789abi", "zzzzzzzzzzzzz", "0123456789ab-"}) {
      assertThatThrownBy(() -> CallId.parse(text)).hasMessageContaining("call id: " + text);
    }
    assertThat(CallId.parse("0CDEFGHJKMNPQ")).isEqualTo(CallId.parse("0cdefghjkmnpq"));
  }
}
