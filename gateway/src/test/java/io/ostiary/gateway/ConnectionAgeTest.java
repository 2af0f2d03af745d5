package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Connections that have become old are closed behind what they carry, and nobody notices.
class ConnectionAgeTest {
  private static final String GET = "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n";
  private static final Duration AGE = Duration.ofMillis(300);
  private static final Pattern CONNECTION = Pattern.compile("x-connection: (\\d+)");

  private static void grow() throws InterruptedException {
    Thread.sleep(AGE.plusMillis(100));
  }

  @Test
  void aClientIsToldThatAnAnswerIsTheLast() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      kit.settings = Kit.settings(1024, AGE);
      kit.publish();
      try (var client = kit.client()) {
        client.send(GET);
        assertThat(client.readUntil("/hello")).doesNotContain("Connection: close");
        grow();
        client.send(GET);
        assertThat(client.readAll()).startsWith("HTTP/1.1 200 OK").contains("Connection: close");
      }
    }
  }

  @Test
  void aClientOverHttp2IsSentAwayBehindItsStreams() throws Exception {
    var said = new CountDownLatch(1);
    try (var upstream =
            FakeUpstream.of(talk -> {
              boolean first = talk.target().equals("/a");
              return (first || Kit.await(said)) && talk.ok(talk.target());
            });
        var kit = new Kit(upstream)) {
      kit.settings = Kit.settings(1024, AGE);
      kit.publish();
      try (var client = new FrameClient(kit.port)) {
        client.get(1, "/a");
        assertThat(client.answer(1).status()).isEqualTo("200");
        grow();
        client.get(3, "/b");
        assertThat(client.next(FrameClient.GOAWAY).error()).isZero();
        client.frame(FrameClient.PING, 1, 0, client.next(FrameClient.PING).payload());
        assertThat(client.next(FrameClient.GOAWAY).payload()).startsWith(0, 0, 0, 3);
        said.countDown();
        assertThat(client.answer(3).body()).isEqualTo("/b");
        assertThat(client.next()).isNull();
      }
    }
  }

  @Test
  void anUpstreamGetsANewConnection() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream)) {
      kit.link = link(UpstreamLink.Protocol.HTTP1);
      kit.publish();
      try (var client = kit.client()) {
        for (int i = 0; i < 3; i++) {
          client.send(GET);
          client.readUntil("/hello");
        }
        assertThat(upstream.connections()).isEqualTo(1);
        grow();
        for (int i = 0; i < 3; i++) {
          client.send(GET);
          assertThat(client.readUntil("/hello")).startsWith("HTTP/1.1 200 OK");
        }
        assertThat(upstream.connections()).isEqualTo(2);
      }
    }
  }

  @Test
  void anUpstreamOverHttp2Too() throws Exception {
    try (var upstream = new NodeUpstream("h2c");
        var kit = new Kit(List.of(new Target("127.0.0.1", upstream.port, 1)))) {
      kit.link = link(UpstreamLink.Protocol.HTTP2);
      kit.publish();
      try (var client = kit.client();
          var slow = kit.client()) {
        var first = connection(client);
        assertThat(connection(client)).isEqualTo(first);
        slow.send("GET /bytes/3000000 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
        slow.readUntil("\r\n\r\n");
        grow();
        var second = connection(client);
        assertThat(second).isNotEqualTo(first);
        assertThat(connection(client)).isEqualTo(second);
        assertThat(slow.readAll().length())
            .as("the old one ends what it carries")
            .isGreaterThan(3_000_000);
      }
    }
  }

  private static UpstreamLink link(UpstreamLink.Protocol protocol) {
    return new UpstreamLink(protocol, null, UpstreamLink.ProxyHeader.OFF, AGE);
  }

  /// By which connection the upstream was asked.
  private static String connection(Kit.Client client) {
    client.send(GET);
    var found = CONNECTION.matcher(client.readUntil("0\r\n\r\n"));
    assertThat(found.find()).isTrue();
    return found.group(1);
  }
}
