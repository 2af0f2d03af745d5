package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Cidr;
import io.ostiary.model.Consumer;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.Overload;
import io.ostiary.model.Overload.Priority;
import io.ostiary.model.PolicyUse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Who goes first where not all calls can.
class PriorityTest {
  /// Knows callers by what they say they are.
  private record Believing() implements PlainPolicy {
    private static final HeaderName NAME = HeaderName.of("X-Name");

    @Override
    public String name() {
      return "believing";
    }

    @Override
    public Verdict request(Exchange exchange) {
      var name = exchange.requestHeaders().first(NAME);
      if (name != null) {
        exchange.consumer(new Consumer(name, name, Set.of(), Set.of(), List.of()));
      }
      return Verdict.CONTINUE;
    }
  }

  private static GatewaySettings trusting(String... proxies) {
    var some = Kit.settings(1024);
    return some.withTrustedProxies(java.util.stream.Stream.of(proxies).map(Cidr::parse).toList());
  }

  private static String status(Kit kit, String fields) {
    return kit.ask("GET /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n" + fields + "\r\n")
        .substring(9, 12);
  }

  /// Two calls are all the upstream takes, and both are there: only high ones may come still.
  @Test
  void whatIsMoreThanTheUpstreamTakesIsShedByHeaderAndByConsumer() throws Exception {
    var release = new CountDownLatch(1);
    try (var upstream =
            FakeUpstream.of(talk -> {
              if (talk.target().equals("/wait")) {
                await(release);
              }
              return talk.ok("done");
            });
        var kit = new Kit(upstream, new Believing());
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      kit.uses = List.of(new PolicyUse("believing", new PlainPolicy.None()));
      kit.settings = trusting("127.0.0.0/8");
      kit.answer = Duration.ofSeconds(20);
      kit.overload =
          new Overload(
              0,
              2,
              0,
              Duration.ofSeconds(1),
              0,
              null,
              new Overload.Priorities(
                  "X-Priority",
                  List.of(
                      new Overload.Rule(Priority.HIGH, Set.of(), Set.of(), Set.of("gold")),
                      new Overload.Rule(Priority.LOW, Set.of(), Set.of(), Set.of("tin")))));
      kit.publish();
      // Low may have 80 per cent of the two, which the first leaves none of.
      var waiting = new ArrayList<Future<String>>();
      waiting.add(threads.submit(() -> kit.get("/wait")));
      until(kit, 1);
      assertThat(status(kit, "X-Name: silver\r\n")).isEqualTo("200");
      waiting.add(threads.submit(() -> kit.get("/wait")));
      until(kit, 2);
      assertThat(status(kit, "")).isEqualTo("503");
      assertThat(status(kit, "X-Name: silver\r\n")).isEqualTo("503");
      assertThat(status(kit, "X-Name: gold\r\n")).isEqualTo("200");
      assertThat(status(kit, "X-Priority: high\r\n")).isEqualTo("200");
      assertThat(status(kit, "X-Name: gold\r\nX-Priority: low\r\n")).isEqualTo("503");
      kit.settings = trusting("203.0.113.0/24");
      kit.publish();
      assertThat(status(kit, "X-Priority: high\r\n")).isEqualTo("503");
      assertThat(status(kit, "X-Name: gold\r\nX-Priority: low\r\n")).isEqualTo("200");
      var counts = kit.gateway.loads().getFirst().counts();
      assertThat(List.of(counts.shedLow(), counts.shedNormal(), counts.shedHigh()))
          .containsExactly(1L, 3L, 0L);
      release.countDown();
      for (var one : waiting) {
        assertThat(one.get()).endsWith("done");
      }
      assertThat(status(kit, "X-Name: tin\r\n")).isEqualTo("200");
    }
  }

  private static void until(Kit kit, int calls) {
    long until = System.nanoTime() + 5_000_000_000L;
    while (kit.gateway.loads().getFirst().active() != calls && System.nanoTime() < until) {
      Thread.onSpinWait();
    }
    assertThat(kit.gateway.loads().getFirst().active()).isEqualTo(calls);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
