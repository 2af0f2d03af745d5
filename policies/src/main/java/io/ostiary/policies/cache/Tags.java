package io.ostiary.policies.cache;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The names that an upstream gives an answer, by which operators throw it away with all others of
/// that name: `Surrogate-Key` has blanks between them, `Cache-Tag` commas.
final class Tags {
  static final int TAGS_MAX = 64;
  static final int LENGTH_MAX = 128;

  private static final HeaderName SURROGATE_KEY = HeaderName.of("Surrogate-Key");
  private static final HeaderName CACHE_TAG = HeaderName.of("Cache-Tag");
  static final List<HeaderName> FIELDS = List.of(SURROGATE_KEY, CACHE_TAG);

  private Tags() {}

  /// Null: more or longer ones than are kept. An answer that could not be thrown away by each of
  /// its names must not be kept at all.
  static @Nullable Set<String> of(Headers headers) {
    if (!headers.has(SURROGATE_KEY) && !headers.has(CACHE_TAG)) {
      return Set.of();
    }
    var tags = new LinkedHashSet<String>();
    boolean fit = true;
    for (var value : headers.all(SURROGATE_KEY)) {
      fit &= add(value.split("[ \\t]+"), tags);
    }
    for (var value : headers.all(CACHE_TAG)) {
      fit &= add(value.split(","), tags);
    }
    return fit && tags.size() <= TAGS_MAX ? Set.copyOf(tags) : null;
  }

  private static boolean add(String[] parts, Set<String> tags) {
    for (var part : parts) {
      var tag = part.strip();
      if (tag.length() > LENGTH_MAX) {
        return false;
      }
      if (!tag.isEmpty()) {
        tags.add(tag);
      }
    }
    return true;
  }
}
