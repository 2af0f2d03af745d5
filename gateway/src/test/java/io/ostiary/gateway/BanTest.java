package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Ban;
import io.ostiary.model.Ban.Action;
import io.ostiary.model.Ban.Place;
import io.ostiary.model.Cidr;
import io.ostiary.model.GatewaySettings;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class BanTest {
  static Ban ban(String source, Action action) {
    var now = Instant.now();
    return new Ban(
        "b-" + source,
        Cidr.parse(source),
        "test",
        List.of(),
        now,
        now.plusSeconds(60),
        "me",
        action,
        Place.GATEWAY);
  }

  private static GatewaySettings trustingLoopback() {
    var some = Kit.settings(1024);
    return some.withTrustedProxies(List.of(Cidr.parse("127.0.0.0/8")));
  }

  private static String forwarded(String client) {
    return "GET / HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: " + client + "\r\n\r\n";
  }

  @Test
  void aBanIsEnforcedBeforeAnySnapshotHasIt() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var open = kit.client()) {
      open.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
      assertThat(open.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
      var ban = ban("127.0.0.1", new Action.Deny());
      kit.gateway.ban(List.of(ban));
      assertThat(open.readAll()).doesNotContain("HTTP/1.1");
      assertThat(kit.get("/")).isEmpty();
      // Another snapshot that knows nothing of it does not end it.
      kit.publish();
      assertThat(kit.get("/")).isEmpty();
      kit.gateway.unban(ban);
      assertThat(kit.get("/")).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void refusesAClientBehindAProxyAndNobodyElse() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      kit.settings = trustingLoopback();
      kit.publish();
      kit.gateway.ban(List.of(ban("203.0.113.7", new Action.Deny())));
      try (var proxy = kit.client()) {
        proxy.send(forwarded("203.0.113.7"));
        assertThat(proxy.readUntil("}\n"))
            .startsWith("HTTP/1.1 403")
            .contains("urn:ostiary:problem:banned");
        // The proxy's connection carries others too, so it stays.
        proxy.send(forwarded("203.0.113.8"));
        assertThat(proxy.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 200");
      }
      assertThat(kit.ledger(2)).anyMatch(line -> line.contains("403 POLICY ban"));
    }
  }

  @Test
  void holdsASourceToItsRate() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      kit.gateway.ban(List.of(ban("127.0.0.1", new Action.Limit(1000, 2))));
      assertThat(kit.get("/")).startsWith("HTTP/1.1 200");
      assertThat(kit.get("/")).startsWith("HTTP/1.1 200");
      // Two a second: of the next four at least two come too early.
      long refused = 0;
      for (int i = 0; i < 4; i++) {
        refused += kit.get("/").startsWith("HTTP/1.1 429") ? 1 : 0;
      }
      assertThat(refused).isBetween(1L, 4L);
    }
  }

  /// What stands before a fault in the head may be a client's invention.
  @Test
  void aBrokenHeadDoesNotNameItsClient() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      kit.settings = trustingLoopback();
      kit.publish();
      kit.ask("GET / HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 203.0.113.7\r\nBad Name: x\r\n\r\n");
      var clients = new java.util.ArrayList<String>();
      kit.drainClients(clients, 1);
      assertThat(clients).containsExactly("127.0.0.1");
    }
  }
}
