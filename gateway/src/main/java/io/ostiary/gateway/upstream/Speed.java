package io.ostiary.gateway.upstream;

import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.ConnectionMark;

/// How fast a target answers: peak-sensitive moving averages, which follow a slower answer at once
/// and a faster one slowly. A target that is not asked is forgiven with time, so that it is tried
/// again.
///
/// The time to the first byte is parted into the server's own and the network's by what the kernel
/// measured of the connection: round trips, and segments that had to come again. An answer that
/// waited for such a segment says nothing of the server, so its time is not the server's.
///
/// Plain fields that every loop writes: a lost update loses one sample.
final class Speed {
  /// After this time an old value counts 1/e.
  private static final double DECAY_NANOS = 10e9;

  /// Younger values are not worth an exponential function.
  private static final long FRESH_NANOS = 100_000_000L;

  /// Of [#DECAY_NANOS].
  private static final double SHORT = 0.015;

  /// What a segment that comes again costs at least (RFC 6298; Linux: TCP_RTO_MIN).
  private static final double RESENT_NANOS = 200e6;

  private double latency;
  private long latencyAt;
  private double server;
  private long serverAt;
  private double roundTrip;
  private double loss;
  private long networkAt;

  void answered(long nanos, long now) {
    latency = follow(latency, latencyAt, (double) nanos, now);
    latencyAt = now;
  }

  void measured(ConnectionFacts facts, ConnectionMark before, long firstByteNanos) {
    if (facts.cookie == 0 || facts.rttSamples == 0) {
      return;
    }
    long now = facts.lastAckNanos == 0 ? facts.establishedNanos : facts.lastAckNanos;
    boolean known = before.cookie == facts.cookie;
    long resent = known ? facts.retransmitsOut - before.retransmitsOut : 0;
    long again = known ? facts.duplicatesIn - before.duplicatesIn : 0;
    long stalled = known ? facts.stalledNanos - before.stalledNanos : 0;
    long packets =
        known ? facts.packetsIn + facts.packetsOut - before.packetsIn - before.packetsOut : 0;
    double weight = weight(networkAt, now);
    roundTrip = roundTrip * weight + facts.smoothedRttMicros * 1000.0 * (1 - weight);
    if (roundTrip == 0 || networkAt == 0) {
      roundTrip = facts.smoothedRttMicros * 1000.0;
    }
    if (packets > 0) {
      double share = Math.min(1, (double) (resent + again) / packets);
      loss = share > loss ? share : loss * weight + share * (1 - weight);
    }
    networkAt = Math.max(now, networkAt);
    if (firstByteNanos > 0 && resent == 0) {
      double own = Math.max(0, firstByteNanos - stalled - facts.smoothedRttMicros * 1000.0);
      server = follow(server, serverAt, own, now);
      serverAt = Math.max(now, serverAt);
    }
  }

  private static double follow(double old, long at, double sample, long now) {
    if (sample > old) {
      return sample;
    }
    double weight = weight(at, now);
    return old * weight + sample * (1 - weight);
  }

  /// Of calls that come one after the other the exponential function is taken by the beginning of
  /// its series, which is exact to a millionth there.
  private static double weight(long at, long now) {
    double x = Math.max(0, now - at) / DECAY_NANOS;
    return x < SHORT ? 1 - x + x * x / 2 : Math.exp(-x);
  }

  private static double forgiven(double value, long at, long now) {
    return now - at < FRESH_NANOS ? value : value * weight(at, now);
  }

  double latency(long now) {
    return forgiven(latency, latencyAt, now);
  }

  double server(long now) {
    return forgiven(server, serverAt, now);
  }

  /// What the network costs a call: one round trip, and the wait for what may be lost.
  double network(long now) {
    return roundTrip + forgiven(loss, networkAt, now) * RESENT_NANOS;
  }

  /// Whether the kernel has told anything.
  boolean measured() {
    return networkAt != 0;
  }

  long latencyMicros() {
    return (long) (latency / 1000);
  }

  long serverMicros() {
    return (long) (server / 1000);
  }

  long roundTripMicros() {
    return (long) (roundTrip / 1000);
  }

  double loss(long now) {
    return forgiven(loss, networkAt, now);
  }
}
