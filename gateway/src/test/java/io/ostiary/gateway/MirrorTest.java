package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.exchange.MirrorCounts.Reading;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Mirror;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Conditions;
import io.ostiary.model.Ending;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/// Copies of calls, at real upstreams.
class MirrorTest {
  record Settings(int bodyMax, int copiesMax) {}

  /// Copies every call to `v2`.
  private static final class Copying implements Policy<Settings> {
    @Override
    public String name() {
      return "copying";
    }

    @Override
    public Class<Settings> settings() {
      return Settings.class;
    }

    @Override
    public Filter compile(Settings settings, Site site) {
      return new Running(
          site.mirror("v2", settings.bodyMax, settings.copiesMax), site.state(Mirror.Copy.class));
    }
  }

  private record Running(Mirror to, StateKey<Mirror.Copy> copy) implements Filter {
    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST, Moment.REQUEST_BODY, Moment.END);
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return BodyNeed.STREAM;
    }

    @Override
    public Verdict request(Exchange exchange) {
      var begun = to.begin(exchange);
      if (begun != null) {
        exchange.state(copy, begun);
      }
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict requestBody(Exchange exchange, ByteBuffer body, boolean last) {
      var mine = exchange.state(copy);
      if (mine != null) {
        mine.body(body, last);
      }
      return Verdict.CONTINUE;
    }

    @Override
    public void end(Exchange exchange, Ending ending) {
      var mine = exchange.state(copy);
      if (mine != null) {
        mine.drop();
      }
    }
  }

  private static Kit kit(FakeUpstream upstream, int mirrorPort, Settings settings) {
    var kit = new Kit(upstream, new Copying());
    kit.others = List.of(kit.upstream("v2", List.of(new Target("127.0.0.1", mirrorPort, 1))));
    kit.uses = List.of(new PolicyUse("copying", settings));
    return kit.publish();
  }

  private static void until(Kit kit, Predicate<Reading> holds) {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (!holds.test(kit.gateway.mirrors().getFirst()) && System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    assertThat(kit.gateway.mirrors().getFirst()).matches(holds);
  }

  private static String post(String body) {
    return "POST /p?a=1 HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX-A: 1\r\nOstiary_Mirror: no\r\n"
        + "Content-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  @Test
  void theCopyIsTheCallWithAMark() {
    var bodies = new CopyOnWriteArrayList<String>();
    try (var upstream = FakeUpstream.echo();
        var mirror =
            FakeUpstream.of(talk -> {
              bodies.add(new String(talk.body(), Kit.LATIN));
              return talk.ok("thrown away");
            });
        var kit = kit(upstream, mirror.port(), new Settings(100, 10))) {
      assertThat(kit.ask(post("hello"))).startsWith("HTTP/1.1 200").endsWith("/p?a=1");
      assertThat(
              kit.ask(
                  "POST /c HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
                      + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"))
          .endsWith("/c");
      assertThat(kit.get("/g")).endsWith("/g");
      until(kit, reading -> reading.answered() == 3 && reading.underWay() == 0);
      assertThat(bodies).containsExactlyInAnyOrder("hello", "abc", "");
      var first =
          mirror.heads().stream()
              .filter(head -> head.startsWith("POST /p"))
              .findFirst()
              .orElseThrow();
      assertThat(first)
          .startsWith("POST /p?a=1 HTTP/1.1\r\nHost: t\r\n")
          .contains("\r\nX-A: 1", "\r\nContent-Length: 5", "\r\nOstiary-Call: ")
          .containsOnlyOnce("irror: ")
          .contains("\r\nOstiary-Mirror: 1\r\n");
      assertThat(upstream.heads().getFirst()).doesNotContainIgnoringCase("mirror");
      // One call, one line: the ledger tells of clients' calls.
      assertThat(kit.ledger(3)).allSatisfy(line -> assertThat(line).contains("attempts=1"));
    }
  }

  /// The mirror answers nothing before the client has its own answers, and then garbage.
  @Test
  void aMirrorThatHangsOrFailsIsNoneOfTheCallsBusiness() throws InterruptedException {
    var answered = new CountDownLatch(1);
    try (var upstream = FakeUpstream.echo();
        var mirror =
            FakeUpstream.of(talk -> {
              await(answered);
              talk.send("garbage\r\n\r\n");
              return false;
            });
        var kit = kit(upstream, mirror.port(), new Settings(100, 2))) {
      for (int i = 0; i < 5; i++) {
        assertThat(kit.get("/" + i)).startsWith("HTTP/1.1 200");
      }
      until(kit, reading -> reading.tooMany() == 3 && reading.underWay() == 2);
      answered.countDown();
      until(kit, reading -> reading.failed() == 2 && reading.underWay() == 0);
    }
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, Kit.deafPort(), new Settings(100, 2))) {
      assertThat(kit.get("/refused")).startsWith("HTTP/1.1 200");
      until(kit, reading -> reading.failed() == 1 && reading.underWay() == 0);
    }
  }

  /// The mirror is not ours (Node), and says itself what it got.
  @Test
  void theCopyGoesOverHttp2WhereThatIsSpoken() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var mirror = new NodeUpstream("h2c");
        var kit = new Kit(upstream, new Copying())) {
      kit.link = new UpstreamLink(UpstreamLink.Protocol.HTTP2, null, UpstreamLink.ProxyHeader.OFF);
      var v2 = kit.upstream("v2", List.of(new Target("127.0.0.1", mirror.port, 1)));
      kit.link = UpstreamLink.PLAIN;
      kit.others = List.of(v2);
      var seen = Kit.route("seen", "/mirrored");
      kit.routes =
          List.of(
              Kit.route("all", "/*"),
              new Route(seen.id(), Set.of(), seen.path(), Conditions.NONE, "v2", null, List.of()));
      kit.uses = List.of(new PolicyUse("copying", new Settings(1000, 10)));
      kit.publish();
      assertThat(kit.ask(post("one"))).endsWith("/p?a=1");
      assertThat(kit.get("/q")).endsWith("/q");
      until(kit, reading -> reading.answered() == 2 && reading.underWay() == 0);
      assertThat(kit.get("/mirrored")).contains("2.0 POST /p?a=1 one", "2.0 GET /q ");
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(5, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void longBodiesAndCallsThatEndEarlyAreNotCopied() {
    try (var upstream = FakeUpstream.echo();
        var mirror = FakeUpstream.echo();
        var kit = kit(upstream, mirror.port(), new Settings(4, 10))) {
      assertThat(kit.ask(post("12345"))).endsWith("/p?a=1");
      assertThat(
              kit.ask(
                  "POST /c HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
                      + "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"))
          .endsWith("/c");
      try (var leaving = kit.client()) {
        leaving.send("POST /l HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\n12");
        until(kit, reading -> reading.underWay() == 1);
      }
      until(kit, reading -> reading.dropped() == 1 && reading.underWay() == 0);
      assertThat(kit.gateway.mirrors().getFirst().tooLong()).isEqualTo(2);
      assertThat(mirror.heads()).isEmpty();
    }
  }
}
