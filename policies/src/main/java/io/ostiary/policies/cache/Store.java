package io.ostiary.policies.cache;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Purgeable;
import io.ostiary.model.Purge;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// All responses that the uses of one `cache` keep, within so many bytes. Shared by all event loops
/// without a lock of its own.
///
/// Room is made as in many caches: of a few entries in turn the one that was used longest ago goes.
/// What is invalid is not searched for: an invalidation notes the time for its address, in a table
/// of fixed size, and entries asked for before that time count as absent. Two addresses that share
/// a place of the table cost each other a hit, never a wrong answer.
public final class Store implements Purgeable {
  private static final int MARKS = 4096;
  private static final int LOOKED_AT = 16;
  private static final int VARIANTS_MAX = 32;

  private final ConcurrentHashMap<String, List<Stored>> all = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Fetch> fetches = new ConcurrentHashMap<>();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLongArray invalidBefore = new AtomicLongArray(MARKS);
  private final AtomicLongArray aloneUntil = new AtomicLongArray(MARKS);
  private final Purges purges = new Purges();
  private final AtomicBoolean making = new AtomicBoolean();
  private volatile long purgedNanos = Long.MIN_VALUE;
  private Iterator<String> hand = List.<String>of().iterator();
  private final Set<Parts> addressing = ConcurrentHashMap.newKeySet();
  private final String api;

  public Store(String api) {
    this.api = api;
  }

  @Override
  public String api() {
    return api;
  }

  /// Of the addresses of what is kept only these parts are told apart, in some use of the store.
  void addressedBy(Parts parts) {
    addressing.add(parts);
  }

  /// Times of calls are CLOCK_MONOTONIC, as this is.
  @Override
  public void purge(Purge purge) {
    long now = System.nanoTime();
    switch (purge) {
      case Purge.Address(var address) -> {
        invalidate(address, now);
        addressing.forEach(parts -> invalidate(parts.address(address), now));
      }
      case Purge.Everything _ -> {
        purgedNanos = now;
        all.keySet().forEach(this::drop);
      }
      case Purge.Below _, Purge.Tagged _ -> {
        // First the note, then the search: whatever is put later finds the note.
        purges.add(purge, now);
        all.keySet().forEach(key -> dropIf(key, stored -> Purges.matches(purge, stored)));
      }
    }
  }

  /// Whether it was asked for after all that was thrown away, and so may be used.
  boolean holds(Stored stored) {
    long invalid = Math.max(purgedNanos, invalidBefore.get(mark(stored.address)));
    return stored.askedNanos > invalid && !purges.concern(stored);
  }

  /// A call that is fetching what others wait for.
  public static final class Fetch {
    private final String key;
    private final CompletableFuture<@Nullable Stored> done = new CompletableFuture<>();

    private Fetch(String key) {
      this.key = key;
    }

    public CompletableFuture<@Nullable Stored> done() {
      return done;
    }
  }

  /// The newest response that this request would be given, fresh or stale; null: none.
  ///
  /// @param address of the resource, for invalidations
  @Nullable Stored find(String key, String address, Function<HeaderName, String> request) {
    var variants = all.get(key);
    if (variants == null) {
      return null;
    }
    long invalid = Math.max(purgedNanos, invalidBefore.get(mark(address)));
    for (int i = variants.size() - 1; i >= 0; i--) {
      var stored = variants.get(i);
      if (stored.askedNanos > invalid && stored.fits(request)) {
        return stored;
      }
    }
    return null;
  }

  /// @param bytesMax of the whole store
  void put(String key, Stored stored, long bytesMax) {
    all.compute(
        key,
        (_, had) -> {
          var variants = new ArrayList<Stored>();
          if (had != null) {
            for (var other : had) {
              boolean replaced = other.vary.equals(stored.vary) || had.size() >= VARIANTS_MAX;
              if (replaced && (other.vary.equals(stored.vary) || other == had.getFirst())) {
                bytes.addAndGet(-other.bytes);
              } else {
                variants.add(other);
              }
            }
          }
          variants.add(stored);
          bytes.addAndGet(stored.bytes);
          return List.copyOf(variants);
        });
    if (purges.concern(stored)) {
      dropIf(key, other -> other == stored);
      return;
    }
    makeRoom(bytesMax);
  }

  private void makeRoom(long bytesMax) {
    // One at a time; others find it done by the time they come, or do it themselves next time.
    if (bytes.get() <= bytesMax || !making.compareAndSet(false, true)) {
      return;
    }
    try {
      while (bytes.get() > bytesMax && !all.isEmpty()) {
        drop(oldestOfAFew());
      }
    } finally {
      making.set(false);
    }
  }

  private @Nullable String oldestOfAFew() {
    String oldest = null;
    long used = Long.MAX_VALUE;
    for (int i = 0; i < LOOKED_AT; i++) {
      if (!hand.hasNext()) {
        hand = all.keySet().iterator();
        if (!hand.hasNext()) {
          return oldest;
        }
      }
      var key = hand.next();
      var variants = all.get(key);
      long last = variants == null ? Long.MAX_VALUE : used(variants);
      if (last < used) {
        used = last;
        oldest = key;
      }
    }
    return oldest;
  }

  private static long used(List<Stored> variants) {
    long used = Long.MIN_VALUE;
    for (var stored : variants) {
      used = Math.max(used, stored.usedNanos);
    }
    return used;
  }

  private void drop(@Nullable String key) {
    var gone = key == null ? null : all.remove(key);
    if (gone != null) {
      gone.forEach(stored -> bytes.addAndGet(-stored.bytes));
    }
  }

  private void dropIf(String key, Predicate<Stored> unwanted) {
    all.computeIfPresent(
        key,
        (_, had) -> {
          var rest = new ArrayList<Stored>(had.size());
          for (var stored : had) {
            if (unwanted.test(stored)) {
              bytes.addAndGet(-stored.bytes);
            } else {
              rest.add(stored);
            }
          }
          return rest.isEmpty() ? null : List.copyOf(rest);
        });
  }

  private static int mark(String address) {
    int hash = address.hashCode() * 0x9E3779B9;
    return hash >>> 20;
  }

  /// What was asked for before now under this address counts no more, for whomever it was kept.
  public void invalidate(String address, long now) {
    invalidBefore.accumulateAndGet(mark(address), now, Math::max);
  }

  /// Makes this call the one that fetches, unless another one does.
  ///
  /// @return the one that fetches; not `mine`: wait for it
  Fetch fetch(String key, Fetch mine) {
    var other = fetches.putIfAbsent(key, mine);
    return other == null ? mine : other;
  }

  static Fetch newFetch(String key) {
    return new Fetch(key);
  }

  /// The fetch is over.
  ///
  /// @param stored null: others must ask themselves
  void fetched(Fetch fetch, @Nullable Stored stored) {
    fetches.remove(fetch.key, fetch);
    fetch.done.complete(stored);
  }

  /// Its responses cannot be kept, so for some time nobody waits for another's.
  void alone(String key, long until) {
    aloneUntil.set(mark(key), until);
  }

  boolean isAlone(String key, long now) {
    return aloneUntil.get(mark(key)) > now;
  }

  /// How many bytes are kept.
  public long bytes() {
    return bytes.get();
  }
}
