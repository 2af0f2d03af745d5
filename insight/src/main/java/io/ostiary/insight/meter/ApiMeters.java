package io.ostiary.insight.meter;

import io.ostiary.insight.ledger.CallPackets;
import io.ostiary.insight.ledger.Row;
import io.ostiary.model.Blame;
import io.ostiary.model.LedgerSlot;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLongArray;

/// The counts of one API. Written by the ledger reader alone, so a count is a plain addition that
/// others may see a moment later; read by whoever scrapes.
final class ApiMeters {
  private static final String[] CLASSES = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  private static final int BLAMES = Blame.values().length;
  private static final int[] BOUNDS_MICROS = {
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000
  };
  private static final int BUCKETS = CLASSES.length * BLAMES;
  private static final int REQUEST_BYTES = BUCKETS + BOUNDS_MICROS.length + 1;
  private static final int RESPONSE_BYTES = REQUEST_BYTES + 1;
  private static final int NANOS = RESPONSE_BYTES + 1;
  private static final int PACKETS_IN = NANOS + 1;
  private static final int PACKETS_OUT = PACKETS_IN + 1;
  private static final int RESENT = PACKETS_OUT + 1;
  private static final int SIZE = RESENT + 1;

  private final String name;
  private final CallPackets packets = new CallPackets();
  private final AtomicLongArray counts = new AtomicLongArray(SIZE);

  ApiMeters(String name) {
    this.name = name;
  }

  void add(LedgerSlot slot) {
    int status = slot.status < 100 || slot.status > 599 ? 0 : slot.status / 100;
    long nanos = Math.max(0, slot.endNanos - slot.firstByteNanos);
    add(status * BLAMES + Row.code(slot.blame), 1);
    add(BUCKETS + bucket(nanos / 1000), 1);
    add(REQUEST_BYTES, slot.requestBytes);
    add(RESPONSE_BYTES, slot.responseBytes);
    add(NANOS, nanos);
    packets.of(slot);
    add(PACKETS_IN, packets.in);
    add(PACKETS_OUT, packets.out);
    add(RESENT, packets.resent);
  }

  private void add(int at, long count) {
    counts.setOpaque(at, counts.getPlain(at) + count);
  }

  private static int bucket(long micros) {
    int bucket = 0;
    while (bucket < BOUNDS_MICROS.length && micros > BOUNDS_MICROS[bucket]) {
      bucket++;
    }
    return bucket;
  }

  void calls(CounterWithCallback.Callback callback) {
    for (int i = 0; i < BUCKETS; i++) {
      long count = counts.getOpaque(i);
      if (count > 0) {
        var blame = Row.blame(i % BLAMES).name().toLowerCase(Locale.ROOT);
        callback.call((double) count, name, CLASSES[i / BLAMES], blame);
      }
    }
  }

  void requestBytes(CounterWithCallback.Callback callback) {
    callback.call((double) counts.getOpaque(REQUEST_BYTES), name);
  }

  void responseBytes(CounterWithCallback.Callback callback) {
    callback.call((double) counts.getOpaque(RESPONSE_BYTES), name);
  }

  void packets(CounterWithCallback.Callback callback) {
    callback.call((double) counts.getOpaque(PACKETS_IN), name, "in");
    callback.call((double) counts.getOpaque(PACKETS_OUT), name, "out");
  }

  void resent(CounterWithCallback.Callback callback) {
    callback.call((double) counts.getOpaque(RESENT), name);
  }

  HistogramDataPointSnapshot durations() {
    var bounds = new double[BOUNDS_MICROS.length + 1];
    var each = new long[bounds.length];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = i < BOUNDS_MICROS.length ? BOUNDS_MICROS[i] / 1e6 : Double.POSITIVE_INFINITY;
      each[i] = counts.getOpaque(BUCKETS + i);
    }
    return HistogramDataPointSnapshot.builder()
        .classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, each))
        .sum(counts.getOpaque(NANOS) / 1e9)
        .labels(Labels.of("api", name))
        .build();
  }
}
