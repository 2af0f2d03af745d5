package io.ostiary.gateway.upstream;

import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.Overload.Adaptive;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/// A bound for the calls in flight that finds itself, by a gradient (as Netflix' concurrency limits
/// and Envoy's adaptive concurrency do): each window compares the mean time to the first byte with
/// the shortest such mean, which is taken for the time without a queue. While it is longer than
/// `tolerance` allows, the bound shrinks by that ratio, by half at most; else, where it was
/// reached, it grows by its square root.
///
/// What the time without a queue is may change. Twice a minute the bound is lowered to 60 per cent
/// for three windows, and the shortest mean of these is the new one.
///
/// Shared by all event loops: each writes its own sums, and whichever sees the end of a window
/// first draws the conclusion.
@SuppressWarnings("NonAtomicVolatileUpdate") // Only one at a time draws a conclusion.
final class AdaptiveLimit {
  private static final int STRIDE = 16;

  /// Fewer answers than this say nothing; the window goes on.
  private static final int SAMPLES_MIN = 5;

  private static final long PROBE_NANOS = 30_000_000_000L;
  private static final int PROBE_WINDOWS = 3;
  private static final double PROBE_SHARE = 0.6;

  private final Adaptive settings;
  private final AtomicLongArray sums;
  private final AtomicLong windowEnd = new AtomicLong();
  private volatile double limit;
  private volatile double inForce;

  // Written by whoever ends a window, which only one does at a time.
  private volatile long countBefore;
  private volatile long nanosBefore;
  private volatile double without;
  private volatile double mean;
  private volatile int highest;
  private volatile long probeAt;
  private volatile int probing;
  private volatile double probed;

  AdaptiveLimit(Adaptive settings, int loops) {
    this.settings = settings;
    sums = new AtomicLongArray(loops * STRIDE);
    limit = Math.clamp(20, settings.least(), settings.most());
    inForce = limit;
  }

  Adaptive settings() {
    return settings;
  }

  double limit() {
    return inForce;
  }

  /// What it would be without a probe.
  double unprobed() {
    return limit;
  }

  /// Mean time to the first byte without a queue, as far as is known; 0: not yet.
  long withoutQueueMicros() {
    return (long) (without / 1000);
  }

  long meanMicros() {
    return (long) (mean / 1000);
  }

  /// An answer began.
  ///
  /// @param inFlight calls at that moment, this one included
  void answered(Loop loop, long nanos, int inFlight) {
    answered(loop.index(), nanos, inFlight, loop.now());
  }

  void answered(int loop, long nanos, int inFlight, long now) {
    int at = loop * STRIDE;
    sums.setOpaque(at, sums.getPlain(at) + 1);
    sums.setOpaque(at + 1, sums.getPlain(at + 1) + nanos);
    if (inFlight > highest) {
      highest = inFlight;
    }
    long end = windowEnd.get();
    if (end == 0) {
      windowEnd.compareAndSet(0, now + settings.every().toNanos());
    } else if (now - end >= 0 && windowEnd.compareAndSet(end, now + settings.every().toNanos())) {
      conclude(now);
    }
  }

  private void conclude(long now) {
    long count = sum(0) - countBefore;
    if (count < SAMPLES_MIN) {
      return;
    }
    double nanos = (double) (sum(1) - nanosBefore) / count;
    countBefore += count;
    nanosBefore = sum(1);
    int reached = highest;
    highest = 0;
    mean = nanos;
    if (probeAt == 0) {
      probeAt = now + PROBE_NANOS;
    }
    if (probing > 0) {
      probe(nanos, now);
      return;
    }
    without = without == 0 ? nanos : Math.min(without, nanos);
    double gradient = Math.clamp(settings.tolerance() * without / nanos, 0.5, 1);
    double next = limit;
    if (gradient < 1) {
      next = limit * gradient + (gradient > 0.5 ? Math.sqrt(limit) * gradient / 2 : 0);
    } else if (reached >= limit * 0.8) {
      next = limit + Math.sqrt(limit);
    }
    limit = Math.clamp(next, settings.least(), settings.most());
    if (now - probeAt >= 0) {
      probing = PROBE_WINDOWS;
      probed = Double.MAX_VALUE;
      inForce = Math.max(settings.least(), limit * PROBE_SHARE);
    } else {
      inForce = limit;
    }
  }

  private void probe(double nanos, long now) {
    // The first window still has answers to calls from before.
    if (probing < PROBE_WINDOWS) {
      probed = Math.min(probed, nanos);
    }
    if (--probing == 0) {
      without = probed;
      inForce = limit;
      probeAt = now + PROBE_NANOS;
    }
  }

  private long sum(int which) {
    long sum = 0;
    for (int i = which; i < sums.length(); i += STRIDE) {
      sum += sums.getOpaque(i);
    }
    return sum;
  }
}
