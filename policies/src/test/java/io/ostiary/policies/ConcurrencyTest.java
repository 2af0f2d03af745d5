package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Ending;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ConcurrencyTest {
  private static final FakeSite SITE = FakeSite.anywhere();
  private static final Ending DONE = new Ending.Answered(200);

  private static Filter filter(int calls, int queue, long waitMillis, String by, FakeSite site) {
    var settings =
        new Concurrency.Settings(
            calls, List.of(CountBy.parse(by)), queue, Duration.ofMillis(waitMillis), false);
    return new Concurrency().compile(settings, site);
  }

  private static FakeExchange call() {
    return SITE.exchange("GET", "/orders");
  }

  private static CompletionStage<Verdict> waits(Verdict verdict) {
    if (verdict instanceof Verdict.Wait(var stage)) {
      return stage;
    }
    throw new AssertionError("expected to wait but was " + verdict);
  }

  @Test
  void refusesWhatIsOneTooMany() {
    var filter = filter(2, 0, 1, "address", FakeSite.anywhere());
    var first = call();
    assertThat(filter.request(first)).isEqualTo(Verdict.CONTINUE);
    assertThat(filter.request(call())).isEqualTo(Verdict.CONTINUE);
    var refused = call();
    var problem = Sites.problem(filter.request(refused));
    assertThat(problem.status()).isEqualTo(429);
    assertThat(problem.code()).isEqualTo("concurrency");
    assertThat(Sites.fields(problem)).containsExactly("Retry-After: 1");
    assertThat(filter.request(call().from("198.18.0.7"))).isEqualTo(Verdict.CONTINUE);
    filter.end(refused, DONE);
    assertThat(filter.request(call()))
        .as("who was refused gives nothing back")
        .isNotNull()
        .isInstanceOf(Verdict.Reply.class);
    filter.end(first, DONE);
    filter.end(first, DONE);
    assertThat(filter.request(call())).isEqualTo(Verdict.CONTINUE);
    assertThat(filter.request(call()))
        .as("one end frees one place")
        .isInstanceOf(Verdict.Reply.class);
  }

  @Test
  void allTogetherIsNobodysFault() {
    var filter = filter(1, 0, 1, "api", FakeSite.anywhere());
    filter.request(call());
    assertThat(Sites.problem(filter.request(call())).status()).isEqualTo(503);
  }

  @Test
  void aPlaceGoesToWhoWaitsLongest() throws Exception {
    var filter = filter(1, 2, 10_000, "api", FakeSite.anywhere());
    var first = call();
    var second = call();
    var third = call();
    filter.request(first);
    var turn2 = waits(filter.request(second)).toCompletableFuture();
    var turn3 = waits(filter.request(third)).toCompletableFuture();
    assertThat(filter.request(call())).as("the queue is full").isInstanceOf(Verdict.Reply.class);
    assertThat(turn2).isNotDone();
    filter.end(first, DONE);
    assertThat(turn2.get(1, TimeUnit.SECONDS)).isEqualTo(Verdict.CONTINUE);
    assertThat(turn3).isNotDone();
    filter.end(third, new Ending.ClientFailed("client-left"));
    filter.end(second, DONE);
    assertThat(filter.request(call())).as("nobody holds a place").isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void whoHasWaitedTooLongIsRefusedAndPassesItsPlaceOn() throws Exception {
    var filter = filter(1, 5, 20, "api", FakeSite.anywhere());
    var first = call();
    var late = call();
    filter.request(first);
    var turn = waits(filter.request(late)).toCompletableFuture();
    assertThat(turn.get(5, TimeUnit.SECONDS)).isInstanceOf(Verdict.Reply.class);
    // The place is handed to it although its time is over; its end passes it on.
    filter.end(first, DONE);
    filter.end(late, DONE);
    assertThat(filter.request(call())).isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void nobodyWaitsForLongerThanTheGatewayLetsIt() throws Exception {
    var filter = filter(1, 5, 60_000, "api", FakeSite.anywhere().patient(Duration.ofMillis(40)));
    filter.request(call());
    var turn = waits(filter.request(call())).toCompletableFuture();
    assertThat(turn.get(5, TimeUnit.SECONDS)).isInstanceOf(Verdict.Reply.class);
  }

  @Test
  void callsInFlightSurviveAReload() {
    var before = FakeSite.anywhere();
    var call = call();
    filter(1, 0, 1, "address", before).request(call);
    var after = filter(1, 0, 1, "address", FakeSite.anywhere().after(before));
    assertThat(after.request(call())).isInstanceOf(Verdict.Reply.class);
  }

  @Test
  void neverLetsTooManyFlyNorForgetsAnybody() throws Exception {
    var calls = new InFlight();
    var flying = new AtomicInteger();
    var most = new AtomicInteger();
    var done = new AtomicInteger();
    Verdict over = new Verdict.Reply(Sites.problem(refusal()));
    try (var pool = Executors.newFixedThreadPool(4)) {
      for (int t = 0; t < 4; t++) {
        pool.execute(() -> {
          for (int i = 0; i < 2_000; i++) {
            var place = calls.enter(i % 3, 2, 1_000_000, 60_000, over);
            if (place == null) {
              throw new AssertionError("the queue is long enough");
            }
            Runnable fly =
                () -> {
                  most.accumulateAndGet(flying.incrementAndGet(), Math::max);
                  flying.decrementAndGet();
                  calls.leave(place);
                  done.incrementAndGet();
                };
            var turn = place.turn();
            if (turn == null) {
              fly.run();
            } else {
              turn.thenRun(() -> pool.execute(fly));
            }
          }
        });
      }
      long until = System.nanoTime() + 20_000_000_000L;
      while (done.get() < 8_000 && System.nanoTime() < until) {
        Thread.sleep(1);
      }
    }
    assertThat(done).hasValue(8_000);
    assertThat(most.get()).isLessThanOrEqualTo(6);
    assertThat(calls.keys()).isZero();
  }

  private static Verdict refusal() {
    var filter = filter(1, 0, 1, "api", FakeSite.anywhere());
    filter.request(call());
    return filter.request(call());
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> filter(0, 0, 1, "api", FakeSite.anywhere()))
        .hasMessage("concurrency.calls: 0 (expected: 1-1000000)");
    assertThatThrownBy(() -> filter(1, -1, 1, "api", FakeSite.anywhere()))
        .hasMessageStartingWith("concurrency.queue");
    assertThatThrownBy(() -> filter(1, 1, 100_000, "api", FakeSite.anywhere()))
        .hasMessageStartingWith("concurrency.wait-max");
  }
}
