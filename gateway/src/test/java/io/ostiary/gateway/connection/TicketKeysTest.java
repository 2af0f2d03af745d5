package io.ostiary.gateway.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.ssl.OpenSslSessionTicketKey;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class TicketKeysTest {
  private static final long HOURS_6 = TicketKeys.SEALS_NANOS;

  private final TicketKeys keys = new TicketKeys(100);

  private OpenSslSessionTicketKey[] turned(long nanos) {
    return Objects.requireNonNull(keys.turned(nanos));
  }

  @Test
  void eachSealsForSixHoursAndIsTakenForSixMore() {
    var first = keys.now();
    assertThat(keys.turned(100 + HOURS_6 - 1)).isNull();

    var second = turned(100 + HOURS_6);
    assertThat(second[0]).isNotEqualTo(first[0]);
    assertThat(second[1]).isEqualTo(first[0]);
    assertThat(keys.now()).containsExactly(second);
    assertThat(keys.turned(100 + HOURS_6 + 1)).isNull();

    var third = turned(100 + 2 * HOURS_6);
    assertThat(third[1]).isEqualTo(second[0]);
    assertThat(third).doesNotContain(first[0]);
  }

  @Test
  void noneIsTakenForLongerWhereNobodyCame() {
    var first = keys.now();
    var later = turned(100 + 3 * HOURS_6);
    assertThat(later).doesNotContain(first);
  }
}
