package io.ostiary.policies;

import static io.ostiary.policies.CacheTest.counting;
import static io.ostiary.policies.CacheTest.kit;
import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Where the operator says what is kept, for how long and by what, rather than the upstream and
/// those who ask. Asked by curl.
class CacheWordTest {
  private static Cache.Settings settings(String text) {
    return WrittenSettings.of(new Cache(), "{ collapse: 0s, " + text + " }");
  }

  /// Answers with the status that the path names, and says how often it was asked.
  private static FakeUpstream statuses() {
    var asked = new AtomicInteger();
    return FakeUpstream.of(talk -> {
      var body = "answer " + asked.incrementAndGet();
      talk.send(
          "HTTP/1.1 %s X\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(talk.target().substring(1), body.length(), body));
      return true;
    });
  }

  /// The table is RFC 9110 section 15.1 for the default, and the setting for the others.
  @ParameterizedTest
  @CsvSource({
    "200, default-ttl: 9s, 1",
    "302, default-ttl: 9s, 2",
    "404, default-ttl: 9s, 1",
    "503, default-ttl: 9s, 2",
    "503, 'status-ttl: { 5XX: 9s }', 1",
    "503, 'status-ttl: { 5xx: 9s, 503: 0s }', 2",
    "502, 'status-ttl: { 5xx: 9s, 503: 0s }', 1",
    "200, 'status-ttl: { 404: 9s }', 2",
    "404, 'default-ttl: 9s, status-ttl: { 4XX: 0s }', 2",
    "200, 'default-ttl: 9s, status-ttl: { 4XX: 0s }', 1"
  })
  void aStatusHasItsOwnTime(int status, String words, int asked) {
    try (var upstream = statuses();
        var kit = kit(upstream, settings(words))) {
      kit.curl("/" + status);
      assertThat(kit.curl("-w", " %{http_code}", "/" + status))
          .isEqualTo("answer " + asked + " " + status);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Cache-Control: no-store\r\n",
        "Cache-Control: private, no-cache, max-age=0, must-revalidate\r\nPragma: no-cache\r\n",
        "Cache-Control: max-age=0\r\n",
        "Expires: 0\r\n"
      })
  void theOperatorsTimeGoesFirst(String said) {
    try (var upstream = counting(said);
        var kit = kit(upstream, settings("default-ttl: 9s"))) {
      kit.curl("/a");
      assertThat(kit.curl("/a")).isEqualTo("answer 2");
    }
    try (var upstream = counting(said);
        var kit = kit(upstream, settings("default-ttl: 9s, override: true"))) {
      kit.curl("/a");
      assertThat(kit.curl("-i", "/a")).endsWith("answer 1").contains(said);
      // Others' compartments stay theirs.
      assertThat(kit.curl("-H", "X-Who: c1", "/a")).isEqualTo("answer 2");
      assertThat(kit.curl("-H", "Cookie: a=b", "/b")).isEqualTo("answer 3");
      assertThat(kit.curl("-H", "Cookie: a=b", "/b")).isEqualTo("answer 4");
      assertThat(kit.curl("-H", "Authorization: x", "/c")).isEqualTo("answer 5");
      assertThat(kit.curl("-H", "Authorization: x", "/c")).isEqualTo("answer 6");
    }
  }

  @Test
  void overrideAlsoShortens() throws InterruptedException {
    try (var upstream = counting("Cache-Control: max-age=3600\r\n");
        var kit = kit(upstream, settings("status-ttl: { 200: 1s }, override: true"))) {
      kit.curl("/a");
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      Thread.sleep(1_100);
      assertThat(kit.curl("/a")).isEqualTo("answer 2");
    }
  }

  @Test
  void neverKeepsWhatSetsACookieEvenSo() {
    try (var upstream = counting("Set-Cookie: a=b\r\n");
        var kit = kit(upstream, settings("default-ttl: 9s, override: true"))) {
      kit.curl("/a");
      assertThat(kit.curl("/a")).isEqualTo("answer 2");
    }
  }

  @Test
  void parametersThatAreIgnoredTellNothingApart() {
    try (var upstream = counting("Cache-Control: max-age=60\r\n");
        var kit = kit(upstream, settings("key: { ignore: [ \"utm_*\", fbclid ] }"))) {
      assertThat(kit.curl("/a?utm_source=x&id=1&utm_medium=y")).isEqualTo("answer 1");
      assertThat(upstream.heads().getLast()).startsWith("GET /a?utm_source=x&id=1&utm_medium=y ");
      assertThat(kit.curl("/a?id=1")).isEqualTo("answer 1");
      assertThat(kit.curl("/a?id=1&%75tm_x=3&fbclid=7")).isEqualTo("answer 1");
      assertThat(kit.curl("/a?id=2&fbclid=7")).isEqualTo("answer 2");
      assertThat(kit.curl("/a?id=1&fbclidx=7")).isEqualTo("answer 3");
      assertThat(kit.curl("/a?fbclid=7")).isEqualTo("answer 4");
      assertThat(kit.curl("/a")).isEqualTo("answer 4");
      assertThat(kit.curl("/a?%zz=1")).isEqualTo("answer 5");
      // A change, and a purge, by any spelling.
      kit.curl("-d", "x", "/a?id=1&utm_source=z");
      assertThat(kit.curl("/a?id=1")).isEqualTo("answer 7");
      kit.purge("orders", "/a?utm_source=z&id=1");
      assertThat(kit.curl("/a?id=1")).isEqualTo("answer 8");
    }
  }

  @Test
  void onlyTheNamedParametersTellApart() {
    try (var upstream = counting("Cache-Control: max-age=60\r\n");
        var kit = kit(upstream, settings("key: { query: [ id, \"filter*\" ] }"))) {
      assertThat(kit.curl("/a?id=1&x=2")).isEqualTo("answer 1");
      assertThat(kit.curl("/a?y=3&id=1")).isEqualTo("answer 1");
      assertThat(kit.curl("-g", "/a?id=1&filter[a]=1")).isEqualTo("answer 2");
      assertThat(kit.curl("-g", "/a?id=1&filter%5Ba%5D=2")).isEqualTo("answer 3");
    }
  }

  @Test
  void fieldsThatAreNamedTellApart() {
    try (var upstream = counting("Cache-Control: max-age=60\r\n");
        var kit = kit(upstream, settings("key: { headers: X-Region }"))) {
      assertThat(kit.curl("-H", "X-Region: eu", "/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-H", "X-Region: us", "/a")).isEqualTo("answer 2");
      assertThat(kit.curl("/a")).isEqualTo("answer 3");
      assertThat(kit.curl("-H", "x-region: eu", "/a")).isEqualTo("answer 1");
    }
  }

  @Test
  void clientsNeedNotBeObeyed() {
    try (var upstream = counting("Cache-Control: max-age=60\r\nETag: \"a\"\r\n");
        var kit = kit(upstream, settings("obey-clients: false"))) {
      assertThat(kit.curl("-H", "Cache-Control: no-store", "/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-H", "Cache-Control: no-cache", "/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-H", "Pragma: no-cache", "/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-H", "Cache-Control: max-age=0", "/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-H", "Cache-Control: only-if-cached", "/b")).isEqualTo("answer 2");
      assertThat(kit.curl("-i", "-H", "If-None-Match: \"a\"", "/a")).startsWith("HTTP/1.1 304");
      assertThat(kit.curl("-r", "0-3", "/a")).isEqualTo("answ");
    }
  }

  @Test
  void callsThatAreNotMeantPassBy() {
    try (var upstream = counting("Cache-Control: max-age=60\r\n");
        var kit =
            kit(
                upstream,
                settings(
                    "when: { path: \"/a.*\", query: { live: { present: true } } }, "
                        + "unless: { cookies: { preview: { present: true } } }"))) {
      assertThat(kit.curl("/a?live=1")).isEqualTo("answer 1");
      assertThat(kit.curl("/a?live=1")).isEqualTo("answer 1");
      assertThat(kit.curl("-i", "/a")).contains("ostiary; fwd=bypass").endsWith("answer 2");
      assertThat(kit.curl("/a")).isEqualTo("answer 3");
      // Those that are left out pass by as well.
      assertThat(kit.curl("-H", "Cookie: preview=1", "/a?live=1")).isEqualTo("answer 4");
      // A change counts whether or not it is one of them.
      kit.curl("-d", "x", "/a?live=1");
      assertThat(kit.curl("/a?live=1")).isEqualTo("answer 6");
    }
  }
}
