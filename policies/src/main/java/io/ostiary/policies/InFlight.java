package io.ostiary.policies;

import io.ostiary.gateway.spi.Verdict;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// How many calls of each key are in flight, and which wait for one of them to end. Shared by all
/// event loops.
///
/// Who leaves hands the place over to whoever waits longest, in one step: between the two nobody
/// else can take it. That and the count of two keys at once is why this has a lock, one for each of
/// 64 parts of the keys; it is held for a few steps of a map, and nobody waits while holding it.
final class InFlight {
  private static final int PARTS = 64;

  /// Calls of one key. Guarded by the lock of its part.
  private static final class Entry {
    private int flying;
    private final ArrayDeque<Place> waiting = new ArrayDeque<>(0);
  }

  private static final class Part {
    private final Map<Long, Entry> entries = new HashMap<>();
  }

  /// The place of one call, in flight or in the queue. Guarded by the lock of its part.
  static final class Place {
    private final long key;
    private final @Nullable CompletableFuture<Verdict> turn;
    private boolean flying;
    private boolean left;

    private Place(long key, @Nullable CompletableFuture<Verdict> turn) {
      this.key = key;
      this.turn = turn;
      this.flying = turn == null;
    }

    /// Null: it flies already; otherwise complete when its turn has come or its time is over.
    @Nullable CompletableFuture<Verdict> turn() {
      return turn;
    }
  }

  private final KeyedHash hash = new KeyedHash();
  private final Part[] parts = new Part[PARTS];

  InFlight() {
    for (int i = 0; i < PARTS; i++) {
      parts[i] = new Part();
    }
  }

  KeyedHash hash() {
    return hash;
  }

  private Part part(long key) {
    return parts[(int) (key >>> 58)];
  }

  /// @param over what a call is told that has waited for too long
  /// @return null: as many fly and wait as may
  @Nullable Place enter(long key, int callsMax, int waitingMax, long waitMillis, Verdict over) {
    var part = part(key);
    Place place;
    synchronized (part) {
      var entry = part.entries.computeIfAbsent(key, _ -> new Entry());
      if (entry.flying < callsMax && entry.waiting.isEmpty()) {
        entry.flying++;
        return new Place(key, null);
      }
      if (entry.waiting.size() >= waitingMax) {
        return null;
      }
      place = new Place(key, new CompletableFuture<>());
      entry.waiting.add(place);
    }
    if (place.turn != null) {
      place.turn.completeOnTimeout(over, waitMillis, TimeUnit.MILLISECONDS);
    }
    return place;
  }

  /// The call is over, or has given up waiting. Whoever was given a place after its time was over
  /// comes here too, and passes it on.
  void leave(Place place) {
    var next = left(place);
    if (next != null && next.turn != null) {
      next.turn.complete(Verdict.CONTINUE);
    }
  }

  private @Nullable Place left(Place place) {
    var part = part(place.key);
    synchronized (part) {
      var entry = part.entries.get(place.key);
      if (place.left || entry == null) {
        return null;
      }
      place.left = true;
      Place next = null;
      if (place.flying) {
        next = entry.waiting.poll();
        if (next == null) {
          entry.flying--;
        } else {
          next.flying = true;
        }
      } else {
        entry.waiting.remove(place);
      }
      if (entry.flying == 0 && entry.waiting.isEmpty()) {
        part.entries.remove(place.key);
      }
      return next;
    }
  }

  /// How many keys have a call here, for tests.
  int keys() {
    int keys = 0;
    for (var part : parts) {
      synchronized (part) {
        keys += part.entries.size();
      }
    }
    return keys;
  }
}
