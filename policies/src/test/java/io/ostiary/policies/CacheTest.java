package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Consumer;
import io.ostiary.model.PolicyUse;
import io.ostiary.policies.coding.Coding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The cache before an upstream that counts, asked by curl.
class CacheTest {
  /// Recognises whoever says `X-Who`.
  static final class Who implements Policy<Who.None> {
    record None() {}

    @Override
    public String name() {
      return "who";
    }

    @Override
    public Class<None> settings() {
      return None.class;
    }

    @Override
    public Filter compile(None settings, Site site) {
      return new Filter() {
        @Override
        public Set<Moment> moments() {
          return Set.of(Moment.REQUEST);
        }

        @Override
        public Verdict request(Exchange exchange) {
          var who = exchange.requestHeaders().first(HeaderName.of("X-Who"));
          if (who != null) {
            exchange.consumer(new Consumer(who, who));
          }
          return Verdict.CONTINUE;
        }
      };
    }
  }

  static Cache.Settings settings(long staleSeconds, long collapseMillis) {
    return WrittenSettings.of(
        new Cache(),
        "{ bytes: 1MiB, entry-max: 256KiB, stale-if-error: %1$ds, stale-while-revalidate: %1$ds, collapse: %2$dms }"
            .formatted(staleSeconds, collapseMillis));
  }

  private static Cache.Settings ifError(long seconds) {
    return WrittenSettings.of(
        new Cache(), "{ stale-if-error: %ds, collapse: 0s }".formatted(seconds));
  }

  static PolicyKit kit(FakeUpstream upstream, Cache.Settings settings) {
    return new PolicyKit(
        upstream,
        List.of(new Cache(), new Who()),
        new PolicyUse("who", new Who.None()),
        new PolicyUse("cache", settings));
  }

  /// Says how often it was asked.
  static FakeUpstream counting(String fields) {
    var asked = new AtomicInteger();
    return FakeUpstream.of(talk -> {
      talk.body();
      var body = "answer " + asked.incrementAndGet();
      talk.send(
          "HTTP/1.1 200 OK\r\n"
              + fields
              + "Content-Length: "
              + body.length()
              + "\r\n\r\n"
              + (talk.head().startsWith("HEAD") ? "" : body));
      return true;
    });
  }

