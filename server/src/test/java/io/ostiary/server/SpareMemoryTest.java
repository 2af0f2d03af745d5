package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// Everything is collected when nobody waits, and seldom where that takes long.
final class SpareMemoryTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final AtomicReference<Duration> unchanged = new AtomicReference<>(Duration.ofDays(1));
  private final SpareMemory memory = new SpareMemory(() -> 0, unchanged::get);
  private final long start = System.nanoTime();

  @Test
  void leavesAMinuteToWhoChangesRules() {
    assertThat(memory.isTimeAt(start)).isTrue();
    unchanged.set(MINUTE);
    assertThat(memory.isTimeAt(start)).isFalse();
    unchanged.set(MINUTE.plusNanos(1));
    assertThat(memory.isTimeAt(start)).isTrue();
  }

  @Test
  void collectsMoreSeldomWhereItTakesLonger() {
    memory.took(Duration.ofMillis(6).toNanos(), start);
    assertThat(memory.isTimeAt(start + MINUTE.toNanos() - 1)).isFalse();
    assertThat(memory.isTimeAt(start + MINUTE.toNanos())).isTrue();
    memory.took(Duration.ofMillis(60).toNanos(), start);
    assertThat(memory.isTimeAt(start + 10 * MINUTE.toNanos() - 1)).isFalse();
    assertThat(memory.isTimeAt(start + 10 * MINUTE.toNanos())).isTrue();
  }
}
