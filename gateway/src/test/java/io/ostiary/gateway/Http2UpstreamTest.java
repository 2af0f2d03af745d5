package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// HTTP/2 to an upstream that is not ours (Node, which is nghttp2), in plain text.
class Http2UpstreamTest {
  private static final String CHUNKED =
      "POST /echo HTTP/1.1\r\nHost: t.example\r\nConnection: close\r\n"
          + "Transfer-Encoding: chunked\r\n\r\n";

  private static NodeUpstream upstream;
  private static Kit kit;

  @BeforeAll
  static void start() {
    upstream = new NodeUpstream("h2c");
    kit = new Kit(List.of(new Target("127.0.0.1", upstream.port, 1)));
    kit.link = new UpstreamLink(UpstreamLink.Protocol.HTTP2, null, UpstreamLink.ProxyHeader.OFF);
    kit.publish();
  }

  @AfterAll
  static void stop() {
    kit.close();
    upstream.close();
  }

  @Test
  void asksAndIsAnswered() {
    assertThat(kit.get("/hello?a=1"))
        .startsWith("HTTP/1.1 200 OK\r\n")
        .contains("x-version: 2.0\r\n", "x-authority: t.example\r\n", "x-te: trailers\r\n")
        .contains("hello /hello?a=1");
  }

  @Test
  void passesContentBothWays() {
    var body = "b".repeat(300_000);
    var answer =
        kit.ask(
            "POST /echo HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n"
                + body);
    assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n");
    assertThat(unchunked(answer)).isEqualTo(body);
  }

  @Test
  void passesTrailersBothWays() {
    assertThat(kit.ask(CHUNKED + "3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n"))
        .contains("3\r\nabc\r\n")
        .endsWith("0\r\nx-end: yes\r\nx-sent: 9\r\n\r\n");
  }

  @Test
  void passesTrailersBothWaysFromStreamToStream() throws Exception {
    try (var client = new FrameClient(kit.port)) {
      client.frame(
          FrameClient.HEADERS, FrameClient.END_HEADERS, 1, FrameClient.request("POST", "/echo"));
      client.frame(FrameClient.DATA, 0, 1, "abc".getBytes(Kit.LATIN));
      client.frame(
          FrameClient.HEADERS,
          FrameClient.END_HEADERS | FrameClient.END_STREAM,
          1,
          FrameClient.block("x-sum", "9"));
      var answer = client.answer(1);
      assertThat(answer.status() + " " + answer.body()).isEqualTo("200 abc");
      assertThat(answer.trailers()).contains("x-end: yes", "x-sent: 9");
    }
  }

  @Test
  void passesInterimAnswers() {
    assertThat(kit.get("/hints"))
        .startsWith(
            "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK")
        .contains("hinted");
  }

  @Test
  void answersHeadAndEmptyAnswers() {
    assertThat(kit.ask("HEAD /hello HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 200 OK\r\n")
        .endsWith("\r\n\r\n");
    assertThat(kit.get("/nothing"))
        .startsWith("HTTP/1.1 204 No Content\r\n")
        .doesNotContain("Transfer-Encoding");
  }

  @Test
  void sharesFewConnectionsAndKeepsToWhatTheUpstreamAllows() throws Exception {
    try (var pool = Executors.newVirtualThreadPerTaskExecutor()) {
      var all = new ArrayList<CompletableFuture<String>>();
      for (int i = 0; i < 200; i++) {
        var path = "/hello/" + i;
        all.add(CompletableFuture.supplyAsync(() -> kit.get(path), pool));
      }
      for (int i = 0; i < 200; i++) {
        assertThat(all.get(i).get()).endsWith("hello /hello/" + i + "\r\n0\r\n\r\n");
      }
    }
  }

  @Test
  void aStreamThatIsResetHarmsNoOther() throws Exception {
    try (var slow = kit.client()) {
      slow.send("GET /bytes/3000000 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
      slow.readUntil("\r\n\r\n");
      for (int i = 0; i < 5; i++) {
        assertThat(
                kit.ask(
                    "POST /reset HTTP/1.1\r\n"
                        + "Host: t\r\n"
                        + "Connection: close\r\n"
                        + "Content-Length: 0\r\n\r\n"))
            .startsWith("HTTP/1.1 502 ");
      }
      assertThat(unchunked("\r\n\r\n" + slow.readAll())).hasSize(3_000_000);
    }
  }

  @Test
  void aSlowReaderStopsNobodyElse() {
    try (var slow = kit.client()) {
      slow.send("GET /bytes/50000000 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
      slow.readUntil("\r\n\r\n");
      for (int i = 0; i < 20; i++) {
        assertThat(unchunked(kit.get("/bytes/500000"))).hasSize(500_000);
      }
    }
  }

  @Test
  void goesOnOverAnotherConnectionAfterGoaway() {
    for (int i = 0; i < 6; i++) {
      assertThat(kit.get("/goaway")).startsWith("HTTP/1.1 200 OK\r\n").contains("bye");
      assertThat(kit.get("/hello")).startsWith("HTTP/1.1 200 OK\r\n");
    }
  }

  @Test
  void offersNoTunnel() {
    assertThat(
            kit.ask(
                "GET /hello HTTP/1.1\r\n"
                    + "Host: t\r\n"
                    + "Connection: Upgrade, close\r\n"
                    + "Upgrade: websocket\r\n\r\n"))
        .startsWith("HTTP/1.1 200 OK\r\n");
  }

  /// The content of a chunked answer.
  static String unchunked(String answer) {
    var out = new StringBuilder();
    int at = answer.indexOf("\r\n\r\n") + 4;
    while (true) {
      int line = answer.indexOf("\r\n", at);
      int size = Integer.parseInt(answer.substring(at, line), 16);
      if (size == 0) {
        return out.toString();
      }
      out.append(answer, line + 2, line + 2 + size);
      at = line + 4 + size;
    }
  }
}
