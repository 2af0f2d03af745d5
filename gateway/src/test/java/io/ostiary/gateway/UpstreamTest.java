package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Api;
import io.ostiary.model.Balance;
import io.ostiary.model.Cidr;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Target;
import io.ostiary.model.Upstream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// Targets that fail, and those who speak for others.
class UpstreamTest {
  private static Snapshot checked(Kit kit) {
    var plain = kit.snapshot();
    var up = plain.upstreams().getFirst();
    var check = new HealthCheck("/health", Duration.ofMillis(100), Duration.ofMillis(300), 1, 1);
    return new Snapshot(
        plain.version(),
        plain.createdAt(),
        plain.gateway(),
        plain.listeners(),
        plain.apis(),
        List.of(
            new Upstream(
                up.name(),
                up.targets(),
                Balance.ROUND_ROBIN,
                check,
                up.connectTimeout(),
                up.answerTimeout(),
                up.idleTimeout(),
                up.connectionsMax(),
                up.link())),
        List.of(),
        List.of(),
        plain.kernel(),
        List.of());
  }

  @Test
  void sendsNoCallsToATargetThatFailsItsCheck() throws Exception {
    var well = new AtomicBoolean(false);
    try (var good = FakeUpstream.echo();
        var sick =
            FakeUpstream.of(talk -> {
              talk.send(
                  well.get()
                      ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                      : "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
              return true;
            });
        var kit =
            new Kit(
                List.of(
                    new Target("127.0.0.1", good.port(), 1),
                    new Target("127.0.0.1", sick.port(), 1)))) {
      assertThat(kit.gateway.publish(checked(kit))).isInstanceOf(Published.InForce.class);
      Kit.await(5, () -> !kit.gateway.upstreams().get(1).healthy());
      assertThat(kit.gateway.upstreams().get(1).why()).isEqualTo("health check: status 503");
      for (int i = 0; i < 6; i++) {
        assertThat(kit.get("/x")).endsWith("/x");
      }
      well.set(true);
      Kit.await(5, () -> kit.gateway.upstreams().get(1).healthy());
    }
  }

  @Test
  void takesOutATargetAfterFailuresInARow() {
    try (var good = FakeUpstream.echo();
        var kit =
            new Kit(
                    List.of(
                        new Target("127.0.0.1", good.port(), 1),
                        new Target("127.0.0.1", Kit.deafPort(), 1)))
                .publish()) {
      for (int i = 0; i < 12; i++) {
        assertThat(kit.get("/")).startsWith("HTTP/1.1 200");
      }
      var health = kit.gateway.upstreams().get(1);
      assertThat(health.healthy()).isFalse();
      assertThat(health.why()).startsWith("5 attempts in a row failed");
      assertThat(health.inFlight()).isZero();
    }
  }

  @Test
  void saysWhenNobodyCanBeReached() {
    try (var kit = new Kit(List.of(new Target("127.0.0.1", Kit.deafPort(), 1))).publish()) {
      assertThat(kit.get("/"))
          .startsWith("HTTP/1.1 503 ")
          .contains("urn:ostiary:problem:upstream-unreachable", "Ostiary-Call: ");
      assertThat(kit.ledger(1)).containsExactly("GET / 503 UPSTREAM connect-refused attempts=1");
    }
  }

  @Test
  void believesOnlyTrustedProxies() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      var d = Kit.settings(1024);
      kit.settings =
          d.withTrustedProxies(List.of(Cidr.parse("127.0.0.0/8"), Cidr.parse("198.18.0.1")));
      kit.publish();
      var clients = new java.util.ArrayList<String>();
      for (var fields :
          List.of(
              "X-Forwarded-For: 203.0.113.1, 203.0.113.2, 198.18.0.1\r\nX-Forwarded-Proto: https\r\n",
              "Forwarded: for=203.0.113.3;proto=https, for=\"198.18.0.1:80\"\r\n",
              "X-Forwarded-For: 203.0.113.4\r\nForwarded: for=203.0.113.5\r\n")) {
        kit.ask("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n" + fields + "\r\n");
        kit.drainClients(clients, clients.size() + 1);
      }
      assertThat(clients).containsExactly("203.0.113.2", "203.0.113.3", "127.0.0.1");
      assertThat(upstream.heads().getFirst())
          .contains(
              "X-Forwarded-For: 203.0.113.1, 203.0.113.2, 198.18.0.1, 127.0.0.1",
              "X-Forwarded-Proto: https");
      assertThat(upstream.heads().get(1)).contains("for=\"198.18.0.1:80\", for=127.0.0.1");
    }
  }

  /// Upstreams read `X-Forwarded-*`, whatever the proxy before us writes.
  @Test
  void tellsUpstreamsWhatForwardedSays() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      kit.settings = Kit.settings(1024).withTrustedProxies(List.of(Cidr.parse("127.0.0.0/8")));
      kit.publish();
      for (var value :
          List.of(
              "for=\"[2001:db8:0::1]:99\";proto=https;host=shop.example:8443",
              "for=203.0.113.1;proto=https;host=made.up, for=203.0.113.2;host=real.example",
              "proto=https, for=_hidden;host=\"x y\"",
              "for=127.0.0.7;proto=gopher")) {
        kit.ask(
            "GET / HTTP/1.1\r\nHost: t.example\r\nConnection: close\r\nForwarded: "
                + value
                + "\r\n\r\n");
      }
      assertThat(upstream.heads().get(0))
          .contains(
              "X-Forwarded-For: 2001:db8::1, 127.0.0.1",
              "X-Forwarded-Proto: https",
              "X-Forwarded-Host: shop.example:8443");
      assertThat(upstream.heads().get(1))
          .contains(
              "X-Forwarded-For: 203.0.113.1, 203.0.113.2, 127.0.0.1",
              "X-Forwarded-Proto: http\r\n",
              "X-Forwarded-Host: real.example");
      assertThat(upstream.heads().get(2))
          .contains(
              "X-Forwarded-For: _hidden, 127.0.0.1",
              "X-Forwarded-Proto: http\r\n",
              "X-Forwarded-Host: t.example");
      assertThat(upstream.heads().get(3))
          .contains("X-Forwarded-For: 127.0.0.7, 127.0.0.1", "X-Forwarded-Proto: http\r\n");
    }
  }

  @Test
  void stripsTheApisPathAndChoosesByPathThenMethod() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      kit.apis =
          List.of(
              TestApi.at("/shop")
                  .stripped()
                  .with(
                      Kit.route("list", "/orders", "GET"),
                      Kit.route("one", "/orders/{id}", "GET", "DELETE"),
                      Kit.route("new", "/orders/new", "POST"))
                  .made());
      kit.publish();
      assertThat(kit.get("/shop/orders?a")).endsWith("\r\n\r\n/orders?a");
      assertThat(kit.get("/shop/orders/7")).endsWith("\r\n\r\n/orders/7");
      assertThat(kit.get("/shop/orders/new"))
          .startsWith("HTTP/1.1 405")
          .contains("Allow: POST\r\n");
      assertThat(kit.get("/shop/orders/7/x")).startsWith("HTTP/1.1 404");
      assertThat(kit.get("/shop")).startsWith("HTTP/1.1 404");
    }
  }

  @Test
  void tellsUpstreamsOfTheFrontOfThePathThatTheyDoNotSee() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      kit.apis = List.of(under("/shop", true), under("/whole", false));
      kit.publish();
      kit.ask(get("/shop/a", "X-Forwarded-Prefix: /made-up\r\nX_Forwarded_Prefix: /too\r\n"));
      kit.ask(get("/whole/a", "X-Forwarded-Prefix: /made-up\r\n"));
      kit.settings = Kit.settings(1024).withTrustedProxies(List.of(Cidr.parse("127.0.0.0/8")));
      kit.publish();
      kit.ask(get("/shop/a", ""));
      kit.ask(get("/shop/a", "X-Forwarded-Prefix: /outer/\r\n"));
      kit.ask(get("/whole/a", "X-Forwarded-Prefix: /outer\r\n"));
      kit.ask(get("/whole/a", ""));

      assertThat(upstream.heads().stream().map(UpstreamTest::prefixes))
          .containsExactly(
              List.of("X-Forwarded-Prefix: /shop"),
              List.of(),
              List.of("X-Forwarded-Prefix: /shop"),
              List.of("X-Forwarded-Prefix: /outer/shop"),
              List.of("X-Forwarded-Prefix: /outer"),
              List.of());
    }
  }

  private static Api under(String path, boolean strip) {
    var api = TestApi.at(path);
    return (strip ? api.stripped() : api).made();
  }

  private static String get(String target, String fields) {
    return "GET " + target + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n" + fields + "\r\n";
  }

  private static List<String> prefixes(String head) {
    return head.lines().filter(line -> line.matches("(?i)x.forwarded.prefix.*")).toList();
  }
}
