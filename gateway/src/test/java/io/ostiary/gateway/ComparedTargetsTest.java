package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Outliers;
import io.ostiary.model.Retries;
import io.ostiary.model.Target;
import io.ostiary.model.UpstreamHealth;
import io.ostiary.model.UpstreamLoad;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What is only found out by comparing: targets with each other, and a call with those of late.
class ComparedTargetsTest {
  private static List<Target> targets(FakeUpstream... upstreams) {
    return Stream.of(upstreams).map(one -> new Target("127.0.0.1", one.port(), 1)).toList();
  }

  private static Outliers comparing(double deviations, double slower, int calls) {
    var d = Outliers.DEFAULT;
    return new Outliers(
        0, 0, deviations, slower, calls, Duration.ofMillis(300), d.rest(), d.restMax(), d.share());
  }

  /// Calls until one of the targets rests, and tells why each does.
  private static List<String> callUntilOneRests(Kit kit) {
    long until = System.nanoTime() + 20_000_000_000L;
    while (System.nanoTime() < until) {
      kit.get("/");
      var why = kit.gateway.upstreams().stream().map(UpstreamHealth::why).toList();
      if (why.stream().anyMatch(one -> !one.isEmpty())) {
        return why;
      }
    }
    throw new AssertionError("no target rests after 20 s");
  }

  private static boolean error(FakeUpstream.Talk talk) throws IOException {
    talk.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    return true;
  }

  @Test
  void takesOutWhoseCallsFailMoreOftenThanThoseOfTheOthers() {
    var calls = new AtomicInteger();
    try (var one = FakeUpstream.echo();
        var two = FakeUpstream.echo();
        var bad =
            FakeUpstream.of(
                talk -> calls.getAndIncrement() % 2 == 0 ? error(talk) : talk.ok("ok"));
        var kit = new Kit(targets(one, bad, two))) {
      kit.outliers = comparing(1, 0, 10);
      kit.publish();
      var why = callUntilOneRests(kit);
      assertThat(why.get(1)).contains(" % of its calls went well, ");
      assertThat(why.get(0) + why.get(2)).isEmpty();
      int before = calls.get();
      for (int i = 0; i < 12; i++) {
        assertThat(kit.get("/")).startsWith("HTTP/1.1 200");
      }
      assertThat(calls.get()).isEqualTo(before);
    }
  }

  @Test
  void takesOutWhoIsClearlySlowerThanTheOthers() {
    try (var one = FakeUpstream.echo();
        var two = FakeUpstream.echo();
        var slow =
            FakeUpstream.of(talk -> {
              pause(60);
              return talk.ok("late");
            });
        var kit = new Kit(targets(one, slow, two))) {
      kit.outliers = comparing(0, 4, 3);
      kit.publish();
      var why = callUntilOneRests(kit);
      assertThat(why.get(1)).startsWith("its answers took ").contains("those of the others");
      assertThat(why.get(0) + why.get(2)).isEmpty();
      int before = slow.heads().size();
      for (int i = 0; i < 12; i++) {
        kit.get("/");
      }
      assertThat(slow.heads()).hasSize(before);
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void hedgesWhatTakesLongerThanMostCallsOfLate() {
    var hangs = new AtomicBoolean();
    try (var good = FakeUpstream.echo();
        var sometimes =
            FakeUpstream.of(talk -> {
              if (hangs.get()) {
                talk.in().read();
                return false;
              }
              return talk.ok("quick");
            });
        var kit = new Kit(targets(sometimes, good))) {
      var d = Retries.DEFAULT;
      kit.answer = Duration.ofSeconds(20);
      kit.retries =
          new Retries(
              1,
              Set.of(),
              d.statuses(),
              d.grpc(),
              Set.of(),
              Duration.ZERO,
              d.backOff(),
              d.backOffMax(),
              20,
              10,
              d.retryAfterMax(),
              new Retries.Hedge(Duration.ZERO, 95));
      kit.publish();
      // Of fewer than 50 calls nothing is concluded.
      for (int i = 0; i < 40; i++) {
        kit.get("/");
      }
      assertThat(counts(kit).hedges()).isZero();
      for (int i = 0; i < 40; i++) {
        kit.get("/");
      }
      hangs.set(true);
      long won = counts(kit).hedgesWon();
      for (int i = 0; i < 4; i++) {
        assertThat(kit.get("/" + i)).startsWith("HTTP/1.1 200").endsWith("/" + i);
      }
      assertThat(counts(kit).hedgesWon() - won).isEqualTo(2);
    }
  }

  private static UpstreamLoad.Counts counts(Kit kit) {
    return kit.gateway.loads().getFirst().counts();
  }
}