  /// RFC 9111 section 5.1: the first of several, and nothing where it is no number.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Age: 5",
        "Age: 5, 700",
        "Age: 5\r\nAge: 700",
        "Age: abc",
        "Age: -700",
        "Age: 700.0",
        "Age:"
      })
  void anAgeIsTheFirstNumberOrNone(String age) {
    try (var upstream = counting("Cache-Control: max-age=60\r\n" + age + "\r\n");
        var kit = kit(upstream, settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-i", "/a"))
          .containsPattern("\r\nAge: " + (age.startsWith("Age: 5") ? "[5-9]" : "[0-4]") + "\r\n")
          .endsWith("answer 1");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Age: 700", "Age: 700, 5", "Age: 700\r\nAge: 5", "Age: 99999999999999999999"})
  void whatIsTooOldWhenItComesIsNotGivenAgain(String age) {
    try (var upstream = counting("Cache-Control: max-age=60\r\n" + age + "\r\n");
        var kit = kit(upstream, settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("/a")).isEqualTo("answer 2");
    }
  }

  @Test
  void givesAgainWhatIsFresh() {
    try (var upstream = counting("Cache-Control: max-age=60\r\nETag: \"a\"\r\n");
        var kit = kit(upstream, settings(0, 0))) {
      assertThat(kit.curl("-i", "/a"))
          .contains("Cache-Status: ostiary; fwd=uri-miss; fwd-status=200; stored\r\n")
          .endsWith("answer 1");
      assertThat(kit.curl("-i", "/a"))
          .contains("Age: 0\r\n", "Cache-Status: ostiary; hit; ttl=", "ETag: \"a\"\r\n")
          .contains("Content-Length: 8\r\n")
          .endsWith("answer 1");
      assertThat(kit.curl("-I", "/a")).contains("Content-Length: 8\r\n", "ostiary; hit");
      assertThat(kit.curl("-i", "-H", "If-None-Match: W/\"a\"", "/a"))
          .startsWith("HTTP/1.1 304")
          .contains("ETag: \"a\"", "hit");
      assertThat(kit.curl("/b")).isEqualTo("answer 2");
      assertThat(kit.curl("/a?x")).isEqualTo("answer 3");
      assertThat(kit.curl("-H", "Host: other", "/a")).isEqualTo("answer 4");
      assertThat(kit.curl("-H", "Cache-Control: no-cache", "/a")).isEqualTo("answer 5");
      assertThat(kit.curl("-r", "0-3", "/a")).isEqualTo("answ");
      assertThat(kit.curl("-H", "X-Original-URL: /b", "/a")).isEqualTo("answer 6");
      // Over HTTP/2 content needs no field that announces it.
      assertThat(kit.curl("--http2-prior-knowledge", "-XGET", "-HContent-Length:", "-dx=y", "/fat"))
          .isEqualTo("answer 7");
      assertThat(kit.curl("/fat")).isEqualTo("answer 8");
      assertThat(kit.curl("--http2-prior-knowledge", "/fat")).isEqualTo("answer 8");
      assertThat(kit.curl("/a")).isEqualTo("answer 5");
      assertThat(kit.curl("-i", "-H", "Cache-Control: only-if-cached", "/z"))
          .startsWith("HTTP/1.1 504");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Cache-Control: no-store, max-age=60\r\n",
        "Cache-Control: private, max-age=60\r\n",
        "Cache-Control: private=\"x\", max-age=60\r\n",
        "Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\n",
        "Cache-Control: max-age=60\r\nVary: *\r\n",
        "Cache-Control: max-age=60, max-age=0\r\n",
        "Cache-Control: max-age=\"-1\"\r\n",
        "Expires: 0\r\n",
        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        ""
      })
  void doesNotGiveAgainWhatMayNotBe(String fields) {
    try (var upstream = counting(fields);
        var kit = kit(upstream, settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("/a")).isEqualTo("answer 2");
    }
  }

  @Test
  void consumersNeverSeeEachOthersAnswers() {
    try (var upstream = counting("Cache-Control: max-age=60\r\n");
        var kit = kit(upstream, settings(0, 0))) {
      assertThat(kit.curl("-H", "X-Who: ann", "/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-H", "X-Who: bob", "/a")).isEqualTo("answer 2");
      assertThat(kit.curl("/a")).isEqualTo("answer 3");
      assertThat(kit.curl("-H", "X-Who: ann", "/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-H", "X-Who: bob", "/a")).isEqualTo("answer 2");
      assertThat(kit.curl("-H", "Authorization: x", "/b")).isEqualTo("answer 4");
      assertThat(kit.curl("/b")).isEqualTo("answer 5");
      assertThat(kit.curl("-H", "Authorization: x", "/b")).isEqualTo("answer 6");
      assertThat(kit.curl("-H", "Cookie: s=1", "/c")).isEqualTo("answer 7");
      assertThat(kit.curl("/c")).isEqualTo("answer 8");
    }
    try (var upstream = counting("Cache-Control: public, max-age=60\r\n");
        var kit = kit(upstream, settings(0, 0))) {
      assertThat(kit.curl("-H", "X-Who: ann", "/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-H", "X-Who: bob", "/a")).as("public is for all").isEqualTo("answer 1");
    }
  }

  @Test
  void variantsAreToldApart() {
    try (var upstream = counting("Cache-Control: max-age=60\r\nVary: Accept-Language\r\n");
        var kit = kit(upstream, settings(0, 0))) {
      assertThat(kit.curl("-H", "Accept-Language: de, en", "/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-H", "Accept-Language: fr", "/a")).isEqualTo("answer 2");
      assertThat(kit.curl("/a")).isEqualTo("answer 3");
      assertThat(kit.curl("-H", "Accept-Language: de,en", "/a")).isEqualTo("answer 1");
    }
  }

  @Test
  void asksWhetherItStillHolds() {
    var asked = new AtomicInteger();
    try (var upstream =
            FakeUpstream.of(talk -> {
              asked.incrementAndGet();
              if (talk.field("If-None-Match").equals("\"a\"")) {
                talk.send(
                    "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nX: new\r\n\r\n");
              } else {
                talk.send(
                    "HTTP/1.1 200 OK\r\nCache-Control: no-cache\r\nETag: \"a\"\r\nX: old\r\n"
                        + "Content-Length: 2\r\n\r\nhi");
              }
              return true;
            });
        var kit = kit(upstream, settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("hi");
      assertThat(kit.curl("-i", "/a"))
          .startsWith("HTTP/1.1 200")
          .contains("X: new\r\n", "Cache-Status: ostiary; fwd=stale; fwd-status=304")
          .doesNotContain("X: old")
          .endsWith("\r\n\r\nhi");
      assertThat(kit.curl("-i", "/a")).contains("hit").endsWith("hi");
      assertThat(asked).hasValue(2);
    }
  }

  @Test
  void aChangeMakesItInvalidForAll() {
    try (var upstream = counting("Cache-Control: public, max-age=60\r\nLocation: /b\r\n");
        var kit = kit(upstream, settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("/b")).isEqualTo("answer 2");
      assertThat(kit.curl("-X", "OPTIONS", "/a")).isEqualTo("answer 3");
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-H", "X-Who: ann", "-d", "x", "/a")).isEqualTo("answer 4");
      assertThat(kit.curl("/a")).isEqualTo("answer 5");
      assertThat(kit.curl("/b")).as("Location").isEqualTo("answer 6");
    }
  }

  /// The order that the pages recommend: what is kept is masked, then compressed.
  @Test
  void keepsWhatPoliciesBehindItHaveMade() {
    var json = "{\"password\":\"x\",\"a\":\"" + "y".repeat(3000) + "\"}";
    var asked = new AtomicInteger();
    try (var upstream =
            FakeUpstream.of(talk -> {
              asked.incrementAndGet();
              talk.send(
                  "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\n"
                      + "Content-Type: application/json\r\nContent-Length: "
                      + json.length()
                      + "\r\n\r\n"
                      + json);
              return true;
            });
        var kit =
            new PolicyKit(
                upstream,
                List.of(new Cache(), new Compress(), new Mask()),
                new PolicyUse("cache", settings(0, 0)),
                new PolicyUse(
                    "compress",
                    new Compress.Settings(
                        List.of(Coding.GZIP), 100, List.of("application/json"), 4)),
                new PolicyUse(
                    "mask",
                    new Mask.Settings(List.of("password"), List.of(), false, true, "***")))) {
      for (int i = 0; i < 2; i++) {
        assertThat(kit.curl("--compressed", "-H", "Accept-Encoding: gzip", "/"))
            .startsWith("{\"password\":\"***\",\"a\":\"yyy");
        assertThat(kit.curl("/")).startsWith("{\"password\":\"***\",\"a\":\"yyy");
      }
      assertThat(asked).as("once for each coding").hasValue(2);
      assertThat(kit.curl("-i", "-H", "Accept-Encoding: gzip", "/"))
          .contains("Content-Encoding: gzip\r\n", "ETag: W/\"a\"\r\n", "ostiary; hit");
    }
  }

  @Test
  void operatorsCanThrowItAway() {
    try (var upstream = counting("Cache-Control: max-age=60\r\n");
        var kit = kit(upstream, settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("/b?x=1")).isEqualTo("answer 2");
      assertThat(kit.purge("others", "")).isZero();
      assertThat(kit.purge("orders", "/b?x=1")).isEqualTo(1);
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("/b?x=1")).isEqualTo("answer 3");
      assertThat(kit.purge("orders", "")).isEqualTo(1);
      assertThat(kit.curl("/a")).isEqualTo("answer 4");
    }
  }

  @Test
  void standsInForAnUpstreamThatFails() throws Exception {
    var broken = new AtomicInteger();
    try (var upstream =
            FakeUpstream.of(talk -> {
              if (broken.get() == 0) {
                talk.send(
                    "HTTP/1.1 200 OK\r\nCache-Control: max-age=0\r\nETag: \"a\"\r\n"
                        + "Content-Length: 2\r\n\r\nhi");
                return true;
              }
              if (broken.get() == 1) {
                talk.send("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
                return true;
              }
              return false;
            });
        var kit = kit(upstream, ifError(3600))) {
      assertThat(kit.curl("/a")).isEqualTo("hi");
      Thread.sleep(10);
      broken.set(1);
      // One call asks, and is answered with what there was.
      assertThat(kit.curl("-i", "/a"))
          .startsWith("HTTP/1.1 200")
          .contains("detail=stale-if-error")
          .endsWith("hi");
      broken.set(2);
      assertThat(kit.curl("-i", "/a")).as("hangs up").contains("stale-if-error").endsWith("hi");
      assertThat(kit.curl("-i", "/other")).startsWith("HTTP/1.1 502");
    }
  }

  @Test
  void callsForTheSameWaitForTheFirst() throws Exception {
    var asked = new AtomicInteger();
    var go = new CountDownLatch(1);
    try (var upstream =
            FakeUpstream.of(talk -> {
              asked.incrementAndGet();
              await(go);
              talk.send(
                  "HTTP/1.1 200 OK\r\nCache-Control: max-age=9\r\nContent-Length: 2\r\n\r\nhi");
              return true;
            });
        var kit = kit(upstream, settings(0, 5000));
        var pool = Executors.newCachedThreadPool()) {
      var answers = new ArrayList<Future<String>>();
      for (int i = 0; i < 8; i++) {
        answers.add(pool.submit(() -> kit.curl("-i", "/a")));
      }
      long until = System.nanoTime() + 3_000_000_000L;
      while (asked.get() == 0 && System.nanoTime() < until) {
        Thread.sleep(5);
      }
      Thread.sleep(300);
      go.countDown();
      for (var answer : answers) {
        assertThat(answer.get()).startsWith("HTTP/1.1 200").endsWith("hi");
      }
      assertThat(asked).hasValue(1);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void nobodyWaitsForWhatCannotBeKept() {
    try (var upstream = counting("Cache-Control: no-store\r\n");
        var kit = kit(upstream, settings(0, 5000))) {
      for (int i = 1; i <= 5; i++) {
        assertThat(kit.curl("/a")).isEqualTo("answer " + i);
      }
    }
  }

  @Test
  void staysWithinItsBytes() {
    var body = "x".repeat(100_000);
    var asked = new AtomicInteger();
    try (var upstream =
            FakeUpstream.of(talk -> {
              asked.incrementAndGet();
              talk.send(
                  "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 100000\r\n\r\n"
                      + body);
              return true;
            });
        var kit = kit(upstream, settings(0, 0))) {
      for (int i = 0; i < 12; i++) {
        assertThat(kit.curl("/" + i)).hasSize(100_000);
      }
      assertThat(asked).hasValue(12);
      assertThat(kit.curl("/11")).hasSize(100_000);
      assertThat(asked).as("the newest is kept").hasValue(12);
      kit.curl("/0");
      assertThat(asked).as("one of the oldest has gone").hasValue(13);
    }
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> WrittenSettings.of(new Cache(), "{ bytes: 1, entry-max: 1 }"))
        .hasMessageStartingWith("cache.bytes: 1");
    assertThatThrownBy(() -> WrittenSettings.of(new Cache(), "{ status-ttl: { 4X: 1s } }"))
        .hasMessageStartingWith("cache.status-ttl: '4X' (expected: a status such as 404");
    assertThatThrownBy(() -> WrittenSettings.of(new Cache(), "{ status-ttl: { 304: 1s } }"))
        .hasMessageContaining("'304'");
    assertThatThrownBy(() -> WrittenSettings.of(new Cache(), "{ override: true }"))
        .hasMessageStartingWith("cache.override: true without a time");
    assertThatThrownBy(() -> settings(0, 60_000)).hasMessageStartingWith("cache.collapse");
  }

  /// What is kept would go out as the upstream sent it.
  @Test
  void mustNotStandBehindCompress() {
    var own = settings(0, 0);
    var cache = new PolicyUse("cache", own);
    var compress =
        new PolicyUse(
            "compress", new Compress.Settings(List.of(Coding.GZIP), 1, List.of("a/b"), 1));
    var routes = List.of(Sites.route("all", "/*"));
    var behind =
        Sites.site(Sites.snapshot(Sites.api(routes, compress, cache), List.of(), List.of()));
    assertThatThrownBy(() -> new Cache().compile(own, behind))
        .hasMessageStartingWith("cache: behind 'compress' (expected: before it");
    var before =
        Sites.site(Sites.snapshot(Sites.api(routes, cache, compress), List.of(), List.of()));
    assertThat(new Cache().compile(own, before).moments()).contains(Moment.REQUEST);
  }

  @Test
  void nobodyWaitsForAnotherCallLongerThanTheGatewayLetsIt() throws Exception {
    var site = FakeSite.anywhere().patient(Duration.ofMillis(40));
    var filter = new Cache().compile(settings(0, 5000), site);
    assertThat(filter.request(site.exchange("GET", "/a"))).isEqualTo(Verdict.CONTINUE);
    var second = (Verdict.Wait) filter.request(site.exchange("GET", "/a"));
    assertThat(second.stage().toCompletableFuture().get(4, TimeUnit.SECONDS))
        .isEqualTo(Verdict.CONTINUE);
  }
}
