package io.ostiary.kernel.balance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class MaglevTest {
  private static long[] names(int count) {
    return LongStream.range(0, count).map(Maglev::mixed).toArray();
  }

  private static int[] shares(byte[] table) {
    var shares = new int[256];
    for (byte each : table) {
      shares[each & 255]++;
    }
    return shares;
  }

  @Test
  void givesEachItsShare() {
    var shares = shares(Maglev.table(names(4), new double[] {1, 2, 0, 0.5}));
    double one = Maglev.SLOTS / 3.5;
    assertThat(shares[0]).isCloseTo((int) one, org.assertj.core.data.Percentage.withPercentage(1));
    assertThat(shares[1])
        .isCloseTo((int) (2 * one), org.assertj.core.data.Percentage.withPercentage(1));
    assertThat(shares[2]).isZero();
    assertThat(shares[3])
        .isCloseTo((int) (one / 2), org.assertj.core.data.Percentage.withPercentage(1));
  }

  @Test
  void movesFewBesideThoseOfTheOneThatLeft() {
    var weights = new double[20];
    java.util.Arrays.fill(weights, 1);
    var before = Maglev.table(names(20), weights);
    weights[7] = 0;
    var after = Maglev.table(names(20), weights);
    long moved =
        IntStream.range(0, Maglev.SLOTS)
            .filter(i -> before[i] != 7 && before[i] != after[i])
            .count();
    assertThat(moved).isLessThan(Maglev.SLOTS / 20);
    assertThat(shares(after)[7]).isZero();
  }

  @Test
  void hasNobodyWhereNobodyHasAWeight() {
    assertThat(shares(Maglev.table(names(3), new double[3]))[255]).isEqualTo(Maglev.SLOTS);
  }
}
