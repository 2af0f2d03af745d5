package io.ostiary.gateway.upstream;

import java.util.Arrays;

/// Takes out targets whose calls went clearly worse than those of the others: by the share that
/// failed, or by how long answers took. Of a time without the network's part where the kernel
/// measured that: a long way is no fault of the server.
///
/// Runs on one event loop, once in a while; confined to it.
final class Comparison {
  /// With fewer there are no others to speak of.
  private static final int TARGETS_MIN = 3;

  private final UpstreamHandle handle;
  private final long[] goodBefore;
  private final long[] badBefore;
  private final long[] nanosBefore;
  private final double[] rates;
  private final double[] times;

  Comparison(UpstreamHandle handle) {
    this.handle = handle;
    int n = handle.endpoints().length;
    goodBefore = new long[n];
    badBefore = new long[n];
    nanosBefore = new long[n];
    rates = new double[n];
    times = new double[n];
    read(Long.MAX_VALUE);
  }

  void compare(long now) {
    var limits = handle.upstream().outliers();
    int judged = read(limits.calls());
    if (judged < TARGETS_MIN) {
      return;
    }
    if (limits.deviations() > 0) {
      byRate(limits.deviations(), now);
    }
    if (limits.slower() > 0) {
      byTime(limits.slower(), now);
    }
  }

  /// What happened since the last time; NaN for targets that were asked too seldom.
  private int read(long callsMin) {
    int judged = 0;
    for (int i = 0; i < rates.length; i++) {
      var endpoint = handle.endpoints()[i];
      long good = endpoint.tally().good() - goodBefore[i];
      long bad = endpoint.tally().bad() - badBefore[i];
      long nanos = endpoint.tally().nanos() - nanosBefore[i];
      goodBefore[i] += good;
      badBefore[i] += bad;
      nanosBefore[i] += nanos;
      boolean enough = good + bad >= callsMin && !endpoint.rests();
      rates[i] = enough ? (double) good / (good + bad) : Double.NaN;
      times[i] = enough && good > 0 ? own(endpoint, (double) nanos / good) : Double.NaN;
      judged += enough ? 1 : 0;
    }
    return judged;
  }

  private static double own(Endpoint endpoint, double nanos) {
    return Math.max(0, nanos - endpoint.speed().roundTripMicros() * 1000.0);
  }

  private void byRate(double deviations, long now) {
    var known = Arrays.stream(rates).filter(rate -> !Double.isNaN(rate)).toArray();
    double mean = Arrays.stream(known).average().orElse(1);
    double square = Arrays.stream(known).map(rate -> (rate - mean) * (rate - mean)).sum();
    double bad = mean - deviations * Math.sqrt(square / known.length);
    for (int i = 0; i < rates.length; i++) {
      // As good as all of them is good enough, however alike they are.
      if (rates[i] < bad && rates[i] < 0.99) {
        handle.eject(
            handle.endpoints()[i],
            "%.0f %% of its calls went well, %.0f %% of all".formatted(rates[i] * 100, mean * 100),
            now);
      }
    }
  }

  private void byTime(double slower, long now) {
    for (int i = 0; i < times.length; i++) {
      int own = i;
      var others =
          java.util.stream.IntStream.range(0, times.length)
              .filter(j -> j != own && !Double.isNaN(times[j]))
              .mapToDouble(j -> times[j])
              .sorted()
              .toArray();
      if (others.length < TARGETS_MIN - 1 || Double.isNaN(times[i])) {
        continue;
      }
      double median = others[others.length / 2];
      // Below a millisecond the difference is nobody's trouble.
      if (times[i] > median * slower && times[i] - median > 1e6) {
        handle.eject(
            handle.endpoints()[i],
            "its answers took %.1f ms, those of the others %.1f ms"
                .formatted(times[i] / 1e6, median / 1e6),
            now);
      }
    }
  }
}
