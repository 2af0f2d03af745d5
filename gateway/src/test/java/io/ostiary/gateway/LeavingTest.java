package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.testing.FakeUpstream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Connections that end while something is still to be said.
class LeavingTest {
  private static final String GET = "GET /a HTTP/1.1\r\nHost: t\r\n\r\n";

  @Test
  void answersAClientThatHasEndedItsSide() {
    var ended = new CountDownLatch(1);
    try (var upstream =
            FakeUpstream.of(
                talk -> Kit.await(ended) && talk.ok(new String(talk.body(), Kit.LATIN)));
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send("POST /a HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello");
      client.endInput();
      while (upstream.heads().isEmpty()) {
        Thread.onSpinWait();
      }
      ended.countDown();
      assertThat(client.readAll()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\nhello");
      assertThat(kit.ledger(1)).containsExactly("POST /a 200 NONE answered attempts=1");
    }
  }

  @Test
  void answersAllItAskedForBefore() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send(GET + GET + GET);
      client.endInput();
      assertThat(client.readAll().split("HTTP/1.1 200 OK", -1)).hasSize(4);
    }
  }

  @Test
  void tellsAClientThatHasEndedItsSideWhatIsWrong() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send("GET /a b HTTP/1.1\r\nHost: t\r\n\r\n");
      client.endInput();
      assertThat(client.readAll()).startsWith("HTTP/1.1 400 ");
    }
  }

  @Test
  void givesUpWhatCanNeverBeComplete() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = kit.client();
        var other = kit.client();
        var idle = kit.client()) {
      client.send("POST /a HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhel");
      client.endInput();
      assertThat(client.readAll()).isEmpty();
      other.send("GET /a HT");
      other.endInput();
      assertThat(other.readAll()).isEmpty();
      idle.endInput();
      assertThat(idle.readAll()).isEmpty();
      assertThat(kit.ledger(2)).allMatch(line -> line.contains(" CLIENT client-left "));
    }
  }

  @Test
  void blamesItselfForWhatItCutsAtTheEnd() {
    var ended = new CountDownLatch(1);
    try (var upstream = FakeUpstream.of(talk -> Kit.await(ended) && talk.ok("late"));
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send(GET);
      while (upstream.heads().isEmpty()) {
        Thread.onSpinWait();
      }
      assertThat(kit.gateway.drain(Duration.ofMillis(20))).isFalse();
      kit.gateway.close();
      assertThat(client.readAll()).isEmpty();
      assertThat(kit.ledger(1)).containsExactly("GET /a 0 GATEWAY drain-timeout attempts=1");
      ended.countDown();
    }
  }

  /// A request that crosses the end of our side is not answered with a reset; who was accepted and
  /// has asked for nothing yet is answered once.
  @Test
  void letsConnectionsAtRestGoWithoutAReset() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var rested = kit.client();
        var fresh = kit.client()) {
      rested.send(GET);
      assertThat(rested.readUntil("/a")).startsWith("HTTP/1.1 200 OK\r\n");
      while (kit.gateway.gauges().open() < 2) {
        Thread.sleep(1);
      }
      var drained = CompletableFuture.supplyAsync(() -> kit.gateway.drain(Duration.ofSeconds(20)));
      assertThat(rested.readAll()).isEmpty();
      rested.send(GET);
      rested.send(GET);
      assertThat(rested.readAll()).isEmpty();
      fresh.send(GET);
      assertThat(fresh.readAll()).startsWith("HTTP/1.1 200 OK\r\n").contains("Connection: close");
      rested.endInput();
      assertThat(drained.get(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  /// Whoever is refused asks elsewhere; whoever is let in and not served waits until we are gone.
  @Test
  void refusesWhoComesOnceItHasEnded() {
    try (var upstream = FakeUpstream.echo()) {
      for (int i = 0; i < 20; i++) {
        try (var kit = new Kit(upstream).publish()) {
          kit.gateway.drain(Duration.ZERO);
          assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), kit.port).close())
              .isInstanceOf(ConnectException.class);
        }
      }
    }
  }
}
