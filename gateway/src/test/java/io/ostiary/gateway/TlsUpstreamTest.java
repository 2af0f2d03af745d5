package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.model.Balance;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.HealthCheck.Kind;
import io.ostiary.model.Target;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamLink;
import io.ostiary.model.UpstreamLink.Protocol;
import io.ostiary.model.UpstreamLink.ProxyHeader;
import io.ostiary.model.UpstreamTls;
import io.ostiary.model.UpstreamTls.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// TLS to upstreams that are not ours (Node and OpenSSL), with certificates that OpenSSL made.
class TlsUpstreamTest {
  private static final Duration EVERY = Duration.ofMillis(100);
  @TempDir static Path folder;
  private static Certificates certificates;

  @BeforeAll
  static void makeCertificates() {
    certificates =
        new Certificates(folder)
            .make("good", "DNS:localhost,DNS:api.example,IP:127.0.0.1", 30)
            .make("other", "DNS:other.example", 30)
            .make("old", "DNS:localhost,IP:127.0.0.1", -1)
            .make("client", "DNS:gateway.example", 30);
  }

  private static NodeUpstream upstream(String kind, String name, String... ca) {
    var key = certificates.file(name + ".key");
    var certificate = certificates.file(name + ".pem");
    return ca.length == 0
        ? new NodeUpstream(kind, key, certificate)
        : new NodeUpstream(kind, key, certificate, certificates.authority());
  }

  private static UpstreamTls tls(@Nullable String serverName) {
    return new UpstreamTls(serverName, true, certificates.authority(), null, null, Version.V1_2);
  }

  private static Kit kit(NodeUpstream upstream, Protocol protocol, @Nullable UpstreamTls tls) {
    return kit(upstream.port, protocol, tls).publish();
  }

  private static Kit kit(int port, Protocol protocol, @Nullable UpstreamTls tls) {
    var kit = new Kit(List.of(new Target("127.0.0.1", port, 1)));
    kit.link = new UpstreamLink(protocol, tls, ProxyHeader.OFF);
    return kit;
  }

  private static String failure(NodeUpstream upstream, @Nullable UpstreamTls tls) {
    try (var kit = kit(upstream, Protocol.HTTP1, tls)) {
      assertThat(kit.get("/hello"))
          .startsWith("HTTP/1.1 502 ")
          .contains("urn:ostiary:problem:upstream-tls");
      return kit.ledger(1).getFirst();
    }
  }

  @Test
  void speaksHttp11OverTls() {
    try (var upstream = upstream("https", "good");
        var kit = kit(upstream, Protocol.HTTP1, tls("api.example"))) {
      assertThat(kit.get("/hello"))
          .startsWith("HTTP/1.1 200 OK\r\n")
          .contains("x-version: 1.1\r\n", "x-server-name: api.example\r\n");
    }
  }

  /// Also without a host from which the name of the certificate could be taken.
  @Test
  void speaksTlsOverAUnixSocket() {
    var path = folder.resolve("tls.sock");
    try (var upstream = upstream("auto", "good");
        var _ = new SocketDoor(path, upstream.port)) {
      for (var protocol : List.of(Protocol.HTTP1, Protocol.AUTO, Protocol.HTTP2)) {
        try (var kit = new Kit(List.of(new Target("unix:" + path, 0, 1)))) {
          kit.link = new UpstreamLink(protocol, tls("api.example"), ProxyHeader.OFF);
          kit.publish();
          assertThat(kit.get("/hello"))
              .as(protocol.name())
              .startsWith("HTTP/1.1 200 OK\r\n")
              .contains("x-server-name: api.example\r\n")
              .contains("x-version: " + (protocol == Protocol.HTTP1 ? "1.1" : "2.0"));
          kit.link = new UpstreamLink(protocol, tls("other.example"), ProxyHeader.OFF);
          kit.publish();
          assertThat(kit.get("/hello")).startsWith("HTTP/1.1 502 ").contains(":upstream-tls\"");
          assertThat(kit.ledger(2)).contains("GET /hello 502 UPSTREAM tls-name attempts=1");
        }
      }
    }
  }

