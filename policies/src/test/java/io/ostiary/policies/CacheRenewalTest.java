package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Stale responses are given at once, and renewed while nobody waits (RFC 5861 section 3).
class CacheRenewalTest {
  private static final String STALE =
      "Cache-Control: public, max-age=0, stale-while-revalidate=60\r\n";

  /// Later answers are given only when the test says so.
  private final Semaphore let = new Semaphore(1);

  private final AtomicInteger asked = new AtomicInteger();
  private final ConcurrentLinkedQueue<String> heads = new ConcurrentLinkedQueue<>();

  private FakeUpstream holding(String fields) {
    return FakeUpstream.of(talk -> {
      int number = asked.incrementAndGet();
      heads.add(talk.head());
      try {
        if (!let.tryAcquire(10, TimeUnit.SECONDS)) {
          return false;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
      if (!talk.field("If-None-Match").isEmpty()) {
        talk.send("HTTP/1.1 304 Not Modified\r\nX-Renewed: yes\r\n" + fields + "\r\n");
        return true;
      }
      var body = "answer " + number;
      talk.send(
          "HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s"
              .formatted(fields, body.length(), body));
      return true;
    });
  }

  private static void until(BooleanSupplier holds) {
    long end = System.nanoTime() + 10_000_000_000L;
    while (!holds.getAsBoolean() && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(holds.getAsBoolean()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Last-Modified: Mon, 30 Nov 2026 12:00:00 GMT\r\n"})
  void nobodyWaitsForTheUpstreamAndOneCallAsksIt(String validator) {
    try (var upstream = holding(STALE + validator);
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");

      for (int i = 0; i < 5; i++) {
        // The upstream is silent all the time.
        assertThat(kit.curl("-i", "/a"))
            .endsWith("answer 1")
            .contains("; detail=stale-while-revalidate");
      }
      until(() -> asked.get() == 2);
      let.release();
      until(() -> kit.curl("/a").equals("answer 2"));
      assertThat(heads).hasSizeBetween(2, 3);
      let.release(10);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"max-age=0", "min-fresh=1", "no-cache"})
  void whoSaysHowFreshItMustBeWaits(String wish) {
    let.release(10);
    try (var upstream = holding(STALE);
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-i", "-H", "Cache-Control: " + wish, "/a"))
          .contains("; fwd-status=200; stored\r\n")
          .endsWith("answer 2");
    }
  }

  @Test
  void itIsAskedAboutByOurConditionsAndNotByTheClients() {
    try (var upstream = holding(STALE + "ETag: \"v1\"\r\n");
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-i", "-H", "If-None-Match: \"other\"", "-H", "X-Mine: 1", "/a"))
          .endsWith("answer 1");
      until(() -> asked.get() == 2);
      assertThat(heads.toArray(String[]::new)[1])
          .contains("If-None-Match: \"v1\"", "X-Mine: 1")
          .doesNotContain("other");
      let.release(10);
      until(() -> kit.curl("-i", "/a").contains("X-Renewed: yes"));
    }
  }

  @Test
  void aClientThatLeavesTakesNothingWithIt() throws Exception {
    try (var upstream = holding(STALE);
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      try (var client = kit.connect()) {
        client
            .getOutputStream()
            .write(("GET /a HTTP/1.1\r\nHost: " + kit.address() + "\r\n\r\n").getBytes());
        PolicyKit.readUntil(client.getInputStream(), "answer 1");
        until(() -> asked.get() == 2);
        client.setSoLinger(true, 0);
      }
      let.release();
      until(() -> kit.curl("/a").equals("answer 2"));
      let.release(10);
    }
  }

  @Test
  void whatFailsIsTriedAgainAndTheStaleOneStands() {
    var number = new AtomicInteger();
    try (var upstream =
            FakeUpstream.of(talk -> {
              int mine = number.incrementAndGet();
              if (mine > 1 && mine < 4) {
                talk.reset();
                return false;
              }
              var body = "answer " + mine;
              talk.send(
                  "HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s"
                      .formatted(STALE, body.length(), body));
              return true;
            });
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      until(() -> {
        var answer = kit.curl("/a");
        assertThat(answer).startsWith("answer ");
        return !answer.equals("answer 1");
      });
    }
  }
}
