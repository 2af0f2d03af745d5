package io.ostiary.control.api;

import io.ostiary.insight.Latency;
import io.ostiary.insight.Point;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// Points as columns, the form that charts want.
record SeriesView(
    long stepMillis,
    List<Long> millis,
    List<Long> calls,
    List<Long> errors,
    List<OutcomeColumn> outcomes,
    LatencyColumns latency,
    List<Long> clientMicros,
    List<Long> gatewayMicros,
    List<Long> upstreamMicros,
    List<Long> bytesIn,
    List<Long> bytesOut,
    List<@Nullable Long> packetsPassed,
    List<@Nullable Long> packetBytesPassed,
    List<@Nullable Long> packetsDropped,
    List<DropColumn> drops) {
  record OutcomeColumn(String status, String cause, List<Long> calls) {}

  record LatencyColumns(
      List<@Nullable Long> p50Micros,
      List<@Nullable Long> p95Micros,
      List<@Nullable Long> p99Micros,
      List<@Nullable Long> maxMicros) {
    static LatencyColumns of(List<Point> points) {
      return new LatencyColumns(
          column(points, Latency::p50Micros),
          column(points, Latency::p95Micros),
          column(points, Latency::p99Micros),
          column(points, Latency::maxMicros));
    }

    private static List<@Nullable Long> column(List<Point> points, ToLongFunction<Latency> value) {
      return nullable(
          points, point -> point.calls() == 0 ? null : value.applyAsLong(point.latency()));
    }
  }

  record DropColumn(String reason, List<Long> packets) {}

  /// @param packets whether the kernel side runs
  static SeriesView of(List<Point> points, boolean packets) {
    return new SeriesView(
        points.isEmpty() ? 1000 : points.get(0).seconds() * 1000L,
        column(points, point -> point.at().toEpochMilli()),
        column(points, Point::calls),
        column(points, Point::errors),
        outcomes(points),
        LatencyColumns.of(points),
        column(points, Point::clientMicros),
        column(points, Point::gatewayMicros),
        column(points, Point::upstreamMicros),
        column(points, Point::requestBytes),
        column(points, Point::responseBytes),
        nullable(points, point -> packets ? point.packetsPassed() : null),
        nullable(points, point -> packets ? point.bytesPassed() : null),
        nullable(points, point -> packets ? LiveViews.dropped(point) : null),
        drops(points));
  }

  private static List<Long> column(List<Point> points, ToLongFunction<Point> value) {
    return points.stream().map(value::applyAsLong).toList();
  }

  private static List<@Nullable Long> nullable(
      List<Point> points, Function<Point, @Nullable Long> value) {
    return java.util.Arrays.asList(points.stream().map(value).toArray(Long[]::new));
  }

  private static List<OutcomeColumn> outcomes(List<Point> points) {
    Map<List<String>, Long[]> columns = new LinkedHashMap<>();
    for (int i = 0; i < points.size(); i++) {
      for (var outcome : points.get(i).outcomes()) {
        var key = List.of(outcome.status(), outcome.cause());
        columns.computeIfAbsent(key, any -> zeros(points.size()))[i] = outcome.calls();
      }
    }
    return columns.entrySet().stream()
        .map(entry ->
            new OutcomeColumn(
                entry.getKey().get(0), entry.getKey().get(1), List.of(entry.getValue())))
        .toList();
  }

  private static List<DropColumn> drops(List<Point> points) {
    Map<String, Long[]> columns = new LinkedHashMap<>();
    for (int i = 0; i < points.size(); i++) {
      for (var drop : points.get(i).drops()) {
        columns.computeIfAbsent(drop.reason(), any -> zeros(points.size()))[i] = drop.packets();
      }
    }
    return columns.entrySet().stream()
        .map(entry -> new DropColumn(entry.getKey(), List.of(entry.getValue())))
        .toList();
  }

  private static Long[] zeros(int length) {
    var zeros = new Long[length];
    java.util.Arrays.fill(zeros, 0L);
    return zeros;
  }
}
