package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.policies.Fault.Abort;
import io.ostiary.policies.Fault.Delay;
import io.ostiary.policies.Fault.Settings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FaultTest {
  private static final FakeSite SITE = FakeSite.anywhere();

  private static Filter filter(@Nullable Delay delay, @Nullable Abort abort, int delayed) {
    return new Fault()
        .compile(new Settings(delay, abort, delayed, When.ALWAYS), SITE.after(FakeSite.anywhere()));
  }

  @Test
  void abortsAShareOfTheCalls() {
    var filter = filter(null, new Abort(503, 25), 1);
    int refused = 0;
    for (int i = 0; i < 4000; i++) {
      var verdict = filter.request(SITE.exchange("GET", "/orders"));
      refused += verdict instanceof Verdict.Reply ? 1 : 0;
    }
    // Six standard deviations of 4,000 draws with one in four are 164.
    assertThat(refused).isBetween(836, 1164);
    var problem =
        Sites.problem(
            filter(null, new Abort(418, 100), 1).request(SITE.exchange("GET", "/orders")));
    assertThat(problem.status()).isEqualTo(418);
    assertThat(problem.code()).isEqualTo("fault");
    assertThat(filter(null, new Abort(503, 0), 1).request(SITE.exchange("GET", "/orders")))
        .isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void holdsACallBackAndThenLetsItGoOrRefusesIt() {
    var slow = new Delay(Duration.ofSeconds(2), 100);
    var call = SITE.exchange("GET", "/orders");
    var verdict = filter(slow, null, 10).request(call);
    assertThat(verdict).isInstanceOf(Verdict.Wait.class);
    var stage = ((Verdict.Wait) verdict).stage().toCompletableFuture();
    assertThat(stage).isNotDone();
    call.waits().getFirst().complete(null);
    assertThat(stage.join()).isEqualTo(Verdict.CONTINUE);
    assertThat(call.remark()).isEqualTo("fault-delayed");
    var both = SITE.exchange("GET", "/orders");
    var refused = (Verdict.Wait) filter(slow, new Abort(500, 100), 10).request(both);
    both.waits().getFirst().complete(null);
    assertThat(refused.stage().toCompletableFuture().join()).isInstanceOf(Verdict.Reply.class);
  }

  @Test
  void holdsBackNoMoreThanItMay() {
    var filter = filter(new Delay(Duration.ofSeconds(1), 100), null, 2);
    var first = SITE.exchange("GET", "/orders");
    assertThat(filter.request(first)).isInstanceOf(Verdict.Wait.class);
    assertThat(filter.request(SITE.exchange("GET", "/orders"))).isInstanceOf(Verdict.Wait.class);
    assertThat(filter.request(SITE.exchange("GET", "/orders"))).isEqualTo(Verdict.CONTINUE);
    first.waits().getFirst().complete(null);
    assertThat(filter.request(SITE.exchange("GET", "/orders"))).isInstanceOf(Verdict.Wait.class);
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> new Settings(null, null, 1, When.ALWAYS))
        .hasMessageStartingWith("fault: nothing");
    assertThatThrownBy(() -> new Delay(Duration.ofSeconds(61), 100))
        .hasMessage("fault.delay: 61000 ms (expected: 1 ms to 1 min)");
    assertThatThrownBy(() -> new Abort(399, 100)).hasMessageStartingWith("fault.abort.status: 399");
    assertThatThrownBy(() -> new Abort(500, 101))
        .hasMessage("fault.abort.percent: 101.0 (expected: 0-100)");
  }

  @Test
  void refusesADelayForWhichNoPolicyMayWait() {
    var site = FakeSite.anywhere().patient(Duration.ofMillis(700));
    var settings = new Settings(new Delay(Duration.ofMillis(700), 100), null, 1, When.ALWAYS);
    assertThatThrownBy(() -> new Fault().compile(settings, site))
        .hasMessage(
            "fault.delay: 700 ms (expected: less than 700 ms, for which a policy may wait at route"
                + " 'all')");
  }
}
