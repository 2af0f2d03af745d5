package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Ban;
import io.ostiary.model.Ban.Action;
import io.ostiary.model.Ban.Place;
import io.ostiary.model.Cidr;
import io.ostiary.model.Listener;
import io.ostiary.model.Listener.ProxyProtocol;
import io.ostiary.model.Snapshot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyProtocolTest {
  private static final String LINE = "PROXY TCP4 203.0.113.7 198.18.0.1 51234 80\r\n";
  private static final String GET = "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";

  @TempDir Path folder;

  private static void publish(Kit kit, ProxyProtocol mode, String... trusted) {
    var some = Kit.settings(1024);
    kit.settings =
        some.withTrustedProxies(java.util.stream.Stream.of(trusted).map(Cidr::parse).toList());
    var all = kit.snapshot();
    var snapshot =
        new Snapshot(
            all.version(),
            all.createdAt(),
            all.gateway(),
            List.of(new Listener("127.0.0.1", kit.port, mode)),
            all.apis(),
            all.upstreams(),
            all.consumers(),
            all.keys(),
            all.kernel(),
            all.bans());
    assertThat(kit.gateway.publish(snapshot)).isInstanceOf(Published.InForce.class);
  }

  @Test
  void theLedgerAndTheUpstreamKnowTheClient() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      publish(kit, ProxyProtocol.TRUSTED, "127.0.0.1");
      assertThat(kit.ask(LINE + GET)).startsWith("HTTP/1.1 200");
      assertThat(upstream.heads().getFirst()).contains("X-Forwarded-For: 203.0.113.7\r\n");
      var clients = new ArrayList<String>();
      kit.drainClients(clients, 1);
      assertThat(clients).containsExactly("203.0.113.7");
    }
  }

  @Test
  void onlyTrustedProxiesAreBelieved() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      publish(kit, ProxyProtocol.TRUSTED, "198.18.0.1");
      // Somebody else speaks HTTP here, and this is none.
      assertThat(kit.ask(LINE + GET)).startsWith("HTTP/1.1 400");
      assertThat(kit.ask(GET)).startsWith("HTTP/1.1 200");
      publish(kit, ProxyProtocol.REQUIRED, "198.18.0.1");
      assertThat(kit.ask(GET)).isEmpty();
      assertThat(kit.gateway.gauges().proxyRefused()).isEqualTo(1);
      assertThat(upstream.heads()).hasSize(1);
    }
  }

  @Test
  void aProxyWithoutItsHeaderIsRefusedAndCounted() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      publish(kit, ProxyProtocol.REQUIRED, "127.0.0.1");
      assertThat(kit.ask(GET)).isEmpty();
      assertThat(kit.ask("PROXY TCP4 203.0.113.7\r\n" + GET)).isEmpty();
      assertThat(kit.gateway.gauges().proxyRefused()).isEqualTo(2);
      assertThat(kit.ask("PROXY UNKNOWN\r\n" + GET)).startsWith("HTTP/1.1 200");
      publish(kit, ProxyProtocol.OFF, "127.0.0.1");
      assertThat(kit.ask(GET)).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void aSilentProxyIsLeftAfterTheHeadsTime() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      publish(kit, ProxyProtocol.REQUIRED, "127.0.0.1");
      try (var client = kit.client()) {
        client.send("PROXY TCP4 ");
        assertThat(client.readAll()).isEmpty();
      }
    }
  }

  @Test
  void aBannedClientIsToldAndItsConnectionEnds() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      publish(kit, ProxyProtocol.REQUIRED, "127.0.0.1");
      var now = Instant.now();
      kit.gateway.ban(
          List.of(
              new Ban(
                  "b",
                  Cidr.parse("203.0.113.7"),
                  "test",
                  List.of(),
                  now,
                  now.plusSeconds(60),
                  "me",
                  new Action.Deny(),
                  Place.GATEWAY)));
      try (var client = kit.client()) {
        client.send(LINE + "GET / HTTP/1.1\r\nHost: t\r\n\r\n");
        assertThat(client.readAll())
            .startsWith("HTTP/1.1 403")
            .contains("Connection: close")
            .contains("urn:ostiary:problem:banned");
      }
      assertThat(kit.ask(LINE.replace("113.7", "113.8") + GET)).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void curlIsUnderstood() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      publish(kit, ProxyProtocol.REQUIRED, "127.0.0.1");
      var url = "http://127.0.0.1:" + kit.port + "/";
      assertThat(run("curl", "-si", "-m", "5", "--haproxy-protocol", url))
          .startsWith("HTTP/1.1 200");
    }
  }

  /// @param how as HAProxy's configuration says it
  @ParameterizedTest
  @ValueSource(
      strings = {"send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options unique-id"})
  void haproxyIsUnderstood(String how) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/sbin/haproxy")), "haproxy is not installed");
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      publish(kit, ProxyProtocol.REQUIRED, "127.0.0.1");
      int port = Kit.freePort();
      var config = folder.resolve("haproxy.cfg");
      Files.writeString(
          config,
          """
          defaults
            mode tcp
            timeout connect 2s
            timeout client 5s
            timeout server 5s
          frontend in
            bind 127.0.0.1:%d
            unique-id-format %%{+X}o\\ %%ci:%%cp
            default_backend out
          backend out
            server gateway 127.0.0.1:%d %s
          """
              .formatted(port, kit.port, how));
      var haproxy =
          new ProcessBuilder("/usr/sbin/haproxy", "-db", "-f", config.toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("haproxy.log").toFile())
              .start();
      try {
        assertThat(through(port)).startsWith("HTTP/1.1 200");
        // The port with which HAProxy was asked is that of the client's socket, not HAProxy's.
        assertThat(upstream.heads().getFirst()).contains("X-Forwarded-For: 127.0.0.2\r\n");
      } finally {
        haproxy.destroy();
        assertThat(haproxy.waitFor(5, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  private static String through(int port) throws Exception {
    var url = "http://127.0.0.1:" + port + "/";
    var answer = "";
    for (int i = 0; i < 50 && answer.isEmpty(); i++) {
      answer = run("curl", "-si", "-m", "5", "--interface", "127.0.0.2", url);
      Thread.sleep(answer.isEmpty() ? 50 : 0);
    }
    return answer;
  }

  private static String run(String... command) throws IOException, InterruptedException {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    return text;
  }
}