  /// Where nothing else says where content ends, TLS says whether it was cut (RFC 9112 section
  /// 9.8).
  @Test
  void doesNotTakeContentForWholeThatWasCut() {
    try (var upstream = upstream("https", "good");
        var kit = kit(upstream, Protocol.HTTP1, tls(null))) {
      for (var path : List.of("/until-the-end", "/said-and-open")) {
        assertThat(kit.get(path))
            .startsWith("HTTP/1.1 200 OK\r\n")
            .endsWith("\r\nsome content\r\n0\r\n\r\n");
      }
      try (var client = kit.client()) {
        client.send("GET /begun HTTP/1.1\r\nHost: t\r\n\r\n");
        assertThat(client.readUntil("some content\r\n")).startsWith("HTTP/1.1 200 OK\r\n");
        upstream.kill();
        assertThat(client.readAll()).isEmpty();
      }
      assertThat(kit.ledger(3).getLast())
          .isEqualTo("GET /begun 200 UPSTREAM truncated-response attempts=1");
    }
  }

  /// Services of a cluster have names without a dot, and whole names may end with one.
  @Test
  void tellsNamesOfEveryFormThatItWants() {
    try (var upstream = upstream("https", "good")) {
      for (var name : List.of("localhost", "api.example")) {
        for (var written : List.of(name, name + ".")) {
          try (var kit = kit(upstream, Protocol.HTTP1, tls(written))) {
            assertThat(kit.get("/hello"))
                .as(written)
                .startsWith("HTTP/1.1 200 OK\r\n")
                .contains("x-server-name: " + name + "\r\n");
          }
        }
      }
    }
  }

  @Test
  void agreesOnWhatBothSpeak() {
    try (var two = upstream("auto", "good");
        var one = upstream("https", "good");
        var kit2 = kit(two, Protocol.AUTO, tls("api.example"));
        var kit1 = kit(one, Protocol.AUTO, tls(null))) {
      assertThat(kit2.get("/hello"))
          .contains("x-version: 2.0\r\n", "x-server-name: api.example\r\n");
      for (int i = 0; i < 6; i++) {
        assertThat(kit1.get("/hello")).contains("x-version: 1.1\r\n");
      }
    }
  }

  @Test
  void refusesHttp2WhereTheUpstreamDoesNotAgree() {
    try (var one = upstream("https", "good");
        var kit = kit(one, Protocol.HTTP2, tls(null))) {
      assertThat(kit.get("/hello")).startsWith("HTTP/1.1 502 ");
      assertThat(kit.ledger(1)).containsExactly("GET /hello 502 UPSTREAM tls-alpn attempts=1");
    }
  }

  @Test
  void saysWhichCheckFailed() {
    try (var good = upstream("https", "good");
        var other = upstream("https", "other");
        var old = upstream("https", "old");
        var plain = new NodeUpstream("h2c");
        var asking = upstream("https", "good", "ca")) {
      var system = new UpstreamTls(null, true, null, null, null, Version.V1_2);
      assertThat(failure(good, system)).contains(" UPSTREAM tls-untrusted ");
      assertThat(failure(other, tls(null))).contains(" UPSTREAM tls-name ");
      assertThat(failure(old, tls(null))).contains(" UPSTREAM tls-expired ");
      assertThat(failure(asking, tls(null))).contains(" UPSTREAM tls-refused ");
      assertThat(failure(plain, tls(null))).containsPattern(" UPSTREAM tls-(not-spoken|closed) ");
    }
  }

  @Test
  void checksNothingOnlyWhereThatIsSaid() {
    try (var other = upstream("https", "other");
        var kit =
            kit(
                other,
                Protocol.HTTP1,
                new UpstreamTls(null, false, null, null, null, Version.V1_2))) {
      assertThat(kit.get("/hello")).startsWith("HTTP/1.1 200 OK\r\n");
    }
  }

  @Test
  void provesWhoWeAre() {
    try (var asking = upstream("auto", "good", "ca");
        var kit =
            kit(
                asking,
                Protocol.AUTO,
                new UpstreamTls(
                    null,
                    true,
                    certificates.authority(),
                    certificates.file("client.pem"),
                    certificates.file("client.key"),
                    Version.V1_3))) {
      assertThat(kit.get("/hello")).contains("x-client: client\r\n");
    }
  }

