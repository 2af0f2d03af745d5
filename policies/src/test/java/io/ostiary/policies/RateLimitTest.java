package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import io.ostiary.model.PolicyUse;
import io.ostiary.policies.RateLimit.By;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private static final long SECOND = 1_000_000_000L;
  private static final FakeSite SITE = FakeSite.anywhere();

  private static RateLimit.Settings limit(int requests, String per, String by) {
    return new RateLimit.Settings(requests, Duration.parse(per), null, By.parse(by));
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
    var filter = filter(new RateLimit.Settings(60, Duration.ofMinutes(1), 2, By.parse("address")));
    assertThat(passes(filter, call(0))).isTrue();
    assertThat(passes(filter, call(0))).isTrue();
    assertThat(passes(filter, call(0))).isFalse();
    assertThat(passes(filter, call(1))).isTrue();
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> limit(0, "PT1S", "api")).hasMessageStartingWith("rate-limit.requests");
    assertThatThrownBy(() -> limit(1, "PT0S", "api")).hasMessageStartingWith("rate-limit.per");
    assertThatThrownBy(() -> By.parse("user"))
        .hasMessage("rate-limit.by: user (expected: consumer, address, route, api or header:NAME)");
    assertThatThrownBy(() -> new RateLimit.Settings(1, Duration.ofDays(31), 1000, By.parse("api")))
        .hasMessageStartingWith("rate-limit.burst");
  }
}
