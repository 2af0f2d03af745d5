package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.gateway.wire.Frame;
import io.ostiary.model.CallLimits;
import io.ostiary.model.Conditions;
import io.ostiary.model.PathPattern;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Split;
import io.ostiary.model.Upgrades;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/// Connections that change their protocol.
class TunnelTest {
  private static final String OFFER =
      "GET /chat HTTP/1.1\r\nHost: t\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Protocol: chat\r\n\r\n";
  private static final String AGREED =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

  /// Agrees, and then sends back what comes until the other side ends.
  private static FakeUpstream echo() {
    return FakeUpstream.of(talk -> {
      talk.send(AGREED);
      talk.in().transferTo(talk.out());
      return false;
    });
  }

  private static Kit kit(FakeUpstream upstream, Upgrades upgrade) {
    var kit = new Kit(upstream);
    kit.apis = List.of(TestApi.at("/").with(upgrade).made());
    return kit.publish();
  }

  @Test
  void passesBytesBothWaysUntilBothHaveEnded() {
    try (var upstream = echo();
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send(OFFER + "early");
      assertThat(client.readUntil("\r\n\r\n"))
          .startsWith("HTTP/1.1 101 Switching Protocols\r\n")
          .contains("\r\nUpgrade: websocket\r\n", "\r\nConnection: Upgrade\r\n")
          .contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
          .doesNotContainIgnoringCase("content-length", "transfer-encoding");
      assertThat(client.readUntil("early")).isEqualTo("early");
      client.send("GET / HTTP/1.1\r\n\r\n");
      assertThat(client.readUntil("\r\n\r\n")).isEqualTo("GET / HTTP/1.1\r\n\r\n");
      client.send("last");
      client.endInput();
      assertThat(client.readAll()).isEqualTo("last");
      assertThat(upstream.heads().getFirst())
          .contains("\r\nConnection: Upgrade\r\n", "\r\nUpgrade: websocket\r\n")
          .contains("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
          .contains("\r\nSec-WebSocket-Protocol: chat");
      assertThat(kit.ledger(1)).containsExactly("GET /chat 101 NONE answered attempts=1");
    }
  }

  /// One may live for days, and a plan may hold ten thousand routes.
  @Test
  void keepsNoPlanThatAReloadHasReplaced() throws Exception {
    try (var upstream = echo();
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      var before = published(kit);
      client.send(OFFER);
      client.readUntil("\r\n\r\n");
      kit.publish();
      for (int i = 0; i < 200 && before.get() != null; i++) {
        System.gc();
        Thread.sleep(20);
      }
      assertThat(before.get()).isNull();
      client.send("still open");
      assertThat(client.readUntil("open")).isEqualTo("still open");
      client.endInput();
      assertThat(client.readAll()).isEmpty();
      assertThat(kit.ledger(1)).containsExactly("GET /chat 101 NONE answered attempts=1");
    }
  }

  /// Nobody here holds what was published.
  private static WeakReference<Snapshot> published(Kit kit) {
    var snapshot = kit.snapshot();
    assertThat(kit.gateway.publish(snapshot).toString()).doesNotContain("Refused");
    return new WeakReference<>(snapshot);
  }

  @Test
  void letsTheClientGoOnWhenTheUpstreamHasEndedItsSide() throws Exception {
    var heard = new StringBuffer();
    var all = new CountDownLatch(1);
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send(AGREED + "bye");
              talk.endOutput();
              heard.append(new String(talk.in().readAllBytes(), Kit.LATIN));
              all.countDown();
              return false;
            });
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send(OFFER);
      client.readUntil("\r\n\r\n");
      assertThat(client.readAll()).isEqualTo("bye");
      client.send("still here");
      client.endInput();
      all.await();
      assertThat(heard.toString()).isEqualTo("still here");
      assertThat(kit.ledger(1)).containsExactly("GET /chat 101 NONE answered attempts=1");
    }
  }

  @RepeatedTest(4)
  void carriesMoreThanAnyBufferHolds() throws Exception {
    var block = new byte[64 * 1024];
    new java.util.Random(1).nextBytes(block);
    try (var upstream = echo();
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send(OFFER);
      client.readUntil("\r\n\r\n");
      int blocks = 256;
      var sender =
          Thread.ofVirtual()
              .start(() -> {
                for (int i = 0; i < blocks; i++) {
                  client.send(block);
                }
                client.endInput();
              });
      // Nobody reads: the sender must come to a halt, and nothing may be lost.
      sender.join(300);
      var in = client.socket.getInputStream();
      for (int i = 0; i < blocks; i++) {
        var came = in.readNBytes(block.length);
        assertThat(Arrays.mismatch(came, block)).as(() -> "block; " + kit.ledger(1)).isEqualTo(-1);
      }
      assertThat(in.read()).isEqualTo(-1);
    }
  }

  @Test
  void closesATunnelThatRests() {
    try (var upstream = echo();
        var kit = kit(upstream, new Upgrades(List.of("websocket"), Duration.ofMillis(200)));
        var client = kit.client()) {
      client.send(OFFER);
      client.readUntil("\r\n\r\n");
      assertThat(client.readAll()).isEmpty();
      assertThat(kit.ledger(1)).containsExactly("GET /chat 101 NONE tunnel-idle attempts=1");
    }
  }

  /// RFC 8441 section 5: what is a reset of TCP elsewhere.
  @Test
  void aTunnelThatIsCutIsAStreamThatIsCancelled() throws Exception {
    try (var upstream = echo();
        var kit = kit(upstream, new Upgrades(List.of("websocket"), Duration.ofMillis(200)));
        var client = new FrameClient(kit.port)) {
      client.webSocket("/chat");
      assertThat(client.fields(client.next(FrameClient.HEADERS)).status()).hasToString("200");
      assertThat(client.next(FrameClient.RST_STREAM).error()).isEqualTo(Frame.CANCEL);
      assertThat(kit.ledger(1)).containsExactly("GET /chat 101 NONE tunnel-idle attempts=1");
    }
  }

  @Test
  void offersNothingWhereTheApiAllowsNothing() {
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, new Upgrades(List.of(), Duration.ofSeconds(1)));
        var client = kit.client()) {
      client.send(OFFER);
      assertThat(client.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200 OK\r\n");
      assertThat(upstream.heads().getFirst()).doesNotContain("Upgrade", "Connection");
    }
  }

  @Test
  void aRouteSaysOtherwiseThanItsApi() {
    try (var upstream = echo();
        var kit = new Kit(upstream)) {
      var all = Kit.route("all", "/*");
      var none = new Upgrades(List.of(), Duration.ofSeconds(1));
      kit.routes =
          List.of(
              all,
              new Route(
                  "no",
                  Set.of(),
                  new PathPattern("/chat/no"),
                  Conditions.NONE,
                  null,
                  null,
                  List.of(),
                  Split.NONE,
                  CallLimits.NONE,
                  none));
      kit.publish();
      try (var allowed = kit.client();
          var refused = kit.client()) {
        allowed.send(OFFER);
        assertThat(allowed.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 101 ");
        refused.send(OFFER.replace("/chat", "/chat/no").replace("keep-alive", "close"));
        // The upstream changes although nobody asked it to.
        assertThat(refused.readAll()).startsWith("HTTP/1.1 502 ");
        assertThat(upstream.heads().get(1)).doesNotContain("Upgrade", "Connection");
      }
    }
  }

  @Test
  void refusesAnAnswerThatNobodyAskedForOrThatNamesAnother() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send(AGREED.replace("websocket", "other"));
              return false;
            });
        var kit = new Kit(upstream).publish()) {
      assertThat(kit.ask(OFFER.replace("keep-alive", "close"))).startsWith("HTTP/1.1 502 ");
      assertThat(kit.ask(OFFER.replace(" WebSocket", " h2c").replace("keep-alive", "close")))
          .startsWith("HTTP/1.1 502 ");
      assertThat(kit.get("/")).startsWith("HTTP/1.1 502 ");
      assertThat(kit.ledger(3))
          .containsExactly(
              "GET /chat 502 UPSTREAM unasked-upgrade attempts=1",
              "GET /chat 502 UPSTREAM unasked-upgrade attempts=1",
              "GET / 502 UPSTREAM unasked-upgrade attempts=1");
      assertThat(upstream.heads().get(1)).doesNotContain("h2c");
    }
  }

  @Test
  void passesAnOrdinaryAnswerToAnOffer() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send(OFFER);
      assertThat(client.readUntil("/chat")).startsWith("HTTP/1.1 200 OK\r\n");
      client.send("GET /next HTTP/1.1\r\nHost: t\r\n\r\n");
      assertThat(client.readUntil("/next")).startsWith("HTTP/1.1 200 OK\r\n");
    }
  }

  @Test
  void blamesWhoResets() throws Exception {
    try (var upstream = echo();
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send(OFFER);
      client.readUntil("\r\n\r\n");
      client.socket.setSoLinger(true, 0);
      client.socket.close();
      assertThat(kit.ledger(1).getFirst()).startsWith("GET /chat 101 CLIENT client-");
    }
  }
}