  @Test
  void resumesSessions() {
    try (var upstream = upstream("https", "good");
        var kit = kit(upstream, Protocol.HTTP1, tls(null))) {
      var resumed = false;
      // Each loop has its own connections; closing them makes the next call connect anew.
      for (int i = 0; i < 12 && !resumed; i++) {
        var answer = kit.ask("POST /close HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 204 ");
        resumed = kit.get("/hello").contains("x-resumed: true\r\n");
      }
      assertThat(resumed).isTrue();
    }
  }

  @Test
  void readsItsFilesAnewWhileItRuns() throws Exception {
    var ca = folder.resolve("changing.pem");
    try (var upstream = upstream("https", "good")) {
      Files.copy(certificates.file("other.pem"), ca, StandardCopyOption.REPLACE_EXISTING);
      try (var kit =
          kit(
              upstream,
              Protocol.HTTP1,
              new UpstreamTls(null, true, ca, null, null, Version.V1_2))) {
        assertThat(kit.get("/hello")).startsWith("HTTP/1.1 502 ");
        Files.copy(certificates.authority(), ca, StandardCopyOption.REPLACE_EXISTING);
        long until = System.nanoTime() + 6_000_000_000L;
        var answer = "";
        while (!answer.startsWith("HTTP/1.1 200") && System.nanoTime() < until) {
          Thread.sleep(200);
          answer = kit.get("/hello");
        }
        assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n");
        Files.writeString(ca, "nothing");
        Thread.sleep(2500);
        assertThat(kit.get("/hello")).startsWith("HTTP/1.1 200 OK\r\n");
      }
    }
  }

  @Test
  void refusesAPlanWhoseFilesCannotBeUsed() {
    try (var kit =
        kit(
            1,
            Protocol.HTTP1,
            new UpstreamTls(null, true, folder.resolve("gone.pem"), null, null, Version.V1_2))) {
      assertThatThrownBy(kit::publish)
          .hasMessageContaining("upstream up: tls.ca: ")
          .hasMessageContaining("expected: a PEM file that can be read");
    }
    assertThatThrownBy(() -> new UpstreamTls(null, false, folder, null, null, Version.V1_2))
        .hasMessageContaining("tls.ca");
    assertThatThrownBy(() -> new UpstreamTls(null, true, null, folder, null, Version.V1_2))
        .hasMessageContaining("tls.key");
    assertThatThrownBy(() -> new UpstreamLink(Protocol.AUTO, null, ProxyHeader.OFF))
        .hasMessageContaining("protocol: auto");
    assertThatThrownBy(() -> new UpstreamLink(Protocol.HTTP2, null, ProxyHeader.V2))
        .hasMessageContaining("proxy-protocol: v2");
  }

  @Test
  void checksHealthByWhatIsSpokenWithCalls() throws Exception {
    var check = new HealthCheck("/hello", Duration.ofMillis(100), Duration.ofSeconds(2), 1, 1);
    try (var secure = upstream("auto", "good");
        var text = upstream("https", "good");
        var plain = new NodeUpstream("h2c");
        var wrong = upstream("https", "other");
        var kit = new Kit(List.of(new Target("127.0.0.1", secure.port, 1)))) {
      var system = UpstreamLink.PLAIN.proxyHeader();
      kit.others =
          List.of(
              checked("secure", secure, new UpstreamLink(Protocol.HTTP2, tls(null), system), check),
              checked("text", text, new UpstreamLink(Protocol.AUTO, tls(null), system), check),
              checked("plain", plain, new UpstreamLink(Protocol.HTTP2, null, system), check),
              checked("wrong", wrong, new UpstreamLink(Protocol.AUTO, tls(null), system), check));
      kit.publish();
      long until = System.nanoTime() + 8_000_000_000L;
      while (why(kit, "wrong").isEmpty() && System.nanoTime() < until) {
        Thread.sleep(50);
      }
      assertThat(why(kit, "wrong")).isEqualTo("health check: tls-name");
      assertThat(why(kit, "secure") + why(kit, "text") + why(kit, "plain")).isEmpty();
    }
  }

