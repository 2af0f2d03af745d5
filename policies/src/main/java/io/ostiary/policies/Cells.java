package io.ostiary.policies;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// One long for each key of a limit: GCRA's theoretical arrival time in CLOCK_MONOTONIC
/// nanoseconds. Shared by all event loops without a lock; memory is bounded.
///
/// The idea. A cell whose time has passed says the same as no cell, so nothing needs to be cleaned
/// up: a new key simply takes over a recovered cell. Keys are kept as 64-bit keyed hashes (SipHash
/// with a random key, so nobody outside can choose two keys that share a cell). A key's cells lie
/// in one bucket of 64; buckets are made when first used.
///
/// Invariants. A key that is in the table is always found by the same scan of its bucket. While a
/// bucket has room or recovered cells no decision is ever lost. Only when all 64 cells of a bucket
/// are in use at once is the one nearest to recovery given away, which forgives its key a part of
/// its limit. Two threads that bring the same new key at the same moment into a full bucket may
/// give it two cells, of which the second is forgotten: one burst more, once.
final class Cells {
  static final int BUCKETS = 1024;
  static final int BUCKET_CELLS = 64;

  /// More keys than this at once, and limits become generous.
  static final int KEYS_MAX = BUCKETS * BUCKET_CELLS;

  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

  private static final VarHandle TABLE;

  static {
    try {
      TABLE =
          MethodHandles.lookup().findVarHandle(Cells.class, "table", AtomicReferenceArray.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final KeyedHash hash = new KeyedHash();

  /// Made by the first call, as the buckets are: most of ten thousand limits may never have one.
  private volatile @Nullable AtomicReferenceArray<long @Nullable []> table;

  /// What became of one request.
  ///
  /// @return how many nanoseconds of the burst are left behind this request, or, negative, how long
  ///   to wait until one like it is let through
  long take(long key, long now, long interval, long tolerance) {
    return take(key, now, interval, tolerance, tolerance);
  }

  /// @param owed how far ahead of now its time may be: the tolerance, or more where [#add] is used
  long take(long key, long now, long interval, long tolerance, long owed) {
    long[] bucket = bucket((int) (key >>> 54));
    int time = slot(bucket, key, now) + 1;
    while (true) {
      long before = (long) LONGS.getVolatile(bucket, time);
      // A time beyond what can be owed was left by a wider limit before a reload: cut it, once.
      long start = Math.clamp(before, now, now + owed);
      long left = now + tolerance - (start + interval);
      long after = left < 0 ? Math.min(before, start) : start + interval;
      if (after == before || LONGS.compareAndSet(bucket, time, before, after)) {
        return left;
      }
    }
  }

  /// Counts afterwards, whatever is left: gives back what was taken (`more` below 0), or takes what
  /// a call has cost beyond that.
  ///
  /// @param owed how far ahead of now its time may come to be
  /// @return how many nanoseconds of the burst are left, below 0: it owes so much
  long add(long key, long now, long more, long tolerance, long owed) {
    long[] bucket = bucket((int) (key >>> 54));
    int time = slot(bucket, key, now) + 1;
    while (true) {
      long before = (long) LONGS.getVolatile(bucket, time);
      long start = Math.clamp(before, now, now + owed);
      long after = Math.clamp(start + more, now, now + owed);
      if (LONGS.compareAndSet(bucket, time, before, after)) {
        return now + tolerance - after;
      }
    }
  }

  private long[] bucket(int index) {
    var buckets = table;
    if (buckets == null) {
      buckets = table();
    }
    var bucket = buckets.get(index);
    if (bucket != null) {
      return bucket;
    }
    var fresh = new long[2 * BUCKET_CELLS];
    var winner = buckets.compareAndExchange(index, null, fresh);
    return winner == null ? fresh : winner;
  }

  private AtomicReferenceArray<long @Nullable []> table() {
    var fresh = new AtomicReferenceArray<long @Nullable []>(BUCKETS);
    return TABLE.compareAndSet(this, null, fresh) ? fresh : Objects.requireNonNull(table);
  }

  /// Where in the bucket the key stands; its time stands behind it, so that one line of the cache
  /// holds both.
  private static int slot(long[] bucket, long key, long now) {
    int start = (int) key & (BUCKET_CELLS - 1);
    int oldest = 2 * start;
    long oldestTime = Long.MAX_VALUE;
    for (int i = 0; i < BUCKET_CELLS; i++) {
      int slot = 2 * ((start + i) & (BUCKET_CELLS - 1));
      long held = (long) LONGS.getVolatile(bucket, slot);
      if (held == 0) {
        held = (long) LONGS.compareAndExchange(bucket, slot, 0L, key);
        if (held == 0) {
          return slot;
        }
      }
      if (held == key) {
        return slot;
      }
      long time = (long) LONGS.getVolatile(bucket, slot + 1);
      if (time < oldestTime) {
        oldestTime = time;
        oldest = slot;
      }
    }
    return replace(bucket, oldest, oldestTime, key, now);
  }

  private static int replace(long[] bucket, int slot, long time, long key, long now) {
    LONGS.setVolatile(bucket, slot, key);
    if (time > now) {
      LONGS.compareAndSet(bucket, slot + 1, time, now);
    }
    return slot;
  }

  /// How many buckets are in use, for tests.
  int bucketsMade() {
    int made = 0;
    var buckets = table;
    for (int i = 0; buckets != null && i < BUCKETS; i++) {
      made += buckets.get(i) == null ? 0 : 1;
    }
    return made;
  }

  KeyedHash hash() {
    return hash;
  }

  long hash(CharSequence text) {
    return hash.of(text);
  }

  long hash(long high, long low) {
    return hash.of(high, low);
  }

  long network(byte[] address) {
    return hash.ofNetwork(address);
  }
}
