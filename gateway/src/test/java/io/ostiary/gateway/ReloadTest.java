package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Balance;
import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.Listener;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Changes while calls run.
class ReloadTest {
  @Test
  void failsNoCallWhilePlansAreSwapped() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      var clients = new ArrayList<CompletableFuture<Integer>>();
      for (int c = 0; c < 4; c++) {
        clients.add(CompletableFuture.supplyAsync(() -> calls(kit, 300)));
      }
      while (!clients.stream().allMatch(CompletableFuture::isDone)) {
        kit.publish();
      }
      assertThat(clients).allMatch(client -> client.join() == 300);
      assertThat(kit.version).isGreaterThan(10);
    }
  }

  private static int calls(Kit kit, int count) {
    int good = 0;
    try (var client = kit.client()) {
      for (int i = 0; i < count; i++) {
        client.send("GET /n HTTP/1.1\r\nHost: t\r\n\r\n");
        good += client.readUntil("\r\n\r\n/n").startsWith("HTTP/1.1 200") ? 1 : 0;
      }
    }
    return good;
  }

  @Test
  void letsCallsEndAndThenCloses() throws Exception {
    try (var upstream =
            FakeUpstream.of(talk -> {
              try {
                Thread.sleep(200);
              } catch (InterruptedException e) {
                return false;
              }
              return talk.ok("late");
            });
        var kit = new Kit(upstream).publish();
        var busy = kit.client();
        var idle = kit.client()) {
      busy.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
      while (kit.gateway.gauges().inFlight() == 0) {
        Thread.sleep(5);
      }
      assertThat(kit.gateway.drain(Duration.ofSeconds(5))).isTrue();
      assertThat(busy.readAll())
          .startsWith("HTTP/1.1 200")
          .contains("Connection: close")
          .endsWith("late");
      assertThat(idle.readAll()).isEmpty();
    }
  }

  @Test
  void namesAnAddressThatIsTaken() {
    try (var upstream = FakeUpstream.echo();
        var first = new Kit(upstream).publish();
        var second = new Kit(upstream)) {
      var wanted = second.snapshot();
      var taken =
          new Snapshot(
              1,
              wanted.createdAt(),
              wanted.gateway(),
              List.of(new Listener("127.0.0.1", first.port)),
              wanted.apis(),
              wanted.upstreams(),
              List.of(),
              List.of(),
              wanted.kernel(),
              List.of());
      assertThat(second.gateway.publish(taken)).isInstanceOf(Published.Refused.class);
      assertThat(second.gateway.publish(taken).toString())
          .contains("127.0.0.1:" + first.port, "in use");
    }
  }

  @Test
  void closesBannedSources() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var before = kit.client()) {
      while (kit.gateway.gauges().open() == 0) {
        Thread.sleep(5);
      }
      var now = Instant.now();
      var all = kit.snapshot();
      var ban =
          new Ban(
              "b", Cidr.parse("127.0.0.0/8"), "test", List.of(), now, now.plusSeconds(60), "me");
      kit.gateway.publish(
          new Snapshot(
              all.version(),
              now,
              all.gateway(),
              all.listeners(),
              all.apis(),
              all.upstreams(),
              List.of(),
              List.of(),
              all.kernel(),
              List.of(ban)));
      assertThat(kit.get("/")).isEmpty();
      before.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
      assertThat(before.readAll()).isEmpty();
      assertThat(kit.gateway.gauges().bannedCloses()).isEqualTo(2);
      // A ban ends by itself, under the plan that brought it.
      kit.ahead = Duration.ofSeconds(61);
      Thread.sleep(5);
      assertThat(kit.get("/")).startsWith("HTTP/1.1 200");
    }
  }

  @ParameterizedTest
  @EnumSource
  void spreadsCallsOverTheTargets(Balance balance) {
    try (var one = FakeUpstream.echo();
        var other = FakeUpstream.echo();
        var kit =
            new Kit(
                List.of(
                    new Target("127.0.0.1", one.port(), 1),
                    new Target("127.0.0.1", other.port(), 1)))) {
      kit.balance = balance;
      kit.publish();
      for (int i = 0; i < 40; i++) {
        kit.get("/");
      }
      assertThat(one.heads().size() + other.heads().size()).isEqualTo(40);
      if (balance.hashes()) {
        // All calls of one client meet the same target.
        assertThat(one.heads().size() * other.heads().size()).isZero();
      } else {
        assertThat(one.heads()).isNotEmpty();
        assertThat(other.heads()).isNotEmpty();
      }
      assertThat(kit.gateway.upstreams()).hasSize(2).allMatch(h -> h.healthy());
    }
  }
}
