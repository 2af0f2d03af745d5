package io.ostiary.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Overload.Adaptive;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The bound that finds itself, before a server of made-up workers on a made-up clock.
class AdaptiveLimitTest {
  private final SplittableRandom random = new SplittableRandom(11);
  private final AdaptiveLimit limit =
      new AdaptiveLimit(new Adaptive(4, 1000, 1.5, Duration.ofMillis(100)), 1);
  private long now = 1_000_000_000L;

  private record Work(long begun, long done) implements Comparable<Work> {
    @Override
    public int compareTo(Work other) {
      return Long.compare(done, other.done);
    }
  }

  /// Offers calls at a rate to ten workers that take 20 ms each, and returns how many were answered
  /// a second. What is over the bound is refused at once.
  private double goodput(double perSecond, int seconds, boolean bounded) {
    var running = new PriorityQueue<Work>();
    var queue = new ArrayDeque<Long>();
    long until = now + seconds * 1_000_000_000L;
    long answered = 0;
    while (now < until) {
      now += (long) (-Math.log(1 - random.nextDouble()) * 1e9 / perSecond);
      while (!running.isEmpty() && running.peek().done <= now) {
        var work = running.poll();
        int inFlight = running.size() + queue.size() + 1;
        limit.answered(0, work.done - work.begun, inFlight, work.done);
        // Nobody waits longer than 200 ms.
        answered += work.done - work.begun < 200_000_000L ? 1 : 0;
        if (!queue.isEmpty()) {
          running.add(new Work(queue.poll(), work.done + took()));
        }
      }
      if (bounded && running.size() + queue.size() >= limit.limit()) {
        continue;
      }
      if (running.size() < 10) {
        running.add(new Work(now, now + took()));
      } else {
        queue.add(now);
      }
    }
    return (double) answered / seconds;
  }

  private long took() {
    return (long) (20e6 * (0.8 + 0.4 * random.nextDouble()));
  }

  @Test
  void keepsWhatTheServerCanDoAtTenTimesTheLoad() {
    goodput(300, 10, true);
    double peak = goodput(490, 20, true);
    assertThat(peak).isGreaterThan(460);
    double over = goodput(5000, 60, true);
    assertThat(over).as("of %.0f a second", peak).isGreaterThan(0.9 * peak);
    assertThat(limit.limit()).as("ten workers and a short queue").isBetween(8.0, 25.0);
    assertThat(limit.meanMicros()).isLessThan(60_000);
  }

  @Test
  void isWhatItIsForWithoutABound() {
    assertThat(goodput(5000, 10, false)).isLessThan(100);
  }

  @Test
  void staysWhereItIsWhileTheLoadIsLow() {
    goodput(100, 30, true);
    assertThat(limit.limit()).isBetween(4.0, 30.0);
  }

  @Test
  void findsOutWhenTheServerGotSlowerForGood() {
    goodput(450, 10, true);
    assertThat(limit.withoutQueueMicros()).isBetween(18_000L, 24_000L);
    double sum = 0;
    for (int second = 0; second < 80; second++) {
      // Twice as far away from now on: every answer takes 20 ms longer, the workers are as fast.
      sum += far(300);
    }
    assertThat(limit.withoutQueueMicros()).isBetween(36_000L, 44_000L);
    assertThat(sum / 80).isGreaterThan(200);
  }

  private double far(int perSecond) {
    int answered = 0;
    var due = new PriorityQueue<Work>();
    long until = now + 1_000_000_000L;
    while (now < until) {
      now += 1_000_000_000L / perSecond;
      while (!due.isEmpty() && due.peek().done <= now) {
        var work = due.poll();
        limit.answered(0, work.done - work.begun, due.size() + 1, work.done);
        answered++;
      }
      if (due.size() < limit.limit()) {
        due.add(new Work(now, now + took() + 20_000_000L));
      }
    }
    return answered;
  }
}
