package io.ostiary.insight;

/// Percentiles in microseconds, exact to about 3 %; all 0 where there was no call.
public record Latency(long p50Micros, long p95Micros, long p99Micros, long maxMicros) {
  public static final Latency NONE = new Latency(0, 0, 0, 0);
}
