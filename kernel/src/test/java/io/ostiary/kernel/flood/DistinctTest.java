package io.ostiary.kernel.flood;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The estimate alone, with hashes that are truly random.
final class DistinctTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 10_000, 40_000, 80_000, 300_000, 3_000_000})
  void isWithinItsError(int sources) {
    var registers = new byte[SketchMemory.REGISTERS];
    var random = new SplittableRandom(sources);
    for (int i = 0; i < sources; i++) {
      long hash = random.nextLong();
      int at = (int) hash & registers.length - 1;
      int run = Long.numberOfTrailingZeros(hash >>> 14) + 1;
      registers[at] = (byte) Math.max(registers[at], Math.min(run, 51));
    }
    assertThat(Distinct.estimate(registers))
        .isBetween(sources * (1 - Distinct.ERROR), sources * (1 + Distinct.ERROR));
  }
}
