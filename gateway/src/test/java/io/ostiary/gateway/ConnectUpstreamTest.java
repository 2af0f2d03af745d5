package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink;
import io.ostiary.model.UpstreamLink.Protocol;
import io.ostiary.model.UpstreamTls;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tunnels to upstreams over HTTP/2, as extended CONNECT (RFC 8441). The upstream is not ours
/// (Node, which is nghttp2), and neither is one of the clients (the JDK's).
class ConnectUpstreamTest {
  private static NodeUpstream upstream;
  private static Kit kit;

  @BeforeAll
  static void start() {
    upstream = new NodeUpstream("connect");
    kit = kit(upstream, Protocol.HTTP2, null);
  }

  private static Kit kit(NodeUpstream upstream, Protocol protocol, @Nullable UpstreamTls tls) {
    var kit = new Kit(List.of(new Target("127.0.0.1", upstream.port, 1)));
    kit.link = new UpstreamLink(protocol, tls, UpstreamLink.ProxyHeader.OFF);
    return kit.publish();
  }

  @AfterAll
  static void stop() {
    kit.close();
    upstream.close();
  }

  private static String offer(String path) {
    return "GET "
        + path
        + " HTTP/1.1\r\nHost: t.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  }

  /// The ledger's line of a path, which others of the same gateway may come before.
  private static String line(String path) {
    for (int i = 0; i < 20; i++) {
      for (var line : kit.ledger(1)) {
        if (line.startsWith("GET " + path + " ")) {
          return line;
        }
      }
    }
    throw new AssertionError("no line of " + path);
  }

  @Test
  void carriesWebSocketInOneStream() throws Exception {
    var heard = new LinkedBlockingQueue<String>();
    var listener =
        new WebSocket.Listener() {
          private int bytes;

          @Override
          public @Nullable CompletionStage<?> onBinary(
              WebSocket socket, ByteBuffer data, boolean last) {
            bytes += data.remaining();
            if (last) {
              heard.add(bytes + " bytes");
              bytes = 0;
            }
            socket.request(1);
            return null;
          }

          @Override
          public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            heard.add("closed " + status + " " + reason);
            return null;
          }
        };
    try (var client = HttpClient.newHttpClient()) {
      var socket =
          client
              .newWebSocketBuilder()
              .buildAsync(URI.create("ws://127.0.0.1:" + kit.port + "/frames"), listener)
              .get(5, TimeUnit.SECONDS);
      for (int size : new int[] {1, 126, 65_536, 500_000}) {
        socket.sendBinary(ByteBuffer.allocate(size), true).get(5, TimeUnit.SECONDS);
        assertThat(heard.poll(5, TimeUnit.SECONDS)).isEqualTo(size + " bytes");
      }
      socket.sendClose(WebSocket.NORMAL_CLOSURE, "bye").get(5, TimeUnit.SECONDS);
      assertThat(heard.poll(5, TimeUnit.SECONDS)).isEqualTo("closed 1000 bye");
    }
    assertThat(line("/frames")).isEqualTo("GET /frames 101 NONE answered attempts=1");
  }

  @Test
  void asksAndProvesAsTheTwoProtocolsWantIt() {
    try (var client = kit.client()) {
      client.send(offer("/raw"));
      assertThat(client.readUntil("\r\n\r\n"))
          .startsWith("HTTP/1.1 101 Switching Protocols\r\n")
          .containsIgnoringCase("\r\nUpgrade: websocket\r\n")
          .contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")
          .contains("x-method: CONNECT", "x-protocol: websocket", "x-key: none");
    }
  }

  @Test
  void losesNothingWhereNobodyReads() throws Exception {
    var block = new byte[64 * 1024];
    new java.util.Random(1).nextBytes(block);
    int blocks = 200;
    try (var client = kit.client()) {
      client.send(offer("/raw"));
      client.readUntil("\r\n\r\n");
      var sender =
          Thread.ofVirtual()
              .start(() -> {
                for (int i = 0; i < blocks; i++) {
                  client.send(block);
                }
                client.endInput();
              });
      sender.join(300);
      assertThat(sender.isAlive()).as("the sender has come to a halt").isTrue();
      var in = client.socket.getInputStream();
      for (int i = 0; i < blocks; i++) {
        assertThat(in.readNBytes(block.length)).isEqualTo(block);
      }
      assertThat(in.read()).isEqualTo(-1);
    }
  }

  @Test
  void letsTheClientGoOnWhenTheUpstreamHasEndedItsSide() {
    try (var client = kit.client()) {
      client.send(offer("/first"));
      client.readUntil("\r\n\r\n");
      assertThat(client.readAll()).isEqualTo("bye");
      client.send("still here");
      client.endInput();
      assertThat(line("/first")).isEqualTo("GET /first 101 NONE answered attempts=1");
    }
  }

  @Test
  void passesARefusalOnAndBlamesAReset() {
    try (var client = kit.client()) {
      client.send(offer("/refuse"));
      assertThat(client.readUntil("no tunnel\r\n0\r\n\r\n")).startsWith("HTTP/1.1 403 ");
      client.send(offer("/reset"));
      client.readUntil("\r\n\r\n");
      assertThat(client.readAll()).isEmpty();
      assertThat(line("/reset")).isEqualTo("GET /reset 101 UPSTREAM reset attempts=1");
    }
  }

  @Test
  void offersNothingToAnUpstreamThatTakesNoTunnels() {
    try (var plain = new NodeUpstream("h2c");
        var other = kit(plain, Protocol.HTTP2, null);
        var client = other.client()) {
      client.send(offer("/hello"));
      assertThat(client.readUntil("hello /hello")).startsWith("HTTP/1.1 200 OK\r\n");
    }
  }

  @Test
  void usesTheConnectionOfHttp2ThatStands(@TempDir Path folder) {
    var certificates = new Certificates(folder).make("good", "IP:127.0.0.1", 30);
    var key = certificates.file("good.key");
    var tls =
        new UpstreamTls(null, true, certificates.authority(), null, null, UpstreamTls.Version.V1_2);
    try (var secure = new NodeUpstream("connect", key, certificates.file("good.pem"));
        var other = kit(secure, Protocol.AUTO, tls);
        var client = other.client()) {
      // One loop for both calls, so that the second finds the first one's connection.
      client.send("GET /plain HTTP/1.1\r\nHost: t.example\r\n\r\n");
      client.readUntil("no tunnel\r\n0\r\n\r\n");
      client.send(offer("/raw"));
      assertThat(client.readUntil("\r\n\r\n"))
          .startsWith("HTTP/1.1 101 ")
          .contains("x-method: CONNECT");
      client.send("there and back");
      assertThat(client.readUntil("and back")).isEqualTo("there and back");
    }
  }

  @Test
  void joinsTwoStreams() throws Exception {
    try (var client = new FrameClient(kit.port)) {
      client.webSocket("/raw");
      var head = client.fields(client.next(FrameClient.HEADERS));
      assertThat(head.status()).hasToString("200");
      assertThat(head.get("x-method")).hasToString("CONNECT");
      assertThat(head.get("sec-websocket-accept")).isNull();
      client.frame(FrameClient.DATA, 0, 1, "ping".getBytes(Kit.LATIN));
      assertThat(client.next(FrameClient.DATA).payload()).isEqualTo("ping".getBytes(Kit.LATIN));
      client.frame(FrameClient.DATA, FrameClient.END_STREAM, 1);
      assertThat(client.next(FrameClient.DATA).last()).isTrue();
    }
  }
}
