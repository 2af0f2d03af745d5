package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Balance;
import io.ostiary.model.Outliers;
import io.ostiary.model.Overload;
import io.ostiary.model.Retries;
import io.ostiary.model.Retries.On;
import io.ostiary.model.Spread;
import io.ostiary.model.Target;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What becomes of calls when targets fail or are too many calls behind.
class ResilienceTest {
  private static List<Target> targets(FakeUpstream... upstreams) {
    var targets = new ArrayList<Target>();
    for (var upstream : upstreams) {
      targets.add(new Target("127.0.0.1", upstream.port(), 1));
    }
    return targets;
  }

  private static Retries retries(Set<On> on, Duration perTry, Retries.Hedge hedge, int budget) {
    var d = Retries.DEFAULT;
    return new Retries(
        3,
        on,
        d.statuses(),
        d.grpc(),
        Set.of(),
        perTry,
        Duration.ofMillis(5),
        Duration.ofMillis(20),
        budget,
        budget == 0 ? 0 : 10,
        d.retryAfterMax(),
        hedge);
  }

  private static Retries retries(On... on) {
    return retries(Set.of(on), Duration.ZERO, Retries.Hedge.NONE, 20);
  }

  /// The usual ones with this limit of each attempt.
  static Retries perTry(Duration perTry) {
    var d = Retries.DEFAULT;
    return retries(d.on(), perTry, Retries.Hedge.NONE, d.budget());
  }

  /// Reads a request and hangs up.
  private static FakeUpstream dying() {
    return FakeUpstream.of(talk -> {
      talk.body();
      return false;
    });
  }

