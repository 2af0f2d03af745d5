package io.ostiary.control.api;

import io.ostiary.insight.CallLine;
import io.ostiary.insight.Latency;
import io.ostiary.insight.LiveTick;
import io.ostiary.insight.Point;
import io.ostiary.model.Peers;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Numbers of the live view as they go out; see `openapi.yaml`.
final class LiveViews {
  private LiveViews() {}

  record LatencyView(
      @Nullable Long p50Micros,
      @Nullable Long p95Micros,
      @Nullable Long p99Micros,
      @Nullable Long maxMicros) {
    static final LatencyView NONE = new LatencyView(null, null, null, null);

    static LatencyView of(long calls, Latency latency) {
      return calls == 0
          ? NONE
          : new LatencyView(
              latency.p50Micros(), latency.p95Micros(), latency.p99Micros(), latency.maxMicros());
    }
  }

  record Rate(
      long calls,
      long errors,
      double callsPerSecond,
      LatencyView latency,
      long bytesIn,
      long bytesOut,
      long packetsIn,
      long packetsOut,
      long resent) {
    static final Rate NONE = new Rate(0, 0, 0, LatencyView.NONE, 0, 0, 0, 0, 0);

    static Rate of(LiveTick.Group group) {
      return new Rate(
          group.calls(),
          group.errors(),
          group.callsPerSecond(),
          LatencyView.of(group.calls(), group.latency()),
          group.requestBytes(),
          group.responseBytes(),
          group.packetsIn(),
          group.packetsOut(),
          group.resent());
    }

    /// The rate of the group of this name; none where it had no calls.
    static Rate of(String name, List<LiveTick.Group> groups) {
      for (var group : groups) {
        if (group.name().equals(name)) {
          return of(group);
        }
      }
      return NONE;
    }
  }

  record NamedRate(String name, String title, Rate rate) {}

  record Outcome(String status, String cause, long calls) {}

  record Drop(String reason, long packets, long bytes) {}

  record PointView(
      Instant at,
      int seconds,
      long calls,
      long errors,
      List<Outcome> outcomes,
      LatencyView latency,
      long clientMicros,
      long gatewayMicros,
      long upstreamMicros,
      long bytesIn,
      long bytesOut,
      @Nullable Long packetsPassed,
      @Nullable Long packetBytesPassed,
      @Nullable Long packetsDropped,
      List<Drop> drops) {
    /// @param packets whether the kernel side runs
    static PointView of(Point point, boolean packets) {
      return new PointView(
          point.at(),
          point.seconds(),
          point.calls(),
          point.errors(),
          point.outcomes().stream()
              .map(outcome -> new Outcome(outcome.status(), outcome.cause(), outcome.calls()))
              .toList(),
          LatencyView.of(point.calls(), point.latency()),
          point.clientMicros(),
          point.gatewayMicros(),
          point.upstreamMicros(),
          point.requestBytes(),
          point.responseBytes(),
          packets ? point.packetsPassed() : null,
          packets ? point.bytesPassed() : null,
          packets ? dropped(point) : null,
          point.drops().stream()
              .map(drop -> new Drop(drop.reason(), drop.packets(), drop.bytes()))
              .toList());
    }
  }

  static long dropped(Point point) {
    return point.drops().stream().mapToLong(Point.Drop::packets).sum();
  }

  record CallLineView(
      String call,
      Instant start,
      String method,
      String target,
      @Nullable String api,
      @Nullable String route,
      @Nullable String consumer,
      @Nullable String consumerName,
      String client,
      int status,
      String blame,
      String reason,
      long durationMicros,
      long requestBytes,
      long responseBytes) {
    static CallLineView of(CallLine line, Names names) {
      return new CallLineView(
          line.id(),
          line.start(),
          line.method(),
          line.target(),
          line.api(),
          line.route(),
          line.consumer(),
          line.consumer() == null ? null : names.consumer(line.consumer()),
          Peers.text(line.client()),
          line.status(),
          line.blame().name().toLowerCase(Locale.ROOT),
          line.reason(),
          line.durationMicros(),
          line.requestBytes(),
          line.responseBytes());
    }
  }

  /// What ids are called.
  @FunctionalInterface
  interface Names {
    /// Null where the consumer is gone.
    @Nullable String consumer(String id);
  }
}
