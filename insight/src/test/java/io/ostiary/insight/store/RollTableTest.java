package io.ostiary.insight.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.insight.ledger.Row;
import io.ostiary.insight.live.LatencyCounts;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Sums in pages equal those of a map of plain sums.
class RollTableTest {
  private static final int CALLS = 200_000;

  private final byte[] row = new byte[512];

  record Key(long first, long second) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      int byFirst = Long.compare(first, other.first);
      return byFirst != 0 ? byFirst : Long.compare(second, other.second);
    }
  }

  /// Calls by step, longest, bytes in and out, packets in and out, segments sent again.
  private static final class Sum {
    final Map<Integer, Integer> calls = new TreeMap<>();
    final long[] sums = new long[6];
  }

  @Test
  void sumsAsPlainSumsDo() {
    for (int width : new int[] {1, 4, 8}) {
      var random = new Random(width);
      var table = new RollTable(width, 20_000);
      var expected = new TreeMap<Key, Sum>();
      for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < CALLS / (turn + 1); i++) {
          var key = new Key(random.nextInt(50), (long) random.nextInt(200) << 48);
          add(table, expected, key, random.nextLong(1L << random.nextInt(1, 40)));
        }
        assertSame(table, expected, width);
        table.clear();
        expected.clear();
        assertThat(table.size()).isZero();
      }
    }
  }

  @Test
  void goesOnWhereAStepHasMoreCallsThanItsRowCanCount() {
    var table = new RollTable(8, 20_000);
    var expected = new TreeMap<Key, Sum>();
    for (int i = 0; i < 200_000; i++) {
      add(table, expected, new Key(1, 2), 5);
    }
    assertSame(table, expected, 8);
    assertThat(table.size()).isEqualTo(4);
  }

  @Test
  void isFullAtItsLimit() {
    var table = new RollTable(4, 3000);
    for (int i = 0; i < 2999; i++) {
      table.add(i, i, row, 0);
    }
    assertThat(table.full()).isFalse();
    table.add(7, 8, row, 0);
    assertThat(table.full()).isTrue();
  }

  private void add(RollTable table, Map<Key, Sum> expected, Key key, long micros) {
    var sum = expected.computeIfAbsent(key, _ -> new Sum());
    sum.calls.merge(LatencyCounts.index(micros), 1, Integer::sum);
    var values = new long[] {micros, micros + 1, micros + 2, 3, micros & 0xff, 1};
    sum.sums[0] = Math.max(sum.sums[0], micros);
    for (int i = 1; i < values.length; i++) {
      sum.sums[i] += values[i];
    }
    row[Row.VERSION] = Row.VERSION_NOW;
    Row.putLong(row, Row.DURATION_MICROS, micros);
    Row.putLong(row, Row.REQUEST_BYTES, micros + 1);
    Row.putLong(row, Row.RESPONSE_BYTES, micros + 2);
    Row.putInt(row, Row.PACKETS_IN, 3);
    Row.putInt(row, Row.PACKETS_OUT, (int) values[4]);
    Row.putInt(row, Row.RESENT, 1);
    table.add(key.first, key.second, row, 0);
  }

  private static void assertSame(RollTable table, Map<Key, Sum> expected, int width) {
    var seen = new TreeMap<Key, Sum>();
    table.forEach((first, second, values) -> {
      var sum = seen.computeIfAbsent(new Key(first, second), _ -> new Sum());
      sum.calls.merge(values.step(), values.calls(), Integer::sum);
      sum.sums[0] = Math.max(sum.sums[0], values.value(0));
      for (int i = 1; i < values.count(); i++) {
        sum.sums[i] += values.value(i);
      }
    });
    assertThat(seen.keySet()).isEqualTo(expected.keySet());
    expected.forEach((key, sum) -> {
      var coarse = new TreeMap<Integer, Integer>();
      sum.calls.forEach((step, calls) -> coarse.merge(middle(step, width), calls, Integer::sum));
      assertThat(seen.get(key).calls).as("%s", key).isEqualTo(coarse);
      assertThat(Arrays.toString(seen.get(key).sums)).isEqualTo(Arrays.toString(sum.sums));
    });
  }

  /// The middle one of the steps that are told as one.
  private static int middle(int step, int width) {
    return step < 16 ? step : step - step % width + width / 2;
  }
}
