package io.ostiary.gateway;

import static io.ostiary.gateway.FrameClient.DATA;
import static io.ostiary.gateway.FrameClient.END_HEADERS;
import static io.ostiary.gateway.FrameClient.END_STREAM;
import static io.ostiary.gateway.FrameClient.GOAWAY;
import static io.ostiary.gateway.FrameClient.HEADERS;
import static io.ostiary.gateway.FrameClient.PING;
import static io.ostiary.gateway.FrameClient.RST_STREAM;
import static io.ostiary.gateway.FrameClient.SETTINGS;
import static io.ostiary.gateway.FrameClient.WINDOW_UPDATE;
import static io.ostiary.gateway.FrameClient.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ostiary.gateway.testing.FakeUpstream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// HTTP/2 towards clients, without TLS.
class Http2Test {
  private static final int MIB = 1024 * 1024;

  @TempDir Path folder;

  private static String run(String... command) throws IOException, InterruptedException {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return text;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void passesAllOfH2spec() throws Exception {
    assumeTrue(H2Spec.runsHere(), "skipped: the binary of h2spec is for x86-64");
    try (var upstream = H2Spec.upstream();
        var kit = new Kit(upstream).publish()) {
      var report = H2Spec.unpackInto(folder).run(kit.port);
      assertThat(report).endsWith("145 tests, 145 passed, 0 skipped, 0 failed\n");
    }
  }

  @Test
  void curlIsAnswered() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      var url = "http://127.0.0.1:" + kit.port + "/a?b=c";
      assertThat(run("curl", "-si", "-m", "5", "--http2-prior-knowledge", url))
          .startsWith("HTTP/2 200")
          .endsWith("/a?b=c");
      assertThat(run("curl", "-sI", "-m", "5", "--http2-prior-knowledge", url))
          .startsWith("HTTP/2 200")
          .contains("content-length: 6\r\n");
      assertThat(kit.ledger(2))
          .containsExactlyInAnyOrder(
              "GET /a?b=c 200 NONE answered attempts=1",
              "HEAD /a?b=c 200 NONE answered attempts=1");
      assertThat(upstream.heads().getFirst())
          .startsWith("GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:" + kit.port + "\r\n");
    }
  }

  @Test
  void theLedgerTellsWhatWasSpoken() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      var url = "http://127.0.0.1:" + kit.port + "/a";
      for (var way : List.of("--http1.0", "--http1.1", "--http2", "--http2-prior-knowledge")) {
        run("curl", "-s", "-m", "5", way, url);
      }
      assertThat(kit.ledger(4, slot -> slot.protocol))
          .containsExactlyInAnyOrder("HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/2.0");
    }
  }

  @Test
  void anOfferToUpgradeIsTaken() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      var url = "http://127.0.0.1:" + kit.port;
      assertThat(run("curl", "-si", "-m", "5", "--http2", url + "/a", url + "/b"))
          .startsWith("HTTP/1.1 101 Switching Protocols\r\n")
          .contains("\r\n\r\nHTTP/2 200")
          .contains("/aHTTP/2 200")
          .endsWith("/b");
      assertThat(run("nghttp", "-u", url + "/c")).endsWith("/c");
      assertThat(upstream.heads())
          .allSatisfy(head ->
              assertThat(head)
                  .doesNotContainIgnoringCase("upgrade")
                  .doesNotContainIgnoringCase("settings"));
      assertThat(upstream.connections()).isPositive();
    }
  }

  @Test
  void manyStreamsAreAnsweredAtOnce() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      var url = "http://127.0.0.1:" + kit.port + "/x";
      assertThat(run("h2load", "-n", "2000", "-c", "2", "-m", "100", url))
          .contains("2000 succeeded, 0 failed, 0 errored, 0 timeout");
    }
  }

  @Test
  void trailersGoBothWays() throws Exception {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
              var line = new StringBuilder();
              while (!line.toString().endsWith("0\r\nx-sum: 7\r\n\r\n")) {
                line.append((char) talk.in().read());
              }
              talk.send("5\r\nhello\r\n0\r\nGrpc-Status: 0\r\n\r\n");
              return true;
            });
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.frame(HEADERS, END_HEADERS, 1, request("POST", "/x", "te", "trailers"));
      client.frame(DATA, 0, 1, bytes("abc"));
      client.frame(HEADERS, END_HEADERS | END_STREAM, 1, FrameClient.block("x-sum", "7"));
      var answer = client.answer(1);
      assertThat(answer.body()).isEqualTo("hello");
      assertThat(answer.trailers()).contains("grpc-status: 0");
      assertThat(upstream.heads().getFirst())
          .contains("Transfer-Encoding: chunked", "Via: 2.0 ostiary\r\n");
    }
  }

  @Test
  void crumbsOfCookiesAreJoinedAndOtherFieldsAreNot() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.get(1, "/", "cookie", "a=1", "x-a", "1", "cookie", "b=2", "x-a", "2");
      assertThat(client.answer(1).status()).isEqualTo("200");
      assertThat(upstream.heads().getFirst())
          .contains("cookie: a=1; b=2\r\n")
          .contains("x-a: 1\r\n")
          .contains("x-a: 2\r\n");
    }
  }

  /// What could be read in two ways upstream does not get there.
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          x-a,              'a\r\nx-b: 1'
          x-a,              'a\nx-b: 1'
          x-a,              ' a'
          'x-a: b\r\nx-c',  1
          'x a',            1
          'x-a:',           1
          X-Upper,          1
          connection,       close
          transfer-encoding, chunked
          keep-alive,       5
          proxy-connection, close
          upgrade,          websocket
          te,               gzip
          :path,            /other
          :status,          200
          host,             other.example
          host,             t.example:443
          host,             t.example:8
          host,             t.example:080
          host,             t.exampl
          host,             t.example.
          host,             :80
          content-length,   5
          content-length,   +0
          """)
  void malformedFieldsAreNeverForwarded(String name, String value) throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.get(1, "/", name, value);
      assertThat(client.answer(1).status()).isEqualTo("reset 1");
      client.get(3, "/");
      assertThat(client.answer(3).status()).isEqualTo("200");
      assertThat(upstream.heads()).hasSize(1);
      assertThat(kit.ledger(2)).anyMatch(line -> line.contains("CLIENT malformed-request"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"t.example", "T.Example", "t.example:80", "t.example:", "T.EXAMPLE:80"})
  void hostMayNameTheSameInOtherWords(String host) throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.get(1, "/", "host", host);
      assertThat(client.answer(1).status()).isEqualTo("200");
      assertThat(upstream.heads().getFirst()).contains("X-Forwarded-Host: t.example\r\n");
    }
  }

  @ParameterizedTest
  @CsvSource({"/a%2Fb, 400", "/../a, 400", "'/a b', reset 1", "http://e/a, reset 1", "'', reset 1"})
  void pathsAreReadAsOverHttp1(String path, String status) throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.get(1, path);
      assertThat(client.answer(1).status()).isEqualTo(status);
      assertThat(upstream.heads()).isEmpty();
    }
  }

  @Test
  void aHeadBeyondTheLimitIsAnsweredWith431() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      var block = request("GET", "/", "x-long", "x".repeat(9000), "x-more", "x".repeat(9000));
      client.frame(HEADERS, END_STREAM, 1, Arrays.copyOf(block, 16_000));
      var rest = Arrays.copyOfRange(block, 16_000, block.length);
      client.frame(FrameClient.CONTINUATION, END_HEADERS, 1, rest);
      assertThat(client.answer(1).status()).isEqualTo("431");
      client.get(3, "/");
      assertThat(client.answer(3).status()).isEqualTo("200");
    }
  }

  @Test
  void anInterimResponseGoesOn() throws Exception {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
              return talk.ok("x");
            });
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.get(1, "/");
      assertThat(client.fields(client.next(HEADERS)).toString()).contains("103").contains("</a>");
      assertThat(client.fields(client.next(HEADERS)).status()).hasToString("200");
    }
  }

  @Test
  void largeBodiesGoBothWays() throws Exception {
    var read = new AtomicInteger();
    try (var upstream =
            FakeUpstream.of(talk -> {
              if (talk.head().startsWith("POST")) {
                read.set(talk.body().length);
                return talk.ok("");
              }
              talk.send("HTTP/1.1 200 OK\r\nContent-Length: " + 8 * MIB + "\r\n\r\n");
              var piece = new byte[MIB];
              Arrays.fill(piece, (byte) 'x');
              for (int i = 0; i < 8; i++) {
                talk.out().write(piece);
              }
              return true;
            });
        var kit = new Kit(upstream)) {
      kit.settings = Kit.settings(16L * MIB);
      kit.publish();
      var url = "http://127.0.0.1:" + kit.port + "/";
      var down = folder.resolve("down").toString();
      run(
          "curl",
          "-s",
          "-m",
          "15",
          "--limit-rate",
          "4M",
          "--http2-prior-knowledge",
          "-o",
          down,
          url);
      assertThat(Path.of(down)).hasSize(8L * MIB);
      // With a length, and without one.
      run("curl", "-s", "-m", "15", "--http2-prior-knowledge", "--data-binary", "@" + down, url);
      assertThat(read).hasValue(8 * MIB);
      read.set(0);
      var pipe =
          "cat %s | curl -s -m 15 --http2-prior-knowledge -X POST -T - %s".formatted(down, url);
      run("sh", "-c", pipe);
      assertThat(read).hasValue(8 * MIB);
    }
  }

  @Test
  void aStreamThatIsNotReadStopsItsUpstreamAndNoOther() throws Exception {
    var sent = new AtomicInteger();
    try (var upstream =
            FakeUpstream.of(talk -> {
              if (!talk.target().equals("/large")) {
                return talk.ok("x");
              }
              talk.send("HTTP/1.1 200 OK\r\nContent-Length: " + 64 * MIB + "\r\n\r\n");
              for (int i = 0; i < 64 * 16; i++) {
                talk.out().write(new byte[64 * 1024]);
                sent.addAndGet(64 * 1024);
              }
              return true;
            });
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.get(1, "/large");
      // More for the connection, nothing more for the stream.
      client.frame(WINDOW_UPDATE, 0, 0, FrameClient.integer(MIB));
      for (int i = 0; i < 20; i++) {
        client.get(3 + 2 * i, "/small");
        assertThat(client.answer(3 + 2 * i).body()).isEqualTo("x");
      }
      Thread.sleep(100);
      assertThat(sent.get()).isLessThan(2 * MIB);
    }
  }

  @Test
  void aStreamThatIsNotTakenUpstreamStopsNoOther() throws Exception {
    try (var upstream =
            FakeUpstream.of(talk -> {
              if (talk.head().startsWith("GET")) {
                return talk.ok("x");
              }
              sleep(600);
              return false;
            });
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.frame(HEADERS, END_HEADERS, 1, request("POST", "/"));
      for (int i = 0; i < 4; i++) {
        client.frame(DATA, 0, 1, new byte[16_000]);
      }
      client.get(3, "/");
      assertThat(client.answer(3).body()).isEqualTo("x");
    }
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aResetEndsTheCallUpstream() throws Exception {
    var gone = new AtomicInteger();
    try (var upstream =
            FakeUpstream.of(talk -> {
              gone.set(talk.in().read() < 0 ? 1 : 2);
              return false;
            });
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.get(1, "/");
      while (upstream.heads().isEmpty()) {
        sleep(5);
      }
      client.frame(RST_STREAM, 0, 1, FrameClient.integer(8));
      assertThat(kit.ledger(1)).containsExactly("GET / 0 CLIENT client-left attempts=1");
      for (int i = 0; i < 200 && gone.get() == 0; i++) {
        sleep(10);
      }
      assertThat(gone).hasValue(1);
    }
  }

  @Test
  void aSlowBodyIsAnsweredWith408() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.frame(HEADERS, END_HEADERS, 1, request("POST", "/"));
      assertThat(client.answer(1).status()).isEqualTo("408");
    }
  }

  /// The time for a body ends with the body; then it is the upstream that is waited for.
  @Test
  void anUpstreamMayTakeLongerThanTheBodysTime() throws Exception {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.body();
              sleep(1500);
              return talk.ok("late");
            });
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port);
        var old = kit.client()) {
      client.frame(HEADERS, END_HEADERS, 1, request("POST", "/"));
      old.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nConnection: close\r\n\r\nab");
      sleep(50);
      client.frame(DATA, 0, 1, bytes("ab"));
      sleep(50);
      client.frame(DATA, END_STREAM, 1, bytes("cd"));
      old.send("cd");
      assertThat(client.answer(1).body()).isEqualTo("late");
      assertThat(old.readAll()).startsWith("HTTP/1.1 200").endsWith("late");
    }
  }

  @Test
  void drainingSaysGoodbyeAndLosesNoStream() throws Exception {
    try (var upstream =
            FakeUpstream.of(talk -> {
              sleep(300);
              return talk.ok("late");
            });
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.get(1, "/");
      while (upstream.heads().isEmpty()) {
        sleep(5);
      }
      var draining =
          Thread.ofVirtual().start(() -> kit.gateway.drain(java.time.Duration.ofSeconds(5)));
      assertThat(client.next(GOAWAY).payload()).startsWith(0x7f, 0xff, 0xff, 0xff);
      client.frame(PING, 1, 0, client.next(PING).payload());
      assertThat(client.next(GOAWAY).payload()).startsWith(0, 0, 0, 1);
      assertThat(client.answer(1).body()).isEqualTo("late");
      assertThat(client.next()).isNull();
      draining.join();
    }
  }

  /// RFC 8441: to the upstream it is a WebSocket like any other.
  @Test
  void aWebSocketGoesThroughAStream() throws Exception {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send(
                  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                      + "Upgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n");
              for (int b = talk.in().read(); b >= 0; b = talk.in().read()) {
                talk.out().write(b);
                talk.out().flush();
              }
              return false;
            });
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.webSocket("/chat");
      var fields = client.fields(client.next(HEADERS));
      assertThat(fields.status()).hasToString("200");
      assertThat(fields.contains("sec-websocket-accept")).isFalse();
      for (int i = 0; i < 3; i++) {
        client.frame(DATA, 0, 1, bytes("hello " + i));
        var echo = new StringBuilder();
        while (echo.length() < 7) {
          echo.append(new String(client.next(DATA).payload(), StandardCharsets.ISO_8859_1));
        }
        assertThat(echo).hasToString("hello " + i);
      }
      client.frame(DATA, END_STREAM, 1);
      for (var frame = client.next(DATA); !frame.last(); ) {
        frame = client.next(DATA);
      }
      assertThat(upstream.heads().getFirst())
          .startsWith("GET /chat HTTP/1.1\r\nHost: t.example\r\n")
          .containsIgnoringCase("\r\nupgrade: websocket")
          .containsIgnoringCase("\r\nconnection: upgrade")
          .contains("sec-websocket-key: ")
          .contains("sec-websocket-version: 13");
      assertThat(kit.ledger(1)).singleElement().asString().startsWith("GET /chat 101 NONE");
      client.get(3, "/");
      assertThat(client.answer(3).status()).isNotEqualTo("hung up");
    }
  }

  @Test
  void theInitialWindowIsKept() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = new FrameClient(kit.port)) {
      client.frame(SETTINGS, 0, 0, FrameClient.setting(4, 3));
      client.get(1, "/abcdef");
      assertThat(client.next(DATA).payload()).hasSize(3);
      client.frame(WINDOW_UPDATE, 0, 1, FrameClient.integer(100));
      assertThat(client.answer(1).body()).isEqualTo("cdef");
    }
  }
}