  private static String post(Kit kit, String target) {
    return kit.ask(
        "POST "
            + target
            + " HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
  }

  @Test
  void repeatsAGetAfterAResetAndNeverAPost() {
    try (var good = FakeUpstream.echo();
        var bad = dying();
        var kit = new Kit(targets(bad, good))) {
      kit.outliers = never();
      kit.publish();
      for (int i = 0; i < 10; i++) {
        assertThat(kit.get("/get" + i)).startsWith("HTTP/1.1 200").endsWith("/get" + i);
      }
      int answered = 0;
      for (int i = 0; i < 10; i++) {
        answered += post(kit, "/post" + i).startsWith("HTTP/1.1 200") ? 1 : 0;
      }
      assertThat(answered).isEqualTo(5);
      for (int i = 0; i < 10; i++) {
        var line = "POST /post" + i + " ";
        long heads =
            good.heads().stream().filter(head -> head.startsWith(line)).count()
                + bad.heads().stream().filter(head -> head.startsWith(line)).count();
        assertThat(heads).as(line).isEqualTo(1);
      }
      assertThat(kit.ledger(20)).filteredOn(line -> line.endsWith("attempts=2")).hasSize(5);
    }
  }

  @Test
  void repeatsAPostWhereTheSettingsAllowIt() {
    try (var good = FakeUpstream.echo();
        var bad = dying();
        var kit = new Kit(targets(bad, good))) {
      kit.outliers = never();
      var d = retries(On.RESET);
      kit.retries =
          new Retries(
              3,
              d.on(),
              d.statuses(),
              d.grpc(),
              Set.of("POST"),
              d.perTry(),
              d.backOff(),
              d.backOffMax(),
              d.budget(),
              d.budgetMin(),
              d.retryAfterMax(),
              d.hedge());
      kit.publish();
      for (int i = 0; i < 4; i++) {
        assertThat(post(kit, "/with-content" + i)).startsWith("HTTP/1.1 200");
        assertThat(
                kit.ask(
                    "POST /empty HTTP/1.1\r\n"
                        + "Host: t\r\n"
                        + "Content-Length: 0\r\n"
                        + "Connection: close\r\n\r\n"))
            .startsWith("HTTP/1.1 200");
      }
      assertThat(good.heads()).filteredOn(head -> head.startsWith("POST /empty")).hasSize(4);
    }
  }

  @Test
  void repeatsByStatus() {
    try (var good = FakeUpstream.echo();
        var busy =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy");
              return true;
            });
        var kit = new Kit(targets(busy, good))) {
      kit.outliers = never();
      kit.retries = retries(On.STATUS);
      kit.publish();
      for (int i = 0; i < 6; i++) {
        assertThat(kit.get("/" + i)).startsWith("HTTP/1.1 200");
      }
      assertThat(busy.heads()).hasSize(3);
      kit.targets = targets(busy);
      kit.publish();
      assertThat(kit.get("/alone")).startsWith("HTTP/1.1 503 ").endsWith("busy");
      assertThat(busy.heads()).hasSize(6);
    }
  }

  @Test
  void waitsAsLongAsTheOnlyTargetAsksAndNoLonger() {
    var calls = new AtomicInteger();
    try (var busy =
            FakeUpstream.of(talk -> {
              var after = talk.target().substring(1);
              if (calls.getAndIncrement() == 0) {
                talk.send(
                    "HTTP/1.1 503 No\r\nRetry-After: " + after + "\r\nContent-Length: 0\r\n\r\n");
                return true;
              }
              return talk.ok("now");
            });
        var kit = new Kit(targets(busy))) {
      kit.retries = retries(On.STATUS);
      kit.publish();
      long began = System.nanoTime();
      assertThat(kit.get("/1")).endsWith("now");
      assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(990_000_000L);
      calls.set(0);
      assertThat(kit.get("/30")).startsWith("HTTP/1.1 503").contains("Retry-After: 30");
      assertThat(calls.get()).isEqualTo(1);
    }
  }

  @Test
  void givesUpATryThatTakesTooLong() {
    try (var good = FakeUpstream.echo();
        var hung = hung();
        var kit = new Kit(targets(hung, good))) {
      kit.outliers = never();
      kit.answer = Duration.ofSeconds(20);
      kit.retries = retries(Set.of(On.TIMEOUT), Duration.ofMillis(100), Retries.Hedge.NONE, 20);
      kit.publish();
      for (int i = 0; i < 4; i++) {
        assertThat(kit.get("/" + i)).startsWith("HTTP/1.1 200");
      }
      assertThat(hung.heads()).hasSize(2);
    }
  }

  private static FakeUpstream hung() {
    return FakeUpstream.of(talk -> {
      talk.in().read();
      return false;
    });
  }

  private static Outliers never() {
    var d = Outliers.DEFAULT;
    return new Outliers(0, 0, 0, 0, d.calls(), d.every(), d.rest(), d.restMax(), d.share());
  }

  @Test
  void repeatsNothingBeyondItsBudget() {
    try (var good = FakeUpstream.echo();
        var bad = dying();
        var kit = new Kit(targets(bad, good))) {
      kit.outliers = never();
      kit.retries = retries(Set.of(On.RESET), Duration.ZERO, Retries.Hedge.NONE, 0);
      kit.publish();
      int failed = 0;
      for (int i = 0; i < 8; i++) {
        failed += kit.get("/" + i).startsWith("HTTP/1.1 502") ? 1 : 0;
      }
      assertThat(failed).isEqualTo(4);
    }
  }

  @Test
  void hedgesWhatIsSlowAndGivesTheLoserUp() throws Exception {
    var lost = new CountDownLatch(3);
    try (var good = FakeUpstream.echo();
        var slow =
            FakeUpstream.of(talk -> {
              talk.body();
              if (talk.in().read() < 0) {
                lost.countDown();
              }
              return false;
            });
        var kit = new Kit(targets(slow, good))) {
      kit.outliers = never();
      kit.answer = Duration.ofSeconds(20);
      kit.retries =
          retries(Set.of(), Duration.ZERO, new Retries.Hedge(Duration.ofMillis(30), 0), 20);
      kit.publish();
      for (int i = 0; i < 6; i++) {
        assertThat(kit.get("/" + i)).startsWith("HTTP/1.1 200").endsWith("/" + i);
      }
      assertThat(lost.await(2, TimeUnit.SECONDS)).isTrue();
      assertThat(slow.heads()).hasSize(3);
      assertThat(good.heads()).hasSize(6);
      assertThat(kit.ledger(6)).filteredOn(line -> line.endsWith("attempts=2")).hasSize(3);
      for (var health : kit.gateway.upstreams()) {
        assertThat(health.inFlight()).isZero();
      }
    }
  }

  @Test
  void letsCallsWaitForAPlaceAndRefusesTheRest() throws Exception {
    var release = new CountDownLatch(1);
    try (var one =
            FakeUpstream.of(talk -> {
              try {
                release.await(5, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return talk.ok("done");
            });
        var kit = new Kit(targets(one));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      kit.overload =
          new Overload(1, 0, 1, Duration.ofSeconds(4), 0, null, Overload.Priorities.NONE);
      kit.publish();
      var answers = new ArrayList<java.util.concurrent.Future<String>>();
      for (int i = 0; i < 4; i++) {
        int n = i;
        answers.add(threads.submit(() -> kit.get("/" + n)));
      }
      Thread.sleep(300);
      release.countDown();
      int done = 0;
      int refused = 0;
      for (var answer : answers) {
        var text = answer.get();
        done += text.endsWith("done") ? 1 : 0;
        if (text.startsWith("HTTP/1.1 503")) {
          refused++;
          assertThat(text).contains("urn:ostiary:problem:upstream-busy", "Retry-After: 1");
        }
      }
      assertThat(done).isEqualTo(2);
      assertThat(refused).isEqualTo(2);
    }
  }

  @Test
  void keepsTheCallsOfOneClientTogetherUntilTheTargetIsGone() {
    try (var one = named("one");
        var two = named("two");
        var kit = new Kit(targets(one, two))) {
      kit.spread =
          new Spread(
              Spread.HashKey.CLIENT,
              new Spread.Sticky("s", Duration.ofHours(1), null),
              Duration.ZERO,
              50,
              null,
              70);
      kit.publish();
      var first = kit.get("/");
      var cookie = cookie(first);
      assertThat(first).contains("; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600");
      var met = first.substring(first.length() - 3);
      for (int i = 0; i < 6; i++) {
        var again = with(kit, cookie);
        assertThat(again).endsWith(met).doesNotContain("Set-Cookie");
      }
      assertThat(with(kit, "s=made-up")).contains("Set-Cookie: s=");
      kit.targets = targets(met.equals("one") ? two : one);
      kit.publish();
      var other = with(kit, cookie);
      assertThat(other).endsWith(met.equals("one") ? "two" : "one").contains("Set-Cookie: s=");
      assertThat(cookie(other)).isNotEqualTo(cookie);
    }
  }

  private static FakeUpstream named(String name) {
    return FakeUpstream.of(talk -> talk.ok(name));
  }

  private static String with(Kit kit, String cookie) {
    return kit.ask(
        "GET / HTTP/1.1\r\nHost: t\r\nCookie: a=b; " + cookie + "\r\nConnection: close\r\n\r\n");
  }

  private static String cookie(String answer) {
    var found = Pattern.compile("Set-Cookie: (s=[^;]+);").matcher(answer);
    assertThat(found.find()).as(answer).isTrue();
    return found.group(1);
  }

  @Test
  void takesOutATargetThatAnswersErrors() {
    try (var good = FakeUpstream.echo();
        var bad =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
              return true;
            });
        var kit = new Kit(targets(bad, good))) {
      var d = Outliers.DEFAULT;
      kit.outliers =
          new Outliers(5, 3, 0, 0, d.calls(), d.every(), d.rest(), d.restMax(), d.share());
      kit.publish();
      for (int i = 0; i < 20; i++) {
        kit.get("/");
      }
      assertThat(bad.heads()).hasSize(3);
      assertThat(kit.gateway.upstreams().getFirst().why())
          .startsWith("3 answers in a row had a status of 500 or more");
    }
  }

  /// The same as in BalancerTest, with real connections: one of three takes 30 ms instead of 3.
  @Test
  void sendsLittleToATargetThatGotTenTimesSlower() throws Exception {
    try (var slow = FakeUpstream.of(talk -> after(30, talk));
        var one = FakeUpstream.of(talk -> after(3, talk));
        var two = FakeUpstream.of(talk -> after(3, talk));
        var kit = new Kit(targets(slow, one, two));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      kit.balance = Balance.LEAST_LATENCY;
      kit.publish();
      for (int c = 0; c < 4; c++) {
        threads.submit(() -> {
          for (int i = 0; i < 150; i++) {
            kit.get("/");
          }
        });
      }
      threads.shutdown();
      assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      assertThat(slow.heads().size()).isLessThan(600 / 3 / 2);
      assertThat(one.heads().size() + two.heads().size()).isGreaterThan(500);
    }
  }

  private static boolean after(long millis, FakeUpstream.Talk talk) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return talk.ok("done");
  }
}
