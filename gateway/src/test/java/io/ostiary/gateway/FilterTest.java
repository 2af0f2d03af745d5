package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.exchange.PlanFault;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Ending;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Target;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What filters are asked, when, and what their verdicts do.
class FilterTest {
  private final Queue<String> log = new ConcurrentLinkedQueue<>();

  /// Notes each moment; a test overrides one of them.
  private class Noting implements Filter {
    final String name;

    Noting(String name) {
      this.name = name;
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.values());
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return BodyNeed.STREAM;
    }

    @Override
    public BodyNeed responseBodyNeed() {
      return BodyNeed.STREAM;
    }

    @Override
    public Verdict request(Exchange exchange) {
      log.add(name + ".request");
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict requestBody(Exchange exchange, ByteBuffer body, boolean last) {
      log.add(name + ".requestBody(" + Kit.LATIN.decode(body) + (last ? ",last)" : ")"));
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict response(Exchange exchange) {
      log.add(name + ".response " + exchange.status());
      exchange.responseHeaders().add(HeaderName.of("X-" + name), "1");
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict responseBody(Exchange exchange, ByteBuffer body, boolean last) {
      log.add(name + ".responseBody(" + Kit.LATIN.decode(body) + (last ? ",last)" : ")"));
      return Verdict.CONTINUE;
    }

    @Override
    public void end(Exchange exchange, Ending ending) {
      log.add(name + ".end " + ending.reason());
    }
  }

  private static final String POST =
      "POST /p?a=1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";

  @Test
  void asksInOrderAndBackInTheOpposite() {
    try (var upstream = FakeUpstream.echo();
        var kit = FixedPolicy.kit(upstream, new Noting("a"), new Noting("b"))) {
      assertThat(kit.ask(POST)).contains("X-a: 1\r\n", "X-b: 1\r\n").endsWith("/p?a=1");
      kit.ledger(1);
      assertThat(log)
          .containsExactly(
              "a.request",
              "b.request",
              "a.requestBody(hi,last)",
              "b.requestBody(hi,last)",
              "b.response 200",
              "a.response 200",
              "b.responseBody(/p?a=1,last)",
              "a.responseBody(/p?a=1,last)",
              "b.end answered",
              "a.end answered");
    }
  }

  @Test
  void repliesWithoutAskingTheUpstream() {
    var refusing =
        new Noting("b") {
          @Override
          public Verdict request(Exchange exchange) {
            return new Verdict.Reply(Problem.of(403, "no", "No", "not \"you\""));
          }
        };
    try (var upstream = FakeUpstream.echo();
        var kit = FixedPolicy.kit(upstream, new Noting("a"), refusing, new Noting("c"))) {
      var answer = kit.ask(POST);
      assertThat(answer)
          .startsWith("HTTP/1.1 403 Forbidden\r\n")
          .contains("X-a: 1", "application/problem+json", "\"detail\":\"not \\\"you\\\"\"")
          .doesNotContain("X-b", "X-c");
      assertThat(kit.ledger(1)).containsExactly("POST /p?a=1 403 POLICY p1 attempts=0");
      assertThat(log).containsExactly("a.request", "a.response 403", "b.end p1", "a.end p1");
      assertThat(upstream.heads()).isEmpty();
    }
  }

  @Test
  void blamesThePolicyThatThrows() {
    var throwing =
        new Noting("b") {
          @Override
          public Verdict request(Exchange exchange) {
            throw new IllegalStateException("on purpose");
          }
        };
    try (var upstream = FakeUpstream.echo();
        var kit = FixedPolicy.kit(upstream, throwing)) {
      assertThat(kit.ask(POST)).startsWith("HTTP/1.1 500 ").doesNotContain("on purpose");
      assertThat(kit.ledger(1)).containsExactly("POST /p?a=1 500 POLICY p0 attempts=0");
    }
  }

  @Test
  void waitsAtEveryMomentWithoutHoldingTheLoop() {
    var waiting =
        new Noting("w") {
          private Verdict later() {
            var stage = new CompletableFuture<Verdict>();
            CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS)
                .execute(() -> stage.complete(Verdict.CONTINUE));
            return new Verdict.Wait(stage);
          }

          @Override
          public Verdict request(Exchange exchange) {
            return later();
          }

          @Override
          public Verdict requestBody(Exchange exchange, ByteBuffer body, boolean last) {
            return later();
          }

          @Override
          public Verdict response(Exchange exchange) {
            return later();
          }

          @Override
          public Verdict responseBody(Exchange exchange, ByteBuffer body, boolean last) {
            return later();
          }
        };
    try (var upstream = FakeUpstream.echo();
        var kit = FixedPolicy.kit(upstream, waiting)) {
      assertThat(kit.ask(POST)).startsWith("HTTP/1.1 200").endsWith("/p?a=1");
      assertThat(kit.ask("HEAD /q HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"))
          .startsWith("HTTP/1.1 200");
      // The request's head has a time of its own. An empty content is asked about as well.
      assertThat(kit.ledger(2, FilterTest::held)).containsOnly("p0 1 times, p0 2 times");
    }
  }

  /// How often 20 ms were waited for at least, in each direction.
  private static String held(LedgerSlot slot) {
    return Stream.of(slot.requestHeld, slot.responseHeld)
        .map(held -> "%s %d times".formatted(held.by, Math.min(2, held.nanos / 19_000_000)))
        .collect(Collectors.joining(", "));
  }

  @Test
  void givesWholeBodiesAndRefusesLongerOnes() {
    var whole =
        new Noting("w") {
          @Override
          public BodyNeed requestBodyNeed() {
            return new BodyNeed.Whole(4);
          }

          @Override
          public BodyNeed responseBodyNeed() {
            return new BodyNeed.Whole(8);
          }
        };
    try (var upstream = FakeUpstream.echo();
        var kit = FixedPolicy.kit(upstream, whole)) {
      var chunked =
          "POST %s HTTP/1.1\r\nHost: t\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n%s";
      assertThat(kit.ask(chunked.formatted("/p", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")))
          .startsWith("HTTP/1.1 200")
          .contains("Content-Length: 2\r\n");
      assertThat(log).contains("w.requestBody(abc,last)", "w.responseBody(/p,last)");
      assertThat(upstream.heads().getFirst()).contains("Content-Length: 3");
      assertThat(kit.ask(chunked.formatted("/p", "5\r\nabcde\r\n0\r\n\r\n")))
          .startsWith("HTTP/1.1 413");
      assertThat(kit.get("/longer-than-8")).startsWith("HTTP/1.1 502");
    }
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
              return true;
            });
        var kit = FixedPolicy.kit(upstream, whole)) {
      assertThat(kit.ask("HEAD /q HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"))
          .startsWith("HTTP/1.1 200")
          .contains("Content-Length: 1234\r\n");
    }
  }

  @Test
  void refusesAPlanWithAPolicyNobodyKnows() {
    try (var upstream = FakeUpstream.echo();
        var kit = FixedPolicy.kit(upstream, new Noting("a"))) {
      var use = new PolicyUse("p9", new FixedPolicy.None());
      kit.uses = List.of(use);
      var fault = new PlanFault("api api, route all: policy: p9 (expected: one of [p0])", use);
      assertThat(kit.gateway.publish(kit.snapshot()))
          .isEqualTo(new Published.Refused(List.of(fault)));
      assertThat(kit.get("/")).startsWith("HTTP/1.1 200");
    }
  }

  /// So that it can say what it waited for before the call fails with nobody to blame but it.
  @Test
  void isToldHowLongItMayWaitForOthers() {
    var told = new ArrayList<Duration>();
    var waiting =
        new Policy<FixedPolicy.None>() {
          @Override
          public String name() {
            return "waiting";
          }

          @Override
          public Class<FixedPolicy.None> settings() {
            return FixedPolicy.None.class;
          }

          @Override
          public Filter compile(FixedPolicy.None settings, Site site) {
            told.add(site.patience(Duration.ofSeconds(10)));
            told.add(site.patience(Duration.ofSeconds(1)));
            return new Noting("waiting");
          }
        };
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(List.of(new Target("127.0.0.1", upstream.port(), 1)), waiting)) {
      kit.answer = Duration.ofSeconds(4);
      kit.uses = List.of(new PolicyUse("waiting", new FixedPolicy.None()));
      kit.publish();
      assertThat(told).containsExactly(Duration.ofSeconds(3), Duration.ofSeconds(1));
    }
  }
}
