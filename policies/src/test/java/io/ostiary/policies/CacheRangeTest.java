package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Parts of what is kept, and fields that speak to caches such as this one alone.
class CacheRangeTest {
  private static final String FIELDS = "Cache-Control: max-age=60\r\nETag: \"e1\"\r\n";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bytes=0-2  | ans     | bytes 0-2/8",
        "bytes=3-   | wer 1   | bytes 3-7/8",
        "bytes=-3   | r 1     | bytes 5-7/8",
        "bytes=-99  | answer 1| bytes 0-7/8",
        "bytes=7-99 | 1       | bytes 7-7/8",
        "bytes=2-2  | s       | bytes 2-2/8",
      })
  void givesAPartOfWhatIsKept(String range, String part, String told) {
    try (var upstream = CacheTest.counting(FIELDS);
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-i", "-H", "Range: " + range, "/a"))
          .startsWith("HTTP/1.1 206 ")
          .contains("\r\nContent-Range: " + told + "\r\n")
          .contains("\r\nContent-Length: " + part.length() + "\r\n")
          .contains("ostiary; hit")
          .endsWith("\r\n\r\n" + part);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bytes=0-1,3-4",
        "bytes=4-2",
        "bytes=",
        "bytes=-",
        "bytes=x-",
        "items=0-1",
        "bytes 0-1"
      })
  void givesTheWholeWhereNoOnePartIsAskedFor(String range) {
    try (var upstream = CacheTest.counting(FIELDS);
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-i", "-H", "Range: " + range, "/a"))
          .startsWith("HTTP/1.1 200 ")
          .endsWith("answer 1");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes=8-", "bytes=100-200", "bytes=-0"})
  void saysHowLongItIsWhereThereIsNoSuchPart(String range) {
    try (var upstream = CacheTest.counting(FIELDS);
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("-i", "-H", "Range: " + range, "/a"))
          .startsWith("HTTP/1.1 416 ")
          .contains("\r\nContent-Range: bytes */8\r\n");
    }
  }

  @Test
  void aPartOfSomethingElseIsNone() {
    try (var upstream = CacheTest.counting(FIELDS);
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      var range = "Range: bytes=0-2";
      assertThat(kit.curl("-H", range, "-H", "If-Range: \"e1\"", "/a")).isEqualTo("ans");
      for (var other : List.of("\"e2\"", "W/\"e1\"", "Tue, 01 Dec 2026 00:00:00 GMT")) {
        assertThat(kit.curl("-H", range, "-H", "If-Range: " + other, "/a")).isEqualTo("answer 1");
      }
    }
  }

  @Test
  void nothingIsKeptOfWhatAPartBrings() {
    try (var upstream = CacheTest.counting(FIELDS);
        var kit = CacheTest.kit(upstream, CacheTest.settings(0, 0))) {
      assertThat(kit.curl("-i", "-H", "Range: bytes=0-2", "/a")).contains("fwd=bypass");
      assertThat(kit.curl("/a")).isEqualTo("answer 2");
      assertThat(kit.curl("-I", "-H", "Range: bytes=0-2", "/a")).startsWith("HTTP/1.1 200 ");
    }
  }

  private static Cache.Settings targeted(String... fields) {
    return WrittenSettings.of(
        new Cache(), "{ collapse: 0s, targeted: %s }".formatted(List.of(fields)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CDN-Cache-Control: max-age=60                    | no-store    | true",
        "CDN-Cache-Control: no-store                      | max-age=60  | false",
        "CDN-Cache-Control: max-age=0                     | max-age=60  | false",
        "CDN-Cache-Control: private, max-age=60           | max-age=60  | false",
        "CDN-Cache-Control: max-age=\"60\"                | max-age=60  | false",
        "CDN-Cache-Control: max-age=60;x=y, odd=(1 2)     | no-store    | true",
        "CDN-Cache-Control: max-age=60, max-age=0         | max-age=60  | false",
        "CDN-Cache-Control: MAX-AGE=60                    | max-age=60  | true",
        "CDN-Cache-Control: no-store,                     | max-age=60  | true",
        "CDN-Cache-Control:                               | max-age=60  | true",
        "Other-Cache-Control: no-store                    | max-age=60  | true",
        "Ours-Cache-Control: no-store\\CDN-Cache-Control: max-age=60 | max-age=60 | false",
      })
  void aTargetedFieldCountsBeforeTheOthers(String field, String general, boolean kept) {
    var fields = field.replace("\\", "\r\n") + "\r\nCache-Control: " + general + "\r\n";
    try (var upstream = CacheTest.counting(fields);
        var kit = CacheTest.kit(upstream, targeted("Ours-Cache-Control", "CDN-Cache-Control"))) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("/a")).isEqualTo(kept ? "answer 1" : "answer 2");
    }
  }

  @Test
  void aTargetedFieldMeansNothingToWhomItIsNotFor() {
    var fields = "CDN-Cache-Control: max-age=60\r\nCache-Control: no-store\r\n";
    try (var upstream = CacheTest.counting(fields);
        var kit = CacheTest.kit(upstream, targeted())) {
      assertThat(kit.curl("/a")).isEqualTo("answer 1");
      assertThat(kit.curl("/a")).isEqualTo("answer 2");
    }
    assertThatThrownBy(() -> targeted("X-Cache"))
        .hasMessage("cache.targeted: X-Cache (expected: such as CDN-Cache-Control)");
  }
}