  @Test
  void checksHealthAtAnotherPortOverTls() throws Exception {
    var link = new UpstreamLink(Protocol.AUTO, tls(null), UpstreamLink.PLAIN.proxyHeader());
    try (var calls = upstream("https", "good");
        var good = upstream("auto", "good");
        var wrong = upstream("https", "other");
        var kit = new Kit(List.of(new Target("127.0.0.1", calls.port, 1)))) {
      kit.others =
          List.of(
              checked("good", calls, link, at(good.port, Kind.HTTP, true)),
              checked("tcp", calls, link, at(good.port, Kind.TCP, true)),
              checked("wrong", calls, link, at(wrong.port, Kind.HTTP, true)),
              checked("wrong-tcp", calls, link, at(wrong.port, Kind.TCP, true)),
              checked("plain", calls, link, at(good.port, Kind.HTTP, false)));
      kit.publish();
      long until = System.nanoTime() + 10_000_000_000L;
      while ((why(kit, "wrong").isEmpty()
              || why(kit, "wrong-tcp").isEmpty()
              || why(kit, "plain").isEmpty())
          && System.nanoTime() < until) {
        Thread.sleep(50);
      }
      assertThat(why(kit, "wrong")).isEqualTo("health check: tls-name");
      assertThat(why(kit, "wrong-tcp")).isEqualTo("health check: tls-name");
      assertThat(why(kit, "plain")).startsWith("health check: ");
      assertThat(why(kit, "good") + why(kit, "tcp")).isEmpty();
    }
    var plain = new HealthCheck("/", EVERY, EVERY, 1, 1, at(1, Kind.HTTP, true).expected());
    assertThatThrownBy(() -> checked("none", 1, UpstreamLink.PLAIN, plain))
        .hasMessageContaining("health.tls: true");
  }

  @Test
  void asksTheHealthServiceOfGrpcOverTls() throws Exception {
    var link = new UpstreamLink(Protocol.AUTO, tls(null), UpstreamLink.PLAIN.proxyHeader());
    try (var calls = upstream("auto", "good");
        var good = upstream("h2", "good");
        var text = upstream("https", "good");
        var wrong = upstream("h2", "other");
        var kit = new Kit(List.of(new Target("127.0.0.1", calls.port, 1)))) {
      kit.others =
          List.of(
              checked("elsewhere", calls, link, at(good.port, Kind.GRPC, true)),
              checked("there", good, link, at(0, Kind.GRPC, false)),
              checked("wrong", calls, link, at(wrong.port, Kind.GRPC, true)),
              checked("text", calls, link, at(text.port, Kind.GRPC, true)));
      kit.publish();
      long until = System.nanoTime() + 10_000_000_000L;
      while ((why(kit, "wrong").isEmpty() || why(kit, "text").isEmpty())
          && System.nanoTime() < until) {
        Thread.sleep(50);
      }
      assertThat(why(kit, "wrong")).isEqualTo("health check: tls-name");
      assertThat(why(kit, "text")).startsWith("health check: ");
      assertThat(why(kit, "elsewhere") + why(kit, "there")).isEmpty();
    }
    var grpc = at(1, Kind.GRPC, true);
    var text = new UpstreamLink(Protocol.HTTP1, tls(null), UpstreamLink.PLAIN.proxyHeader());
    assertThatThrownBy(() -> checked("none", 1, text, grpc)).hasMessageContaining("health.kind");
  }

  private static HealthCheck at(int port, Kind kind, boolean tls) {
    var any = List.of(new HealthCheck.Statuses(200, 200));
    return new HealthCheck(
        "/hello",
        EVERY,
        Duration.ofSeconds(2),
        1,
        1,
        new HealthCheck.Expected(kind, port, any, "", "", Map.of(), "", tls));
  }

  private static String why(Kit kit, String upstream) {
    return kit.gateway.upstreams().stream()
        .filter(one -> one.upstream().equals(upstream))
        .findFirst()
        .orElseThrow()
        .why();
  }

  private static Upstream checked(
      String name, NodeUpstream upstream, UpstreamLink link, HealthCheck check) {
    return checked(name, upstream.port, link, check);
  }

  private static Upstream checked(String name, int port, UpstreamLink link, HealthCheck check) {
    return new Upstream(
        name,
        List.of(new Target("127.0.0.1", port, 1)),
        Balance.ROUND_ROBIN,
        check,
        Duration.ofSeconds(1),
        Duration.ofSeconds(3),
        Duration.ofSeconds(3),
        1000,
        link);
  }
}
