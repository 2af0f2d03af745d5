package io.ostiary.policies;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/// Credentials that were checked lately and what came of it, so that a check which costs much is
/// not made for each call. Bounded in number and in time; shared by all event loops.
final class Remembered<V> {
  private final Cache<TokenKey, Entry<V>> entries;
  private final InstantSource clock;

  private record Entry<V>(V value, long untilMillis, long generation) {}

  /// @param longest after which nothing is remembered, whatever it says of itself
  Remembered(int entriesMax, Duration longest, InstantSource clock) {
    this.clock = clock;
    entries =
        Caffeine.newBuilder()
            .maximumSize(entriesMax)
            .expireAfterWrite(longest)
            .executor(Runnable::run)
            .build();
  }

  /// @param generation of what it was checked against; what was checked against another one is
  ///   forgotten
  @Nullable V find(TokenKey key, long generation) {
    var entry = entries.getIfPresent(key);
    if (entry == null) {
      return null;
    }
    if (entry.generation != generation || entry.untilMillis <= clock.millis()) {
      entries.invalidate(key);
      return null;
    }
    return entry.value;
  }

  void put(TokenKey key, V value, long untilMillis, long generation) {
    entries.put(key, new Entry<>(value, untilMillis, generation));
  }
}
