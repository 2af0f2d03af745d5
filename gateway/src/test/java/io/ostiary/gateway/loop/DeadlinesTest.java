package io.ostiary.gateway.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The wheel of a loop's time-outs. The loop is a queue here, and its turns are taken by hand.
final class DeadlinesTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private final ArrayDeque<Runnable> loop = new ArrayDeque<>();
  private final Deadlines deadlines = new Deadlines(loop::add);
  private final List<String> expired = new ArrayList<>();

  private Deadline named(String name) {
    return new Deadline(() -> expired.add(name));
  }

  /// As the thread that watches the loops does, until so many have expired or a second has gone.
  private void lookUntilExpired(int count) throws InterruptedException {
    for (int i = 0; i < 50 && expired.size() < count; i++) {
      Thread.sleep(20);
      deadlines.look(System.nanoTime());
      while (!loop.isEmpty()) {
        loop.remove().run();
      }
    }
  }

  @Test
  void nobodyIsAskedWhileNothingHangs() {
    deadlines.look(System.nanoTime() + 1000 * MILLI);
    assertThat(loop).isEmpty();
  }

  @Test
  void expireInTheirOrderAndNeverEarly() throws InterruptedException {
    long now = System.nanoTime();
    long[] at = new long[1];
    deadlines.set(named("later"), now + 200 * MILLI);
    deadlines.set(
        new Deadline(() -> {
          at[0] = System.nanoTime();
          expired.add("sooner");
        }),
        now + 60 * MILLI);
    deadlines.set(named("far"), now + 60_000 * MILLI);
    lookUntilExpired(2);
    assertThat(expired).containsExactly("sooner", "later");
    assertThat(at[0]).isGreaterThanOrEqualTo(now + 60 * MILLI);
  }

  @Test
  void oneThatMovedAwayOrWasClearedDoesNotExpire() throws InterruptedException {
    long now = System.nanoTime();
    var moved = named("moved");
    var cleared = named("cleared");
    var removed = named("removed");
    deadlines.set(moved, now + 10 * MILLI);
    deadlines.set(cleared, now + 10 * MILLI);
    deadlines.set(removed, now + 10 * MILLI);
    deadlines.set(moved, now + 60_000 * MILLI);
    cleared.clear();
    deadlines.remove(removed);
    deadlines.set(named("last"), now + 150 * MILLI);
    lookUntilExpired(1);
    assertThat(expired).containsExactly("last");
    assertThat(moved.set()).isTrue();
    assertThat(cleared.set()).isFalse();
  }

  @Test
  void aSecondLookAsksAgainOnlyOnceTheLoopHasTurned() {
    long now = System.nanoTime();
    deadlines.set(named("far"), now + 60_000 * MILLI);
    deadlines.look(now + 1000 * MILLI);
    deadlines.look(now + 2000 * MILLI);
    assertThat(loop).hasSize(1);
    loop.remove().run();
    deadlines.look(now + 3000 * MILLI);
    assertThat(loop).hasSize(1);
  }

  @Test
  void oneThatIsSetAgainWhenItExpiresExpiresAgain() throws InterruptedException {
    var again = new Deadline[1];
    again[0] =
        new Deadline(() -> {
          expired.add("again");
          if (expired.size() < 2) {
            deadlines.set(again[0], System.nanoTime() + MILLI);
          }
        });
    deadlines.set(again[0], System.nanoTime() + MILLI);
    lookUntilExpired(2);
    assertThat(expired).containsExactly("again", "again");
    deadlines.look(System.nanoTime() + 1000 * MILLI);
    assertThat(loop).isEmpty();
  }
}
