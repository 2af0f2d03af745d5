package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Ban.Action;
import io.ostiary.model.BanCase;
import io.ostiary.model.Consumer;
import io.ostiary.model.Ending;
import io.ostiary.policies.Ban.Act;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BanTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Consumer ACME = new Consumer("c_1", "acme");
  private static final Ending ANSWERED = new Ending.Answered(200);
  private static final Ending NO_KEY = new Ending.Refused("key-auth");

  private final FakeSite site = FakeSite.anywhere();

  private static Ban.Settings settings(int most, Act act) {
    return new Ban.Settings(
        most,
        most,
        most,
        most,
        most,
        most,
        Duration.ofMinutes(1),
        act,
        Duration.ofMinutes(10),
        Duration.ofHours(1),
        20,
        5,
        500);
  }

  private Filter filter() {
    return new Ban().compile(settings(3, Act.DENY), site);
  }

  private FakeExchange call(int number, int status) {
    return site.exchange("GET", "/orders")
        .at(1000 * SECOND + number)
        .named(number)
        .answered(status);
  }

  private List<BanCase> cases() {
    return site.banCases();
  }

  @ParameterizedTest
  @CsvSource({
    "401, key-auth, unauthorized",
    "403, ip, forbidden",
    "404, other, not-found",
    "429, rate-limit, too-many",
    "400, validate, invalid"
  })
  void accusesWhoeverOffendsTooOften(int status, String policy, String kind) {
    var filter = filter();
    for (int i = 1; i <= 3; i++) {
      filter.end(call(i, status), new Ending.Refused(policy));
    }
    assertThat(cases()).isEmpty();
    filter.end(call(4, status), new Ending.Refused(policy));
    assertThat(cases()).hasSize(1);
    var one = cases().getFirst();
    assertThat(one.client().getHostAddress()).isEqualTo("198.18.0.1");
    assertThat(one.direct()).isTrue();
    assertThat(one.reason()).startsWith(kind + ": more than 3 calls").endsWith("within 1 min");
    assertThat(one.calls()).containsExactly(1L, 2L, 3L, 4L);
    assertThat(one.by()).isEqualTo("ban");
    assertThat(one.action()).isEqualTo(new Action.Deny());
    assertThat(one.lasts()).isEqualTo(Duration.ofMinutes(10));
    assertThat(one.lastsMax()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void anUpstreamsAnswerCountsLikeAPolicys() {
    var filter = filter();
    for (int i = 0; i < 4; i++) {
      filter.end(call(i, 401), ANSWERED);
    }
    assertThat(cases()).hasSize(1);
  }

  /// Each thing apart, and none of them often enough.
  @Test
  void differentOffencesAreCountedApart() {
    var filter = filter();
    for (int i = 0; i < 3; i++) {
      filter.end(call(i, 401), NO_KEY);
      filter.end(call(i, 429), new Ending.Refused("rate-limit"));
      filter.end(call(i, 200), ANSWERED);
      filter.end(call(i, 400), new Ending.Refused("other"));
      filter.end(call(i, 403), new Ending.Refused("ban"));
      filter.end(call(i, 401), new Ending.ClientFailed("client-left"));
    }
    assertThat(cases()).isEmpty();
  }

  @Test
  void offencesFadeWithinTheWindow() {
    var filter = filter();
    for (int i = 0; i < 20; i++) {
      filter.end(call(0, 401).at(1000 * SECOND + i * 21 * SECOND), NO_KEY);
    }
    assertThat(cases()).isEmpty();
  }

  @Test
  void callsOnTheirWayAreNotASecondCase() {
    var filter = filter();
    for (int i = 0; i < 100; i++) {
      filter.end(call(i, 401), NO_KEY);
    }
    assertThat(cases()).hasSize(1);
    for (int i = 0; i < 5; i++) {
      filter.end(call(i, 401).at(1010 * SECOND), NO_KEY);
    }
    assertThat(cases()).hasSize(2);
  }

  @Test
  void whoGoesOnAfterAReloadIsStillKnown() {
    var first = filter();
    first.end(call(1, 401), NO_KEY);
    first.end(call(2, 401), NO_KEY);
    var later = site.after(site);
    var second = new Ban().compile(settings(3, Act.DENY), later);
    second.end(call(3, 401), NO_KEY);
    second.end(call(4, 401), NO_KEY);
    assertThat(later.banCases()).hasSize(1);
  }

  @Test
  void framingAndUnknownPathsAreSeenWithoutARoute() {
    var watch = Objects.requireNonNull(filter().unrouted());
    for (int i = 0; i < 4; i++) {
      watch.ended(call(i, 0), new Ending.ClientFailed("malformed-request"));
    }
    assertThat(cases()).hasSize(1);
    assertThat(cases().getFirst().reason()).startsWith("malformed: ");
    assertThat(watch).isEqualTo(filter().unrouted());
  }

  @Test
  void anAddressWithHealthyConsumersIsLimitedAndItIsSaidWhy() {
    var filter = filter();
    for (int i = 0; i < 6; i++) {
      var good = call(i, 200);
      good.consumer(ACME);
      filter.end(good, ANSWERED);
    }
    for (int i = 0; i < 4; i++) {
      filter.end(call(i, 401), NO_KEY);
    }
    var one = cases().getFirst();
    assertThat(one.action()).isEqualTo(new Action.Limit(500, 5));
    assertThat(one.reason())
        .contains("limited rather than banned")
        .contains("6 of its last 10 calls were good ones of known consumers");
  }

  @Test
  void aSmallShareOfGoodCallsSparesNobody() {
    var filter = filter();
    var good = call(0, 200);
    good.consumer(ACME);
    filter.end(good, ANSWERED);
    for (int i = 0; i < 4; i++) {
      filter.end(call(i, 401), NO_KEY);
    }
    assertThat(cases().getFirst().action()).isEqualTo(new Action.Deny());
  }

  @Test
  void limitsWhereItIsAskedTo() {
    var filter = new Ban().compile(settings(3, Act.LIMIT), site);
    for (int i = 0; i < 4; i++) {
      filter.end(call(i, 401), NO_KEY);
    }
    assertThat(cases().getFirst().action()).isEqualTo(new Action.Limit(500, 5));
    assertThat(cases().getFirst().reason()).doesNotContain("rather");
  }

  @Test
  void aClientBehindAProxyIsNamedNotTheProxy() {
    var filter = filter();
    for (int i = 0; i < 4; i++) {
      filter.end(call(i, 401).forwardedFor("203.0.113.7"), NO_KEY);
    }
    var one = cases().getFirst();
    assertThat(one.client().getHostAddress()).isEqualTo("203.0.113.7");
    assertThat(one.direct()).isFalse();
  }

  /// A flood over many loops and addresses: one case for each offender, none for anybody else.
  @Test
  void manyThreadsMakeOneCaseForEachOffender() throws Exception {
    var all = java.util.Collections.synchronizedList(new java.util.ArrayList<BanCase>());
    var counted = new Ban().compile(settings(50, Act.DENY), new Collecting(site, all));
    try (var pool = Executors.newFixedThreadPool(4)) {
      for (int t = 0; t < 4; t++) {
        pool.execute(() -> {
          for (int i = 0; i < 4000; i++) {
            var from = i % 2 == 0 ? "198.18.7." + i % 10 : "198.18." + i / 250 + "." + i % 250;
            counted.end(call(i, i % 2 == 0 ? 401 : 200).from(from), i % 2 == 0 ? NO_KEY : ANSWERED);
          }
        });
      }
      pool.shutdown();
      assertThat(pool.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(all.stream().map(one -> one.client().getHostAddress()))
        .containsExactlyInAnyOrder(
            "198.18.7.0", "198.18.7.2", "198.18.7.4", "198.18.7.6", "198.18.7.8");
  }

  /// A site whose cases many threads may bring.
  private record Collecting(FakeSite site, List<BanCase> all)
      implements io.ostiary.gateway.spi.Site {
    @Override
    public io.ostiary.model.Snapshot snapshot() {
      return site.snapshot();
    }

    @Override
    public io.ostiary.model.Api api() {
      return site.api();
    }

    @Override
    public io.ostiary.model.Route route() {
      return site.route();
    }

    @Override
    public <T> io.ostiary.gateway.spi.StateKey<T> state(Class<T> type) {
      return site.state(type);
    }

    @Override
    public io.ostiary.gateway.spi.HttpCalls http() {
      return site.http();
    }

    @Override
    public Duration waitMax() {
      return site.waitMax();
    }

    @Override
    public io.ostiary.gateway.spi.Work work() {
      return site.work();
    }

    @Override
    public io.ostiary.gateway.spi.Filter filter(io.ostiary.model.PolicyUse use) {
      return site.filter(use);
    }

    @Override
    public <T> T shared(String key, Class<T> type, java.util.function.Supplier<T> make) {
      return site.shared(key, type, make);
    }

    @Override
    public io.ostiary.gateway.spi.Mirror mirror(String upstream, int bytesMax, int copiesMax) {
      return site.mirror(upstream, bytesMax, copiesMax);
    }

    @Override
    public io.ostiary.model.Tally tally(String name) {
      return site.tally(name);
    }

    @Override
    public io.ostiary.model.BanSink bans() {
      return all::add;
    }
  }

  @Test
  void theTableOfOffendersIsBounded() {
    var offenders = new Offenders();
    for (int i = 1; i <= 3 * Offenders.PLACES; i++) {
      offenders.of(i * 0x9e3779b97f4a7c15L, 1, i).offends(0, i, SECOND, 5, i);
    }
    // The newest is known still.
    long last = 3L * Offenders.PLACES;
    assertThat(offenders.of(last * 0x9e3779b97f4a7c15L, 1, last).evidence()).containsExactly(last);
  }

  @Test
  void sharesFade() {
    var shares = new Shares();
    for (int i = 0; i < 8; i++) {
      shares.count(7, SECOND, i < 4);
    }
    assertThat(shares.of(7, SECOND)).isEqualTo(new Shares.Share(4, 8));
    assertThat(shares.of(7, 121 * SECOND)).isEqualTo(new Shares.Share(2, 4));
    assertThat(shares.of(7, 10_000 * SECOND)).isEqualTo(new Shares.Share(0, 0));
    for (int i = 0; i < 70_000; i++) {
      shares.count(9, SECOND, true);
    }
    assertThat(shares.of(9, SECOND).percent()).isEqualTo(100);
    assertThat(shares.of(8, SECOND).percent()).isZero();
  }

  @Test
  void saysWhatIsWrongWithItsSettings() {
    assertThatThrownBy(() -> settings(0, Act.DENY)).hasMessageContaining("every limit is 0");
    assertThatThrownBy(() -> settings(-1, Act.DENY))
        .hasMessage("ban.unauthorized: -1 (expected: 0-1000000)");
  }
}
