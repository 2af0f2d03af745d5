package io.ostiary.policies;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The addresses that offended of late: how often in each way, and in which calls. Shared by all
/// event loops without a lock; memory is bounded: of a set of eight the one that has been quiet the
/// longest makes room for a new one.
final class Offenders {
  static final int PLACES = 8192;
  static final int EVIDENCE = 8;
  private static final int WAYS = 8;
  private static final int TRIES = 4;

  /// Calls that were on their way when a decision fell belong to it.
  static final long QUIET_NANOS = 1_000_000_000L;

  private final AtomicReferenceArray<@Nullable Offender> places =
      new AtomicReferenceArray<>(PLACES);

  /// One address. Shared.
  static final class Offender {
    private final long key;

    /// GCRA's theoretical arrival time for each kind, CLOCK_MONOTONIC; 0: nothing yet.
    private final AtomicLongArray due;

    private final AtomicLongArray calls = new AtomicLongArray(EVIDENCE);
    private final AtomicInteger callCount = new AtomicInteger();
    private final AtomicLong quietUntil;
    private volatile long lastNanos;

    private Offender(long key, int kinds, long now) {
      this.key = key;
      due = new AtomicLongArray(kinds);
      quietUntil = new AtomicLong(now - 1);
      lastNanos = now;
    }

    /// Counts an offence.
    ///
    /// @param most how many may come within the window
    /// @return whether this was one too many
    boolean offends(int kind, long now, long windowNanos, int most, long callId) {
      lastNanos = now;
      calls.set(Math.floorMod(callCount.getAndIncrement(), EVIDENCE), callId);
      long interval = windowNanos / most;
      long tolerance = interval * most;
      while (true) {
        long before = due.get(kind);
        long start = before == 0 ? now : Math.clamp(before, now, now + tolerance);
        if (start + interval > now + tolerance) {
          return true;
        }
        if (due.compareAndSet(kind, before, start + interval)) {
          return false;
        }
      }
    }

    /// Whether whoever asks shall act: one of all threads, and not twice for the same calls. All is
    /// forgiven then, so that the next decision needs new offences.
    boolean claim(long now) {
      long until = quietUntil.get();
      if (until - now > 0 || !quietUntil.compareAndSet(until, now + QUIET_NANOS)) {
        return false;
      }
      for (int i = 0; i < due.length(); i++) {
        due.set(i, 0);
      }
      return true;
    }

    /// Ids of the last offending calls, the newest last.
    List<Long> evidence() {
      int count = callCount.get();
      int known = Math.clamp(count < 0 ? EVIDENCE : count, 0, EVIDENCE);
      var ids = new long[known];
      for (int i = 0; i < known; i++) {
        ids[i] = calls.get(i);
      }
      Arrays.sort(ids);
      var list = new ArrayList<Long>(known);
      for (long id : ids) {
        list.add(id);
      }
      return list;
    }
  }

  /// The offender of this key, a new one where it was not known.
  Offender of(long key, int kinds, long now) {
    int set = (int) key & (PLACES / WAYS - 1);
    for (int tries = 0; tries < TRIES; tries++) {
      int choice = set * WAYS;
      Offender there = null;
      for (int i = 0; i < WAYS; i++) {
        int place = set * WAYS + i;
        var one = places.get(place);
        if (one != null && one.key == key) {
          return one;
        }
        if (i == 0 || (there != null && (one == null || one.lastNanos - there.lastNanos < 0))) {
          choice = place;
          there = one;
        }
      }
      var fresh = new Offender(key, kinds, now);
      if (places.compareAndSet(choice, there, fresh)) {
        return fresh;
      }
    }
    // Others are quicker: this one offence is not counted.
    return new Offender(key, kinds, now);
  }
}
