package io.ostiary.insight.live;

import io.ostiary.insight.Point;
import io.ostiary.insight.Point.Drop;
import io.ostiary.model.LedgerSlot;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What becomes one point. Confined to the ledger reader.
final class Sums {
  private final Tally total = new Tally("");
  private final Outcomes outcomes = new Outcomes();
  private final Map<String, Drop> drops = new TreeMap<>();
  private long clientNanos;
  private long gatewayNanos;
  private long upstreamNanos;
  private long passed;
  private long passedBytes;

  void add(LedgerSlot slot, boolean error, long micros, Split split) {
    total.add(error, micros, slot.requestBytes, slot.responseBytes);
    outcomes.add(slot);
    clientNanos += split.clientNanos;
    gatewayNanos += split.gatewayNanos;
    upstreamNanos += split.upstreamNanos;
  }

  void addAll(Sums other, PacketRates rates) {
    total.addAll(other.total);
    outcomes.addAll(other.outcomes);
    clientNanos += other.clientNanos;
    gatewayNanos += other.gatewayNanos;
    upstreamNanos += other.upstreamNanos;
    passed += rates.passed();
    passedBytes += rates.passedBytes();
    for (var drop : rates.drops()) {
      drops.merge(
          drop.reason(),
          drop,
          (a, b) -> new Drop(a.reason(), a.packets() + b.packets(), a.bytes() + b.bytes()));
    }
  }

  PacketRates packetRates() {
    return new PacketRates(passed, passedBytes, List.copyOf(drops.values()), List.of(), List.of());
  }

  Point point(long fromMillis, int seconds, PacketRates rates) {
    return new Point(
        Instant.ofEpochMilli(fromMillis),
        seconds,
        total.calls,
        total.errors,
        outcomes.list(),
        total.latency.latency(),
        clientNanos / 1000,
        gatewayNanos / 1000,
        upstreamNanos / 1000,
        total.requestBytes,
        total.responseBytes,
        rates.passed(),
        rates.passedBytes(),
        rates.drops());
  }

  void clear() {
    total.clear();
    outcomes.clear();
    drops.clear();
    clientNanos = 0;
    gatewayNanos = 0;
    upstreamNanos = 0;
    passed = 0;
    passedBytes = 0;
  }
}
