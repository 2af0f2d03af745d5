package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.CallLimits;
import io.ostiary.model.Route;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Bounds of an API's and a route's calls, and who is blamed where they are met.
class CallLimitsTest {
  private static final Duration SHORT = Duration.ofMillis(200);

  private static Kit kit(FakeUpstream upstream, CallLimits ofApi, Route... routes) {
    var kit = new Kit(upstream);
    kit.apis = List.of(TestApi.at("/").with(routes).with(ofApi).made());
    return kit.publish();
  }

  private static CallLimits times(
      @Nullable Duration total, @Nullable Duration answer, @Nullable Duration idle) {
    return new CallLimits(total, answer, idle, null, null);
  }

  private static CallLimits sizes(@Nullable Long request, @Nullable Long response) {
    return new CallLimits(null, null, null, request, response);
  }

  private static String post(Kit kit, String path, int length) {
    return kit.ask(
        "POST %s HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(path, length, "x".repeat(length)));
  }

  private static void nap(int millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aRoutesRequestBodyGoesBeforeTheApisAndThatBeforeTheGateways() {
    try (var upstream = FakeUpstream.echo();
        var kit =
            kit(
                upstream,
                sizes(10L, null),
                Kit.route("/small", null, sizes(5L, null)),
                Kit.route("/large", null, sizes(3L << 20, null)),
                Kit.route("/*", null, CallLimits.NONE))) {
      assertThat(post(kit, "/a", 10)).startsWith("HTTP/1.1 200");
      assertThat(post(kit, "/a", 11)).startsWith("HTTP/1.1 413");
      assertThat(post(kit, "/small", 6)).startsWith("HTTP/1.1 413");
      // The gateway's own limit is 1 MiB here.
      assertThat(post(kit, "/large", 2 << 20)).startsWith("HTTP/1.1 200");
      var chunked =
          "POST /small HTTP/1.1\r\nHost: t\r\nConnection: close\r\n"
              + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
      assertThat(kit.ask(chunked)).startsWith("HTTP/1.1 413");
      assertThat(kit.ledger(5))
          .contains(
              "POST /small 413 CLIENT body-too-large attempts=0",
              "POST /large 200 NONE answered attempts=1");
    }
  }

  @Test
  void aResponseThatIsTooLongIsTheUpstreamsFault() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              if (talk.target().equals("/chunked")) {
                talk.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
                talk.send("3\r\ndef\r\n0\r\n\r\n");
                return true;
              }
              return talk.ok("abcdef");
            });
        var kit = kit(upstream, sizes(null, 5L), Kit.route("/*", null, CallLimits.NONE))) {
      assertThat(kit.get("/length"))
          .startsWith("HTTP/1.1 502")
          .contains("response-too-large")
          .doesNotContain("abcdef");
      assertThat(kit.get("/chunked")).doesNotContain("def").doesNotEndWith("\r\n0\r\n\r\n");
      assertThat(kit.ask("HEAD /length HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"))
          .startsWith("HTTP/1.1 200");
      assertThat(kit.ledger(3).subList(0, 2))
          .allSatisfy(line -> assertThat(line).contains("UPSTREAM response-too-large"));
    }
  }

  @Test
  void answerAndIdleTimesAreTheRoutes() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              if (talk.target().equals("/idle")) {
                talk.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
              }
              nap(1000);
              return talk.ok("b");
            });
        var kit =
            kit(
                upstream,
                times(null, SHORT, SHORT),
                Kit.route("/long", null, times(null, Duration.ofSeconds(5), null)),
                Kit.route("/*", null, CallLimits.NONE))) {
      assertThat(kit.get("/a")).startsWith("HTTP/1.1 504");
      assertThat(kit.get("/idle")).startsWith("HTTP/1.1 200").endsWith("\r\n\r\na");
      assertThat(kit.get("/long")).startsWith("HTTP/1.1 200").endsWith("b");
      assertThat(kit.ledger(3))
          .containsExactlyInAnyOrder(
              "GET /a 504 UPSTREAM answer-timeout attempts=1",
              "GET /idle 200 UPSTREAM idle-timeout attempts=1",
              "GET /long 200 NONE answered attempts=1");
    }
  }

  /// What trickles never makes an idle limit run out, but the whole time does.
  @Test
  void theWholeTimeBlamesWhoeverIsWaitedFor() {
    try (var upstream =
            FakeUpstream.of(talk -> {
              if (talk.target().equals("/trickle")) {
                talk.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
                for (int i = 0; i < 20; i++) {
                  nap(50);
                  talk.send("a");
                }
              }
              nap(1000);
              return talk.ok("late");
            });
        var kit = kit(upstream, times(SHORT, null, null), Kit.route("/*", null, CallLimits.NONE))) {
      assertThat(kit.get("/late")).startsWith("HTTP/1.1 504");
      assertThat(kit.get("/trickle")).startsWith("HTTP/1.1 200").doesNotContain("a".repeat(10));
      assertThat(kit.ask("POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\na"))
          .startsWith("HTTP/1.1 408");
      assertThat(kit.ledger(3))
          .containsExactlyInAnyOrder(
              "GET /late 504 UPSTREAM total-timeout attempts=1",
              "GET /trickle 200 UPSTREAM total-timeout attempts=1",
              "POST /body 408 CLIENT total-timeout attempts=1");
    }
  }

  @Test
  void aCallThatIsDoneInTimeLeavesNothingBehindForTheNextOfItsConnection() {
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, times(SHORT, null, null), Kit.route("/*", null, CallLimits.NONE));
        var client = kit.client()) {
      for (int i = 0; i < 4; i++) {
        client.send("GET /a" + i + " HTTP/1.1\r\nHost: t\r\n\r\n");
        assertThat(client.readUntil("/a" + i)).startsWith("HTTP/1.1 200");
        nap(120);
      }
    }
  }
}
