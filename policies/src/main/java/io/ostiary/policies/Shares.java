package io.ostiary.policies;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// How many of an address's recent calls were those of a known consumer and went well. Two longs
/// for each address, at most [#KEYS_MAX] of them. Shared by all event loops without a lock.
///
/// A cell's second long holds the second of its last halving, the good calls and all calls. Every
/// [#HALF_LIFE_SECONDS] both counts are halved, so what is old fades. In a full bucket the cell
/// whose calls are oldest is given away.
final class Shares {
  static final int HALF_LIFE_SECONDS = 120;
  static final int KEYS_MAX = 1024 * 64;

  private static final int BUCKETS = 1024;
  private static final int CELLS = 64;
  private static final int COUNT_MAX = 0xffff;
  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

  private final AtomicReferenceArray<long @Nullable []> buckets =
      new AtomicReferenceArray<>(BUCKETS);

  /// @param good calls of known consumers that went well
  record Share(int good, int all) {
    int percent() {
      return all == 0 ? 0 : good * 100 / all;
    }
  }

  void count(long key, long nanos, boolean good) {
    var bucket = bucket((int) (key >>> 54));
    int at = CELLS + cell(bucket, key);
    int now = second(nanos);
    long before;
    do {
      before = (long) LONGS.getVolatile(bucket, at);
    } while (!LONGS.compareAndSet(bucket, at, before, next(before, now, good)));
  }

  Share of(long key, long nanos) {
    var bucket = buckets.get((int) (key >>> 54));
    if (bucket == null) {
      return new Share(0, 0);
    }
    for (int i = 0; i < CELLS; i++) {
      if ((long) LONGS.getVolatile(bucket, i) == key) {
        long faded = faded((long) LONGS.getVolatile(bucket, CELLS + i), second(nanos));
        return new Share((int) (faded >>> 16) & COUNT_MAX, (int) faded & COUNT_MAX);
      }
    }
    return new Share(0, 0);
  }

  private static int second(long nanos) {
    return (int) Math.floorDiv(nanos, 1_000_000_000L);
  }

  private static long faded(long cell, int now) {
    int since = now - (int) (cell >>> 32);
    if (cell == 0 || since < HALF_LIFE_SECONDS) {
      return cell == 0 ? (long) now << 32 : cell;
    }
    int halvings = Math.min(since / HALF_LIFE_SECONDS, 16);
    long good = (cell >>> 16 & COUNT_MAX) >>> halvings;
    long all = (cell & COUNT_MAX) >>> halvings;
    return (long) now << 32 | good << 16 | all;
  }

  private static long next(long cell, int now, boolean good) {
    long faded = faded(cell, now);
    long goods = faded >>> 16 & COUNT_MAX;
    long all = faded & COUNT_MAX;
    if (all == COUNT_MAX) {
      goods >>>= 1;
      all >>>= 1;
    }
    return faded >>> 32 << 32 | (goods + (good ? 1 : 0)) << 16 | (all + 1);
  }

  private long[] bucket(int index) {
    var bucket = buckets.get(index);
    if (bucket != null) {
      return bucket;
    }
    var fresh = new long[2 * CELLS];
    var winner = buckets.compareAndExchange(index, null, fresh);
    return winner == null ? fresh : winner;
  }

  private static int cell(long[] bucket, long key) {
    int start = (int) key & (CELLS - 1);
    int oldest = start;
    int oldestSecond = Integer.MAX_VALUE;
    for (int i = 0; i < CELLS; i++) {
      int cell = (start + i) & (CELLS - 1);
      long held = (long) LONGS.getVolatile(bucket, cell);
      if (held == 0) {
        held = (long) LONGS.compareAndExchange(bucket, cell, 0L, key);
        if (held == 0) {
          return cell;
        }
      }
      if (held == key) {
        return cell;
      }
      int second = (int) ((long) LONGS.getVolatile(bucket, CELLS + cell) >>> 32);
      if (second < oldestSecond) {
        oldestSecond = second;
        oldest = cell;
      }
    }
    LONGS.setVolatile(bucket, oldest, key);
    LONGS.setVolatile(bucket, CELLS + oldest, 0L);
    return oldest;
  }
}
