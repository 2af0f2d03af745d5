package io.ostiary.insight.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class BatchTest {
  private static final int ROW_MAX = 7424;

  @Test
  void aFullOneTakesLittleMoreThanItsRows() {
    var batch = new Batch(new Names(), 0);
    for (int end = 0; end < Batch.BYTES_FULL; ) {
      batch.room(ROW_MAX);
      end += 300;
      batch.added(1, end);
    }
    assertThat(batch.bytes().length).isLessThan(Batch.BYTES_FULL * 5 / 4);
  }

  @Test
  void thereIsRoomForARowLargerThanExpected() {
    var batch = new Batch(new Names(), 0);
    int large = 3 * Batch.BYTES_FULL;
    assertThat(batch.room(large)).hasSizeGreaterThanOrEqualTo(large);
    batch.added(1, large);
    assertThat(batch.room(ROW_MAX)).hasSizeGreaterThanOrEqualTo(large + ROW_MAX);
  }
}
