package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class CellsTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void agreesWithASlowModel() {
    var cells = new Cells();
    var random = new java.util.Random(3);
    double level = 0;
    long last = SECOND;
    long now = SECOND;
    for (int i = 0; i < 10_000; i++) {
      now += random.nextLong(SECOND / 5);
      // A bucket of 5 that leaks 10 a second.
      level = Math.max(0, level - (now - last) * 10.0 / SECOND);
      last = now;
      boolean fits = level + 1 <= 5 + 1e-6;
      boolean taken = cells.take(42, now, SECOND / 10, SECOND / 2) >= 0;
      if (Math.abs(level + 1 - 5) > 1e-6) {
        assertThat(taken).as("at %d with %f", now, level).isEqualTo(fits);
      }
      level += taken ? 1 : 0;
    }
  }

  @Test
  void isExactUnderContention() throws Exception {
    var cells = new Cells();
    var calls = new ArrayList<Future<Integer>>();
    try (var pool = Executors.newFixedThreadPool(4)) {
      for (int t = 0; t < 4; t++) {
        calls.add(
            pool.submit(() -> {
              int taken = 0;
              for (int i = 0; i < 10_000; i++) {
                taken += cells.take(cells.hash("k" + i % 10), SECOND, 1, 1000) >= 0 ? 1 : 0;
              }
              return taken;
            }));
      }
      int taken = 0;
      for (var call : calls) {
        taken += call.get();
      }
      assertThat(taken).isEqualTo(10_000);
    }
  }

  @Test
  void aRecoveredCellMakesRoom() {
    var cells = new Cells();
    // All keys of one bucket: the upper ten bits are equal.
    for (int i = 1; i <= 64; i++) {
      assertThat(cells.take(i, SECOND, SECOND, SECOND)).isZero();
    }
    assertThat(cells.take(1000, 3 * SECOND, SECOND, SECOND)).isZero();
    assertThat(cells.bucketsMade()).isOne();
    assertThat(cells.take(1000, 3 * SECOND, SECOND, SECOND)).isEqualTo(-SECOND);
  }

  @Test
  void keysBeyondTheBoundTakeTheCellNearestToRecovery() {
    var cells = new Cells();
    for (int i = 1; i <= 64; i++) {
      cells.take(i, SECOND + i, SECOND, SECOND);
    }
    // The newcomer starts afresh in the cell of key 1; key 64 is still known.
    assertThat(cells.take(1000, 2 * SECOND - 1, SECOND, SECOND)).isZero();
    assertThat(cells.take(64, 2 * SECOND - 1, SECOND, SECOND)).isNegative();
    for (int i = 0; i < 200_000; i++) {
      cells.take(cells.hash(i, 1), 2 * SECOND, SECOND, SECOND);
    }
    assertThat(cells.bucketsMade()).isLessThanOrEqualTo(Cells.BUCKETS);
  }

  @Test
  void keysAreHashedWithASecret() {
    var one = new Cells();
    var other = new Cells();
    assertThat(one.hash("alice")).isEqualTo(one.hash(new StringBuilder("alice")));
    assertThat(one.hash("alice")).isNotEqualTo(other.hash("alice"));
    var seen = new HashSet<Long>();
    for (int i = 0; i < 10_000; i++) {
      seen.add(one.hash("key" + i));
      seen.add(one.hash("\0".repeat(i % 9) + i));
      seen.add(one.hash(i, 4));
    }
    assertThat(seen).hasSize(30_000);
  }
}
