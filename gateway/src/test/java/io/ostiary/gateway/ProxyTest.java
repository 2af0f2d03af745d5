package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Target;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whole calls over real connections.
class ProxyTest {
  private static final String POST = "POST /p HTTP/1.1\r\nHost: t.example\r\nConnection: close\r\n";

  /// Answers with the content it got.
  private static FakeUpstream mirror() {
    return FakeUpstream.of(talk -> talk.ok(new String(talk.body(), Kit.LATIN)));
  }

  @Test
  void addsAndRemovesWhatAProxyMust() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      kit.ask(
          "GET /h HTTP/1.1\r\nHost: t.example:8080\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\n"
              + "Keep-Alive: 3\r\nTE: trailers\r\nUpgrade: h2c\r\nX-Kept: yes\r\n"
              + "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\n"
              + "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n");
      var head = upstream.heads().getFirst();
      assertThat(head)
          .startsWith("GET /h HTTP/1.1\r\nHost: t.example:8080\r\n")
          .contains("X-Kept: yes", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http")
          .contains("X-Forwarded-Host: t.example:8080", "Via: 1.1 ostiary", "Ostiary-Call: ")
          .containsPattern(
              "traceparent: 00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01(\r\n|$)")
          .doesNotContain("X-Mine", "Keep-Alive", "TE:", "Upgrade", "203.0.113.9", "Connection");
    }
  }

  @Test
  void saysByWhichVersionACallCameAndCountsItsHops() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      kit.ask("GET /old HTTP/1.0\r\nVia: 1.1 before\r\n\r\n");
      assertThat(upstream.heads().getFirst())
          .contains("Via: 1.1 before\r\n", "Via: 1.0 ostiary\r\n");
      var options = "OPTIONS /o HTTP/1.1\r\nHost: t\r\nConnection: close\r\nMax-Forwards: ";
      assertThat(kit.ask(options + "2\r\n\r\n")).startsWith("HTTP/1.1 200 ");
      assertThat(upstream.heads().getLast()).contains("Max-Forwards: 1\r\n");
      assertThat(kit.ask(options + "0\r\n\r\n")).startsWith("HTTP/1.1 204 ");
      assertThat(kit.ask(options + "x\r\n\r\n"))
          .startsWith("HTTP/1.1 400 ")
          .contains("Max-Forwards");
      assertThat(kit.ask(options.replace("/o", "http://t") + "2\r\n\r\n"))
          .startsWith("HTTP/1.1 204 ");
      assertThat(upstream.heads()).hasSize(2);
      assertThat(kit.ledger(5))
          .containsExactlyInAnyOrder(
              "GET /old 200 NONE answered attempts=1",
              "OPTIONS /o 200 NONE answered attempts=1",
              "OPTIONS /o 204 NONE answered attempts=0",
              "OPTIONS /o 400 CLIENT malformed-request attempts=0",
              "OPTIONS * 204 NONE answered attempts=0");
    }
  }

  @Test
  void letsNobodySayWhoTheyAreNorSendTheConsolesSessionOn() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      kit.ask(
          "GET /i HTTP/1.1\r\nHost: t\r\nConnection: close, Ostiary-Consumer\r\n"
              + "Ostiary-Consumer: one\r\nOSTIARY_CONSUMER: two\r\nostiary-consumer: three\r\n"
              + "Ostiary_consumer: four\r\nX-Kept: yes\r\n"
              + "Cookie: ostiary-session=secret\r\n"
              + "Cookie: a=1; ostiary-session=secret; b=\"2\"; __Host-ostiary-session=secret\r\n"
              + "cookie: ostiary-session=secret;c=3; my-ostiary-session=mine\r\n\r\n");
      assertThat(upstream.heads().getFirst())
          .contains("\r\nX-Kept: yes\r\n")
          .contains("\r\nCookie: a=1; b=\"2\"\r\n")
          .contains("\r\ncookie: c=3; my-ostiary-session=mine\r\n")
          .doesNotContainIgnoringCase("ostiary-consumer", "ostiary_consumer", "secret");
    }
  }

  @Test
  void passesContentInBothFramings() {
    try (var upstream = mirror();
        var kit = new Kit(upstream).publish()) {
      assertThat(kit.ask(POST + "Content-Length: 5\r\n\r\nhello")).endsWith("\r\n\r\nhello");
      assertThat(
              kit.ask(
                  POST
                      + "Transfer-Encoding: chunked\r\n\r\n"
                      + "3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: 1\r\n\r\n"))
          .endsWith("\r\n\r\nhello");
      assertThat(kit.ledger(2))
          .allMatch(line -> line.equals("POST /p 200 NONE answered attempts=1"));
    }
  }

  @Test
  void answersPipelinedRequestsInOrder() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send(
          "GET /1 HTTP/1.1\r\nHost: t\r\n\r\nPOST /2 HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nab"
              + "GET /3 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
      var all = client.readAll();
      assertThat(all.split("HTTP/1.1 200 OK", -1)).hasSize(4);
      assertThat(all.indexOf("\r\n\r\n/1")).isLessThan(all.indexOf("\r\n\r\n/2"));
      assertThat(all.indexOf("\r\n\r\n/2")).isLessThan(all.indexOf("\r\n\r\n/3"));
    }
  }

  @Test
  void readsAHeadSentByteByByte() throws Exception {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      for (byte b :
          "GET /slow HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n".getBytes(Kit.LATIN)) {
        client.send(new byte[] {b});
      }
      assertThat(client.readAll()).endsWith("/slow");
    }
  }

  @Test
  void passesTheUpstreamsContinue() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 100 Continue\r\n\r\n");
              return talk.ok(new String(talk.body(), Kit.LATIN));
            });
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.send(POST + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
      assertThat(client.readUntil("\r\n\r\n")).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
      client.send("abc");
      assertThat(client.readAll()).startsWith("HTTP/1.1 200 OK").endsWith("abc");
    }
  }

  @ParameterizedTest
  @CsvSource({"true, 0", "true, 300", "false, 0", "false, 300"})
  void aSlowClientsTimeIsNotTheUpstreams(boolean continues, int perTryMillis) {
    try (var upstream =
            FakeUpstream.of(talk -> {
              if (continues) {
                talk.send("HTTP/1.1 100 Continue\r\n\r\n");
              }
              return talk.ok(new String(talk.body(), Kit.LATIN));
            });
        var kit = new Kit(upstream)) {
      kit.answer = perTryMillis == 0 ? Duration.ofMillis(300) : Duration.ofSeconds(3);
      kit.retries = ResilienceTest.perTry(Duration.ofMillis(perTryMillis));
      kit.publish();
      try (var client = kit.client()) {
        client.send(POST + "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        if (continues) {
          client.readUntil("\r\n\r\n");
        }
        for (var part : List.of("a", "b", "c", "d")) {
          client.send(part);
          Thread.sleep(150);
        }
        assertThat(client.readAll()).contains("HTTP/1.1 200 OK").endsWith("abcd");
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void anUpstreamThatSaysNothingToAnExpectIsTooSlow() {
    try (var upstream = FakeUpstream.of(talk -> talk.ok(new String(talk.body(), Kit.LATIN)));
        var kit = new Kit(upstream)) {
      kit.answer = Duration.ofMillis(200);
      kit.publish();
      try (var client = kit.client()) {
        client.send(POST + "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        assertThat(client.readAll()).startsWith("HTTP/1.1 504 ");
      }
    }
  }

  @Test
  void refusesATooLongBodyBeforeItIsSent() {
    try (var upstream = mirror();
        var kit = new Kit(upstream)) {
      kit.settings = Kit.settings(10);
      kit.publish();
      assertThat(kit.ask(POST + "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n"))
          .startsWith("HTTP/1.1 413 ");
      assertThat(kit.ask(POST + "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n"))
          .startsWith("HTTP/1.1 413 ");
      assertThat(kit.ledger(2)).allMatch(line -> line.contains("413 CLIENT body-too-large"));
    }
  }

  @Test
  void tellsHeadAndOldClientsApart() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              if (talk.head().startsWith("HEAD")) {
                talk.send("HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n");
                return true;
              }
              talk.send(
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      + "3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
              return true;
            });
        var kit = new Kit(upstream).publish()) {
      assertThat(kit.ask("HEAD / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"))
          .contains("Content-Length: 42")
          .endsWith("\r\n\r\n");
      assertThat(kit.ask("GET / HTTP/1.0\r\n\r\n"))
          .doesNotContain("chunked")
          .endsWith("\r\n\r\nabc");
      assertThat(kit.get("/"))
          .contains("Transfer-Encoding: chunked")
          .endsWith("\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
      assertThat(upstream.connections()).isBetween(1, 2);
    }
  }

  @Test
  void answers502ForWhatCannotBeRead() {
    for (var garbage :
        List.of(
            "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
            "hello\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX y: 1\r\n\r\n",
            "")) {
      try (var upstream =
              FakeUpstream.of(talk -> {
                talk.send(garbage);
                return false;
              });
          var kit = new Kit(upstream).publish()) {
        assertThat(kit.get("/")).as(garbage).startsWith("HTTP/1.1 502 ");
        assertThat(kit.ledger(1).getFirst()).contains("502 UPSTREAM ");
      }
    }
  }

  @Test
  void cutsTheClientWhereTheUpstreamTruncates() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
              return false;
            });
        var kit = new Kit(upstream).publish()) {
      assertThat(kit.get("/")).endsWith("\r\n\r\nabc");
      assertThat(kit.ledger(1)).containsExactly("GET / 200 UPSTREAM truncated-response attempts=1");
    }
  }

  @Test
  void endsABodyWithTheConnection() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.0 200 OK\r\n\r\nabc");
              return false;
            });
        var kit = new Kit(upstream).publish()) {
      assertThat(kit.get("/")).endsWith("3\r\nabc\r\n0\r\n\r\n");
    }
  }

  @Test
  void givesUpOnASlowUpstream() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.in().read();
              return false;
            });
        var kit = new Kit(upstream)) {
      kit.answer = java.time.Duration.ofMillis(200);
      kit.publish();
      assertThat(kit.get("/")).startsWith("HTTP/1.1 504 ");
    }
  }

  @Test
  void cutsASlowHeadAndASlowBody() {
    try (var upstream = mirror();
        var kit = new Kit(upstream).publish()) {
      assertThat(kit.ask("GET / HTTP/1.1\r\nHo")).startsWith("HTTP/1.1 408 ");
      assertThat(kit.ask(POST + "Content-Length: 5\r\n\r\nab")).startsWith("HTTP/1.1 408 ");
      assertThat(kit.ledger(2)).anyMatch(line -> line.contains("CLIENT body-timeout"));
    }
  }

  @Test
  void triesAnotherTargetWhereNobodyListens() {
    try (var upstream = FakeUpstream.echo();
        var kit =
            new Kit(
                    List.of(
                        new Target("127.0.0.1", Kit.deafPort(), 1),
                        new Target("127.0.0.1", upstream.port(), 1)))
                .publish()) {
      for (int i = 0; i < 4; i++) {
        assertThat(kit.ask(POST + "Content-Length: 1\r\n\r\nx")).startsWith("HTTP/1.1 200");
      }
      assertThat(kit.ledger(4)).anyMatch(line -> line.endsWith("attempts=2"));
    }
  }

  @Test
  void repeatsAGetButNoPostOnADeadPooledConnection() {
    var connections = new java.util.concurrent.atomic.AtomicInteger();
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.body();
              connections.incrementAndGet();
              return talk.number() < 2 && talk.ok("ok");
            });
        var kit = new Kit(upstream).publish()) {
      // Each connection answers once, and dies at its second request.
      assertThat(kit.get("/1")).startsWith("HTTP/1.1 200");
      assertThat(kit.get("/2")).startsWith("HTTP/1.1 200");
      assertThat(kit.get("/3")).startsWith("HTTP/1.1 200");
      kit.ledger(3);
      var posts = new java.util.ArrayList<String>();
      for (int i = 0; i < 4; i++) {
        posts.add(kit.ask(POST + "Content-Length: 1\r\n\r\nx").substring(0, 12));
      }
      assertThat(posts).contains("HTTP/1.1 502");
    }
  }

  @Test
  void pushesBackOnTheUpstreamOfASlowReader() throws Exception {
    var sent = new AtomicLong();
    int size = 64 * 1024 * 1024;
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
              var block = new byte[64 * 1024];
              for (int i = 0; i < size; i += block.length) {
                talk.out().write(block);
                sent.addAndGet(block.length);
              }
              return true;
            });
        var kit = new Kit(upstream).publish();
        var client = kit.client()) {
      client.socket.setReceiveBufferSize(32 * 1024);
      client.send("GET /big HTTP/1.1\r\nHost: t\r\n\r\n");
      client.readUntil("\r\n\r\n");
      long before;
      do {
        before = sent.get();
        Thread.sleep(150);
      } while (sent.get() != before);
      assertThat(before).isLessThan(1024 * 1024);
    }
  }

  @Test
  void movesLargeContentBothWaysUnchanged() throws IOException {
    try (var upstream =
            FakeUpstream.of(talk -> {
              var body = talk.body();
              talk.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n");
              talk.out().write(body);
              return true;
            });
        var kit = new Kit(upstream)) {
      kit.settings = Kit.settings(64 * 1024 * 1024);
      kit.publish();
      var body = new byte[3_000_000];
      new java.util.Random(7).nextBytes(body);
      try (var client = kit.client()) {
        client.send(POST + "Content-Length: " + body.length + "\r\n\r\n");
        client.send(body);
        var answer = client.readAll().getBytes(Kit.LATIN);
        assertThat(java.util.Arrays.copyOfRange(answer, answer.length - body.length, answer.length))
            .isEqualTo(body);
      }
    }
  }

  /// Such a call was never ended, nor its connection closed: its line could not be written.
  @Test
  void aTargetThatCannotBeReadHasItsLineAndItsEnd() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      for (var target : List.of("/a\"b", "/\u00e9", "/a?b\u0001c", "/a\u007f", "x", "/a?\u007f")) {
        assertThat(kit.get(target)).as(target).startsWith("HTTP/1.1 400");
      }
      assertThat(kit.ledger(6))
          .containsExactlyInAnyOrder(
              "GET /a 400 CLIENT malformed-request attempts=0",
              "GET / 400 CLIENT malformed-request attempts=0",
              "GET /a 400 CLIENT malformed-request attempts=0",
              "GET /a 400 CLIENT malformed-request attempts=0",
              "GET  400 CLIENT malformed-request attempts=0",
              "GET /a 400 CLIENT malformed-request attempts=0");
      assertThat(kit.gateway.gauges().inFlight()).isZero();
    }
  }
}
