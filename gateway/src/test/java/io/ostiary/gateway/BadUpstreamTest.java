package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Target;
import io.ostiary.model.UpstreamLink;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What upstreams do wrong, over both versions of HTTP: the client is told the right status, the
/// ledger blames the upstream with the right word, a POST is never sent twice, and nothing hangs.
class BadUpstreamTest {
  private static final String POST =
      "POST /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc";

  private static boolean hang(Object talk) throws IOException {
    try {
      Thread.sleep(2000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static FakeUpstream.Script send(String... parts) {
    return talk -> {
      talk.body();
      for (var part : parts) {
        talk.send(part);
      }
      return false;
    };
  }

  static Stream<Arguments> overText() {
    var head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
    var flood = new StringBuilder("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 300; i++) {
      flood.append("X-").append(i).append(": y\r\n");
    }
    return Stream.of(
        wrong("dies", 502, "closed-before-response", send()),
        wrong(
            "resets",
            502,
            "reset",
            talk -> {
              talk.body();
              talk.reset();
              return false;
            }),
        wrong("hangs", 504, "answer-timeout", BadUpstreamTest::hang),
        wrong("speaks another protocol", 502, "malformed-response", send("SSH-2.0-x\r\n\r\n")),
        wrong(
            "answers two lengths",
            502,
            "malformed-response",
            send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")),
        wrong("truncates its head", 502, "truncated-response", send("HTTP/1.1 200 OK\r\nX: ")),
        wrong("floods fields", 502, "malformed-response", send(flood + "\r\n")),
        wrong(
            "floods interims",
            502,
            "too-many-interims",
            send("HTTP/1.1 103 Early\r\n\r\n".repeat(100))),
        wrong(
            "changes to what nobody asked for",
            502,
            "unasked-upgrade",
            send("HTTP/1.1 101 Now\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")),
        wrong("truncates its content", 200, "truncated-response", send(head + "abc")),
        wrong(
            "breaks its chunks",
            200,
            "malformed-response",
            talk -> {
              talk.body();
              talk.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
              pause();
              talk.send("zz\r\n");
              return false;
            }),
        wrong(
            "hangs within its content",
            200,
            "idle-timeout",
            talk -> {
              talk.body();
              talk.send(head + "abc");
              return hang(talk);
            }));
  }

  static Stream<Arguments> overFrames() {
    return Stream.of(
        bad("dies", 502, "closed-before-response", talk -> false),
        bad("hangs", 504, "answer-timeout", BadUpstreamTest::hang),
        bad(
            "resets",
            502,
            "reset",
            talk -> {
              talk.reset(2);
              return true;
            }),
        bad(
            "sends no status",
            502,
            "malformed-response",
            talk -> {
              talk.headers(true, "x", "y");
              return true;
            }),
        bad(
            "frames by a field",
            502,
            "malformed-response",
            talk -> {
              talk.headers(true, ":status", "200", "transfer-encoding", "chunked");
              return true;
            }),
        bad(
            "puts a line end into a value",
            502,
            "malformed-response",
            talk -> {
              talk.headers(true, ":status", "200", "x", "a\r\nset-cookie: b");
              return true;
            }),
        bad(
            "writes names in capitals",
            502,
            "malformed-response",
            talk -> {
              talk.headers(true, ":status", "200", "X-Big", "y");
              return true;
            }),
        bad(
            "sends content before its head",
            502,
            "malformed-response",
            talk -> {
              talk.data(true, "abc");
              return true;
            }),
        bad(
            "floods fields",
            502,
            "malformed-response",
            talk -> {
              var fields = new String[602];
              java.util.Arrays.fill(fields, "x");
              fields[0] = ":status";
              fields[1] = "200";
              talk.headers(true, fields);
              return true;
            }),
        bad(
            "floods interims",
            502,
            "too-many-interims",
            talk -> {
              for (int i = 0; i < 100; i++) {
                talk.headers(false, ":status", "103");
              }
              return true;
            }),
        bad(
            "sends a frame that is none",
            502,
            "malformed-response",
            talk -> {
              talk.frame(RawHttp2.SETTINGS, 0, 0, new byte[5]);
              return true;
            }),
        bad(
            "sends less than it announced",
            200,
            "malformed-response",
            talk -> {
              talk.headers(false, ":status", "200", "content-length", "9");
              talk.data(true, "abc");
              return true;
            }),
        bad(
            "resets within its content",
            200,
            "truncated-response",
            talk -> {
              talk.headers(false, ":status", "200");
              talk.data(false, "abc");
              talk.reset(2);
              return true;
            }),
        bad(
            "hangs within its content",
            200,
            "idle-timeout",
            talk -> {
              talk.headers(false, ":status", "200");
              talk.data(false, "abc");
              return hang(talk);
            }));
  }

  private static Arguments wrong(
      String what, int status, String reason, FakeUpstream.Script script) {
    return Arguments.of(what, status, reason, script);
  }

  private static Arguments bad(String what, int status, String reason, RawHttp2.Script script) {
    return Arguments.of(what, status, reason, script);
  }

  private static Kit kit(int port, boolean frames) {
    var kit = new Kit(List.of(new Target("127.0.0.1", port, 1)));
    kit.answer = Duration.ofMillis(300);
    kit.idle = Duration.ofMillis(300);
    if (frames) {
      kit.link = new UpstreamLink(UpstreamLink.Protocol.HTTP2, null, UpstreamLink.ProxyHeader.OFF);
    }
    return kit.publish();
  }

  private static void check(Kit kit, int status, String reason) {
    assertThat(kit.ask(POST)).contains("HTTP/1.1 " + status + " ");
    assertThat(kit.ledger(1))
        .containsExactly("POST /x " + status + " UPSTREAM " + reason + " attempts=1");
  }

  @ParameterizedTest(name = "{0}: {1} {2}")
  @MethodSource("overText")
  void blamesOverText(String what, int status, String reason, FakeUpstream.Script script) {
    try (var upstream = FakeUpstream.of(script);
        var kit = kit(upstream.port(), false)) {
      check(kit, status, reason);
      assertThat(upstream.heads()).hasSize(1);
    }
  }

  @ParameterizedTest(name = "{0}: {1} {2}")
  @MethodSource("overFrames")
  void blamesOverFrames(String what, int status, String reason, RawHttp2.Script script) {
    try (var upstream = new RawHttp2(script);
        var kit = kit(upstream.port(), true)) {
      check(kit, status, reason);
      assertThat(upstream.requests()).hasSize(1);
    }
  }

  @Test
  void repeatsWhatTheUpstreamSaysItHasNotLookedAt() {
    try (var upstream =
            new RawHttp2(talk -> {
              if (talk.connection() == 1) {
                talk.goAway(0);
                return true;
              }
              if (talk.number() == 1) {
                talk.reset(7);
                return true;
              }
              return talk.ok("done");
            });
        var kit = kit(upstream.port(), true)) {
      var post = "POST /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
      assertThat(kit.ask(post)).startsWith("HTTP/1.1 200 OK").endsWith("done");
      assertThat(kit.ledger(1)).containsExactly("POST /x 200 NONE answered attempts=3");
    }
  }

  @Test
  void takesAnAnswerThatComesBeforeTheWholeRequest() {
    try (var upstream = new RawHttp2(talk -> talk.ok("early"));
        var kit = kit(upstream.port(), true);
        var client = kit.client()) {
      client.send("POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc");
      assertThat(client.readUntil("early")).startsWith("HTTP/1.1 200 OK");
      assertThat(kit.get("/next")).endsWith("early");
    }
  }

  @Test
  void findsOutThatHttp2IsNotSpoken() {
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream.port(), true)) {
      assertThat(kit.get("/")).startsWith("HTTP/1.1 502 ");
      assertThat(kit.ledger(1).getFirst()).contains(" UPSTREAM http2-not-spoken ");
    }
  }

  @Test
  void understandsAnswersOfHttp10() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              talk.send(
                  talk.target().equals("/close")
                      ? "HTTP/1.0 200 OK\r\n\r\nuntil the end"
                      : "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok");
              return !talk.target().equals("/close");
            });
        var kit = kit(upstream.port(), false)) {
      assertThat(kit.get("/close")).contains("until the end").endsWith("0\r\n\r\n");
      assertThat(kit.get("/length")).endsWith("\r\n\r\nok");
    }
  }

  @Test
  void namesTheClientInTheProxyProtocol() {
    for (var version : List.of(UpstreamLink.ProxyHeader.V1, UpstreamLink.ProxyHeader.V2)) {
      try (var upstream = new ProxyReader();
          var kit = new Kit(List.of(new Target("127.0.0.1", upstream.port(), 1)))) {
        kit.link = new UpstreamLink(UpstreamLink.Protocol.HTTP1, null, version);
        kit.publish();
        try (var client = kit.client()) {
          for (int i = 1; i <= 2; i++) {
            client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
            assertThat(client.readUntil("ok")).startsWith("HTTP/1.1 200 OK");
          }
          assertThat(upstream.clients())
              .hasSize(2)
              .allMatch(name -> name.equals("127.0.0.1:" + client.socket.getLocalPort()));
        }
      }
    }
  }
}
