package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import io.ostiary.model.PolicyUse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private static final long SECOND = 1_000_000_000L;
  private static final FakeSite SITE = FakeSite.anywhere();

  private static RateLimit.Settings limit(int requests, String per, String by) {
    return new RateLimit.Settings(requests, Duration.parse(per), null, CountBy.parse(by));
  }

  private static Filter filter(RateLimit.Settings settings) {
    return new RateLimit().compile(settings, FakeSite.anywhere());
  }

  private static FakeExchange call(long seconds) {
    return SITE.exchange("GET", "/orders").at(1000 * SECOND + seconds * SECOND);
  }

  private static boolean passes(Filter filter, FakeExchange exchange) {
    return filter.request(exchange).equals(Verdict.CONTINUE);
  }

  @Test
  void repliesOnceTheMinuteIsSpent() {
    var filter = filter(limit(3, "PT1M", "address"));
    for (int i = 0; i < 3; i++) {
      assertThat(passes(filter, call(0))).isTrue();
    }
    var problem = Sites.problem(filter.request(call(5)));
    assertThat(problem.status()).isEqualTo(429);
    assertThat(problem.code()).isEqualTo("rate-limit");
    assertThat(Sites.fields(problem))
        .containsExactly(
            "Retry-After: 15",
            "RateLimit-Policy: \"orders/all\";q=3;w=60",
            "RateLimit: \"orders/all\";r=0;t=15");
    assertThat(passes(filter, call(20))).isTrue();
    assertThat(passes(filter, call(20))).isFalse();
  }

  @Test
  void everyAnswerSaysWhatRemains() {
    var filter = filter(limit(10, "PT10S", "address"));
    var exchange = call(0);
    filter.request(exchange);
    filter.response(exchange);
    assertThat(exchange.responseHeaders().first("RateLimit")).isEqualTo("\"orders/all\";r=9;t=1");
    assertThat(exchange.responseHeaders().first("RateLimit-Policy"))
        .isEqualTo("\"orders/all\";q=10;w=10");
  }

  /// One a second after a burst of two: the third waits one second, the fourth two, and the fifth
  /// would three.
  @Test
  void callsOverTheLimitWaitForTheirTurn() {
    var filter =
        filter(
            WrittenSettings.of(
                new RateLimit(), "{ requests: 1, per: 1s, burst: 2, by: address, wait-max: 2s }"));
    assertThat(passes(filter, call(0))).isTrue();
    assertThat(passes(filter, call(0))).isTrue();
    long began = System.nanoTime();
    var third = filter.request(call(0));
    var fourth = filter.request(call(0));
    assertThat(Sites.problem(filter.request(call(0))).fields().getFirst().value()).isEqualTo("1");
    assertThat(waited(third)).isEqualTo(Verdict.CONTINUE);
    assertThat(System.nanoTime() - began).isGreaterThan(SECOND - 1_000_000);
    assertThat(waited(fourth)).isEqualTo(Verdict.CONTINUE);
    assertThat(System.nanoTime() - began).isGreaterThan(2 * SECOND - 1_000_000);
    // Two seconds later both turns are over, and nothing of the burst is back.
    assertThat(filter.request(call(2))).isInstanceOf(Verdict.Wait.class);
    assertThat(passes(filter, call(6))).isTrue();
  }

  private static Verdict waited(Verdict verdict) {
    if (verdict instanceof Verdict.Wait(var stage)) {
      return stage.toCompletableFuture().join();
    }
    throw new AssertionError("expected a wait but was " + verdict);
  }

  @Test
  void whoWaitsIsToldThatNothingRemains() {
    var filter =
        filter(
            WrittenSettings.of(
                new RateLimit(),
                "{ requests: 10, per: 10s, burst: 1, by: address, wait-max: 20s }"));
    for (int i = 0; i < 2; i++) {
      var exchange = call(0);
      filter.request(exchange);
      filter.response(exchange);
      assertThat(exchange.responseHeaders().first("RateLimit")).isEqualTo("\"orders/all\";r=0;t=1");
    }
  }

  @Test
  void addressesAndNetworksCountAlone() {
    var filter = filter(limit(1, "PT1H", "address"));
    assertThat(passes(filter, call(0).from("198.18.0.1"))).isTrue();
    assertThat(passes(filter, call(0).from("198.18.0.2"))).isTrue();
    assertThat(passes(filter, call(0).from("198.18.0.1"))).isFalse();
    assertThat(passes(filter, call(0).from("2001:db8::1"))).isTrue();
    assertThat(passes(filter, call(0).from("2001:db8::2"))).isFalse();
    assertThat(passes(filter, call(0).from("2001:db8:0:1::2"))).isTrue();
  }

  @Test
  void consumersCountAloneAndOthersByAddress() {
    var filter = filter(limit(1, "PT1H", "consumer"));
    for (var id : List.of("a", "b")) {
      var exchange = call(0);
      exchange.consumer(new Consumer(id, id));
      assertThat(passes(filter, exchange)).isTrue();
      assertThat(passes(filter, exchange)).isFalse();
    }
    assertThat(passes(filter, call(0))).isTrue();
    assertThat(passes(filter, call(0))).isFalse();
  }

  @Test
  void aHeaderCanSayWhoIsCounted() {
    var filter = filter(limit(1, "PT1H", "header:X-Tenant"));
    assertThat(passes(filter, call(0).with("x-tenant", "a"))).isTrue();
    assertThat(passes(filter, call(0).with("x-tenant", "b"))).isTrue();
    assertThat(passes(filter, call(0).with("x-tenant", "a"))).isFalse();
    assertThat(passes(filter, call(0))).isTrue();
    assertThat(passes(filter, call(0))).isFalse();
  }

  @Test
  void anApisLimitIsSharedByItsRoutes() {
    for (var by : Map.of("consumer", true, "api", true, "route", false).entrySet()) {
      var settings = limit(1, "PT1H", by.getKey());
      var routes = List.of(Sites.route("list", "/a"), Sites.route("get", "/b"));
      var api = Sites.api(routes, new PolicyUse("rate-limit", settings));
      var snapshot = Sites.snapshot(api, List.of(), List.of());
      var shared = new HashMap<String, Object>();
      var policy = new RateLimit();
      var list = policy.compile(settings, new FakeSite(snapshot, api, routes.get(0), shared));
      var get = policy.compile(settings, new FakeSite(snapshot, api, routes.get(1), shared));
      assertThat(passes(list, call(0))).isTrue();
      assertThat(passes(get, call(0))).as(by.getKey()).isNotEqualTo(by.getValue());
    }
  }

  @Test
  void whatWasUsedSurvivesAReload() {
    var before = FakeSite.anywhere();
    var policy = new RateLimit();
    var wide = policy.compile(limit(2, "PT1H", "address"), before);
    assertThat(passes(wide, call(0))).isTrue();
    assertThat(passes(wide, call(0))).isTrue();
    var after = policy.compile(limit(60, "PT1M", "address"), FakeSite.anywhere().after(before));
    assertThat(passes(after, call(0))).as("nothing is left").isFalse();
    assertThat(passes(after, call(1))).as("the new limit says how long that lasts").isTrue();
  }

  @Test
  void burstLimitsWhatComesAtOnce() {
    var filter =
        filter(new RateLimit.Settings(60, Duration.ofMinutes(1), 2, CountBy.parse("address")));
    assertThat(passes(filter, call(0))).isTrue();
    assertThat(passes(filter, call(0))).isTrue();
    assertThat(passes(filter, call(0))).isFalse();
    assertThat(passes(filter, call(1))).isTrue();
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> limit(0, "PT1S", "api")).hasMessageStartingWith("rate-limit.requests");
    assertThatThrownBy(() -> limit(1, "PT0S", "api")).hasMessageStartingWith("rate-limit.per");
    assertThatThrownBy(() -> CountBy.parse("user"))
        .hasMessage("by: user (expected: consumer, address, route, api or header:NAME)");
    assertThatThrownBy(
            () -> new RateLimit.Settings(1, Duration.ofDays(31), 1000, CountBy.parse("api")))
        .hasMessageStartingWith("rate-limit.burst");
  }

  private static RateLimit.Settings several(
      List<RateLimit.Limit> limits, Map<String, Integer> costs, boolean dryRun, String... by) {
    return new RateLimit.Settings(
        null,
        Duration.ofMinutes(1),
        null,
        limits,
        List.of(by).stream().map(CountBy::parse).toList(),
        1,
        costs,
        dryRun ? null : "X-Cost",
        dryRun,
        Duration.ZERO);
  }

  private static RateLimit.Limit each(int requests, String per) {
    return new RateLimit.Limit(requests, Duration.parse(per), null);
  }

  @Test
  void severalLimitsHoldAtOnce() {
    var limits = List.of(each(2, "PT1S"), each(3, "PT1H"));
    var filter = filter(several(limits, Map.of(), false, "address"));
    var first = call(0);
    assertThat(passes(filter, first)).isTrue();
    filter.response(first);
    assertThat(first.responseHeaders().all("RateLimit-Policy"))
        .containsExactly("\"orders/all/1s\";q=2;w=1", "\"orders/all/1h\";q=3;w=3600");
    assertThat(first.responseHeaders().all("RateLimit"))
        .containsExactly("\"orders/all/1s\";r=1;t=1", "\"orders/all/1h\";r=2;t=1200");
    assertThat(passes(filter, call(0))).isTrue();
    var problem = Sites.problem(filter.request(call(0)));
    assertThat(Sites.fields(problem))
        .containsExactly(
            "Retry-After: 1",
            "RateLimit-Policy: \"orders/all/1s\";q=2;w=1",
            "RateLimit-Policy: \"orders/all/1h\";q=3;w=3600",
            "RateLimit: \"orders/all/1s\";r=0;t=1");
    assertThat(passes(filter, call(1))).as("the third of the hour").isTrue();
    assertThat(Sites.fields(Sites.problem(filter.request(call(2)))))
        .contains("Retry-After: 1198", "RateLimit: \"orders/all/1h\";r=0;t=1198");
  }

  @Test
  void whatOneLimitRefusesCountsInNone() {
    var limits = List.of(each(100, "PT1H"), each(1, "PT1S"));
    var filter = filter(several(limits, Map.of(), false, "address"));
    for (int second = 0; second < 3; second++) {
      assertThat(passes(filter, call(second))).isTrue();
      for (int i = 0; i < 50; i++) {
        assertThat(passes(filter, call(second))).isFalse();
      }
    }
    var last = call(3);
    assertThat(passes(filter, last)).isTrue();
    filter.response(last);
    assertThat(last.responseHeaders().all("RateLimit").getFirst())
        .isEqualTo("\"orders/all/1h\";r=96;t=144");
  }

  @Test
  void isExactUnderContentionInAllLimits() throws Exception {
    var limits = List.of(each(1000, "PT1H"), each(700, "PT2H"));
    var filter = filter(several(limits, Map.of(), false, "address"));
    var taken = new AtomicInteger();
    try (var pool = Executors.newFixedThreadPool(4)) {
      for (int t = 0; t < 4; t++) {
        pool.execute(() -> {
          for (int i = 0; i < 400; i++) {
            taken.addAndGet(passes(filter, call(0)) ? 1 : 0);
          }
        });
      }
    }
    assertThat(taken.get()).isEqualTo(700);
  }

  @Test
  void combinationsCountAlone() {
    var filter = filter(several(List.of(each(1, "PT1H")), Map.of(), false, "address", "header:T"));
    assertThat(passes(filter, call(0).with("T", "a"))).isTrue();
    assertThat(passes(filter, call(0).with("T", "a"))).isFalse();
    assertThat(passes(filter, call(0).with("T", "b"))).isTrue();
    assertThat(passes(filter, call(0).with("T", "a").from("198.18.0.9"))).isTrue();
  }

  @Test
  void routesCanCostMoreAndTheUpstreamHasTheLastWord() {
    var filter = filter(several(List.of(each(10, "PT10S")), Map.of("all", 4), false, "address"));
    var dear = call(0);
    assertThat(passes(filter, dear)).isTrue();
    dear.responseHeaders().sent("X-Cost", "7");
    filter.response(dear);
    assertThat(dear.responseHeaders().first("RateLimit")).isEqualTo("\"orders/all\";r=3;t=7");
    assertThat(dear.responseHeaders().first("X-Cost")).isNull();
    assertThat(passes(filter, call(0))).as("4 do not fit in 3").isFalse();
    var cheap = call(1);
    assertThat(passes(filter, cheap)).isTrue();
    cheap.responseHeaders().sent("X-Cost", "0");
    filter.response(cheap);
    assertThat(cheap.responseHeaders().first("RateLimit")).isEqualTo("\"orders/all\";r=4;t=6");
    var owing = call(1);
    assertThat(passes(filter, owing)).isTrue();
    owing.responseHeaders().sent("X-Cost", "9999999");
    filter.response(owing);
    assertThat(passes(filter, call(13))).as("it owes as much as its burst, no more").isFalse();
    assertThat(passes(filter, call(15))).isTrue();
  }

  @Test
  void aDryRunOnlyMarksCalls() {
    var filter = filter(several(List.of(each(1, "PT1H")), Map.of(), true, "address"));
    assertThat(passes(filter, call(0))).isTrue();
    var over = call(0);
    assertThat(passes(filter, over)).isTrue();
    assertThat(over.remark()).isEqualTo("rate-limit-dry-run");
    assertThat(filter.moments()).containsExactly(Moment.REQUEST);
  }

  @Test
  void refusesLimitsThatContradictEachOther() {
    assertThatThrownBy(() -> several(List.of(), Map.of(), false, "api"))
        .hasMessageStartingWith("rate-limit.requests: nothing");
    assertThatThrownBy(
            () -> several(List.of(each(1, "PT1S"), each(2, "PT1S")), Map.of(), false, "api"))
        .hasMessageStartingWith("rate-limit.limits: two with 'per: PT1S'");
    assertThatThrownBy(() -> several(List.of(each(2, "PT1S")), Map.of("all", 3), false, "api"))
        .hasMessage("rate-limit.costs.all: 3 (expected: 0-2)");
    assertThatThrownBy(
            () -> filter(several(List.of(each(2, "PT1S")), Map.of("no", 1), false, "api")))
        .hasMessage("rate-limit.costs: no (expected: the id of a route of this API)");
  }
}
