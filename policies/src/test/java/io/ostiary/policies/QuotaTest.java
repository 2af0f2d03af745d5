package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class QuotaTest {
  private final FakeSite site = FakeSite.anywhere();
  private Instant now = Instant.parse("2026-03-28T22:30:00Z");

  private Filter filter(long requests, Quota.Per per, String zone, Quota.By by) {
    var settings = new Quota.Settings(requests, per, zone, by, false);
    return new Quota(() -> now).compile(settings, site);
  }

  private Verdict ask(Filter filter, String consumer) {
    var exchange = site.exchange("GET", "/orders");
    exchange.consumer(new Consumer(consumer, consumer));
    return filter.request(exchange);
  }

  @Test
  void refusesWhenAllIsUsedUntilTheNextDayOfTheZone() {
    var filter = filter(2, Quota.Per.DAY, "Europe/Paris", Quota.By.CONSUMER);
    assertThat(ask(filter, "ann")).isEqualTo(Verdict.CONTINUE);
    assertThat(ask(filter, "ann")).isEqualTo(Verdict.CONTINUE);
    var problem = Sites.problem(ask(filter, "ann"));
    assertThat(problem.code()).isEqualTo("quota");
    // Half past eleven in the evening there.
    assertThat(Sites.fields(problem))
        .containsExactly(
            "Retry-After: 1800",
            "RateLimit-Policy: \"orders/all/day\";q=2;w=86400",
            "RateLimit: \"orders/all/day\";r=0;t=1800");
    assertThat(ask(filter, "bob")).isEqualTo(Verdict.CONTINUE);
    now = now.plusSeconds(1800);
    assertThat(ask(filter, "ann")).isEqualTo(Verdict.CONTINUE);
    var exchange = site.exchange("GET", "/orders");
    filter.request(exchange);
    filter.response(exchange);
    assertThat(exchange.responseHeaders().first("RateLimit-Policy"))
        .as("the day on which the clocks go forward")
        .isEqualTo("\"orders/all/day\";q=2;w=82800");
  }

  @Test
  void periodsFollowTheCalendar() {
    now = Instant.parse("2026-02-10T10:00:00Z");
    var month = filter(1, Quota.Per.MONTH, "UTC", Quota.By.API);
    ask(month, "ann");
    assertThat(Sites.fields(Sites.problem(ask(month, "bob"))))
        .contains(
            "RateLimit-Policy: \"orders/all/month/api\";q=1;w=2419200",
            "Retry-After: " + (18 * 86_400 + 14 * 3600));
    var week = filter(1, Quota.Per.WEEK, "UTC", Quota.By.API);
    ask(week, "ann");
    assertThat(Sites.fields(Sites.problem(ask(week, "bob"))))
        .contains("Retry-After: " + (5 * 86_400 + 14 * 3600));
  }

  @Test
  void whatWasUsedSurvivesANewPlan() {
    ask(filter(1, Quota.Per.MONTH, "UTC", Quota.By.CONSUMER), "ann");
    assertThat(ask(filter(1, Quota.Per.MONTH, "UTC", Quota.By.CONSUMER), "ann"))
        .isInstanceOf(Verdict.Reply.class);
    assertThat(ask(filter(2, Quota.Per.MONTH, "UTC", Quota.By.CONSUMER), "ann"))
        .as("more may be used now")
        .isEqualTo(Verdict.CONTINUE);
  }

  @Test
  void isExactUnderContention() throws Exception {
    var filter = filter(500, Quota.Per.YEAR, "UTC", Quota.By.CONSUMER);
    var taken = new AtomicInteger();
    try (var pool = Executors.newFixedThreadPool(4)) {
      for (int t = 0; t < 4; t++) {
        pool.execute(() -> {
          for (int i = 0; i < 400; i++) {
            taken.addAndGet(ask(filter, "ann").equals(Verdict.CONTINUE) ? 1 : 0);
          }
        });
      }
    }
    assertThat(taken).hasValue(500);
  }

  @Test
  void aDryRunOnlyMarksCalls() {
    var settings = new Quota.Settings(1, Quota.Per.DAY, "UTC", Quota.By.API, true);
    var filter = new Quota(() -> now).compile(settings, site);
    ask(filter, "ann");
    var over = site.exchange("GET", "/orders");
    assertThat(filter.request(over)).isEqualTo(Verdict.CONTINUE);
    assertThat(over.remark()).isEqualTo("quota-dry-run");
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> filter(0, Quota.Per.DAY, "UTC", Quota.By.API))
        .hasMessageStartingWith("quota.requests: 0");
    assertThatThrownBy(() -> filter(1, Quota.Per.DAY, "Europe/Pariss", Quota.By.API))
        .hasMessage("quota.zone: Europe/Pariss (expected: UTC or a zone such as Europe/Paris)");
  }
}
