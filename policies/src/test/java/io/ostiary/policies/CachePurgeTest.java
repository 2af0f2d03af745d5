package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Purge;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What operators throw away of a cache, by tag and by prefix.
class CachePurgeTest {
  /// Answers `/NAME-n` with the tags `NAME` and `all`.
  private static FakeUpstream tagging(String field, String between) {
    var asked = new AtomicInteger();
    return FakeUpstream.of(talk -> {
      var name = talk.target().substring(1).split("-", 2)[0];
      var body = "answer " + asked.incrementAndGet();
      talk.send(
          "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n%s: %s%sall\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(field, name, between, body.length(), body));
      return true;
    });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"Surrogate-Key|' '", "Cache-Tag|', '", "cache-tag|','"})
  void throwsAwayWhatHasATag(String field, String between) {
    try (var upstream = tagging(field, between);
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      for (var path : List.of("/order-1", "/order-2", "/page-1")) {
        kit.curl(path);
      }
      assertThat(kit.curl("-H", "X-Who: ann", "/order-1")).isEqualTo("answer 4");
      assertThat(kit.purge("others", new Purge.Tagged("order"))).isZero();
      assertThat(kit.purge("orders", new Purge.Tagged("orde"))).isEqualTo(1);
      assertThat(kit.curl("/order-1")).as("no tag of it").isEqualTo("answer 1");

      kit.purge("orders", new Purge.Tagged("order"));

      assertThat(kit.curl("/page-1")).as("another tag").isEqualTo("answer 3");
      assertThat(kit.curl("/order-1")).isEqualTo("answer 5");
      assertThat(kit.curl("-H", "X-Who: ann", "/order-1")).isEqualTo("answer 6");
      assertThat(kit.curl("/order-2")).isEqualTo("answer 7");
      kit.purge("orders", new Purge.Tagged("all"));
      assertThat(kit.curl("/page-1")).isEqualTo("answer 8");
    }
  }

  @Test
  void throwsAwayWhatIsBelowAPrefix() {
    try (var upstream = CacheTest.counting("Cache-Control: max-age=60\r\n");
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      for (var path : List.of("/a/1", "/a/2?x=1", "/b/1")) {
        kit.curl(path);
      }
      kit.purge("orders", new Purge.Below(kit.address() + "/a/"));
      assertThat(kit.curl("/b/1")).isEqualTo("answer 3");
      assertThat(kit.curl("/a/1")).isEqualTo("answer 4");
      assertThat(kit.curl("/a/2?x=1")).isEqualTo("answer 5");
    }
  }

  /// What is on its way while its tag is thrown away is not kept.
  @Test
  void doesNotKeepWhatWasAskedForBeforeThePurge() throws Exception {
    var asked = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    var count = new AtomicInteger();
    try (var upstream =
            FakeUpstream.of(talk -> {
              var body = "answer " + count.incrementAndGet();
              asked.countDown();
              try {
                go.await(10, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              talk.send(
                  "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nCache-Tag: order\r\n"
                      + "Content-Length: 8\r\n\r\n"
                      + body);
              return true;
            });
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var first = threads.submit(() -> kit.curl("/a"));
      assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
      kit.purge("orders", new Purge.Tagged("order"));
      go.countDown();
      assertThat(first.get()).isEqualTo("answer 1");
      assertThat(kit.curl("/a")).isEqualTo("answer 2");
      assertThat(kit.curl("/a")).isEqualTo("answer 2");
    }
  }

  @Test
  void keepsTagsFromClientsWhereToldTo() {
    var hiding = WrittenSettings.of(new Cache(), "{ collapse: 0s, hide-tags: true }");
    try (var upstream = tagging("Surrogate-Key", " ")) {
      try (var kit = CacheTest.kit(upstream, hiding)) {
        for (int i = 0; i < 2; i++) {
          assertThat(kit.curl("-i", "/order-1")).doesNotContainIgnoringCase("surrogate-key");
        }
        kit.purge("orders", new Purge.Tagged("order"));
        assertThat(kit.curl("/order-1")).isEqualTo("answer 2");
      }
      try (var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
        for (int i = 0; i < 2; i++) {
          assertThat(kit.curl("-i", "/order-1")).contains("Surrogate-Key: order all");
        }
      }
    }
  }

  /// What could not be thrown away by each of its tags is not kept.
  @Test
  void doesNotKeepWhatHasTooManyTags() {
    var many = new StringBuilder();
    for (int i = 0; i < 65; i++) {
      many.append('t').append(i).append(' ');
    }
    var fields = "Cache-Control: max-age=60\r\nSurrogate-Key: ";
    for (var tags : List.of(many.toString(), "x".repeat(129))) {
      try (var upstream = CacheTest.counting(fields + tags + "\r\n");
          var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
        assertThat(kit.curl("/a")).isEqualTo("answer 1");
        assertThat(kit.curl("/a")).isEqualTo("answer 2");
      }
    }
  }
}
