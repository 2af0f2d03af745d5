package io.ostiary.insight.otlp;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.Data;
import io.opentelemetry.sdk.metrics.data.DoublePointData;
import io.opentelemetry.sdk.metrics.data.GaugeData;
import io.opentelemetry.sdk.metrics.data.HistogramData;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.metrics.data.SumData;
import io.opentelemetry.sdk.resources.Resource;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes OpenTelemetry's metrics of what `/metrics` shows, so that there is one count of each
/// thing. Counts run since the start of the process (cumulative). Immutable.
record Measures(Resource resource, long startNanos) {
  private record Metric(
      String getName,
      String getDescription,
      String getUnit,
      MetricDataType getType,
      Data<?> getData,
      Resource getResource)
      implements MetricData {
    @Override
    public InstrumentationScopeInfo getInstrumentationScopeInfo() {
      return Span.SCOPE;
    }
  }

  List<MetricData> of(MetricSnapshots snapshots, long nowNanos) {
    var all = new ArrayList<MetricData>();
    for (var snapshot : snapshots) {
      var metric = of(snapshot, nowNanos);
      if (metric != null) {
        all.add(metric);
      }
    }
    return all;
  }

  private @Nullable MetricData of(MetricSnapshot snapshot, long now) {
    return switch (snapshot) {
      case CounterSnapshot counter ->
          metric(
              snapshot,
              MetricDataType.DOUBLE_SUM,
              SumData.createDoubleSumData(
                  true,
                  AggregationTemporality.CUMULATIVE,
                  counter.getDataPoints().stream()
                      .map(point -> number(point.getLabels(), point.getValue(), now))
                      .toList()));
      case GaugeSnapshot gauge ->
          metric(
              snapshot,
              MetricDataType.DOUBLE_GAUGE,
              GaugeData.createDoubleGaugeData(
                  gauge.getDataPoints().stream()
                      .map(point -> number(point.getLabels(), point.getValue(), now))
                      .toList()));
      case HistogramSnapshot histogram ->
          metric(
              snapshot,
              MetricDataType.HISTOGRAM,
              HistogramData.create(
                  AggregationTemporality.CUMULATIVE,
                  histogram.getDataPoints().stream().map(point -> histogram(point, now)).toList()));
      // We make no others.
      default -> null;
    };
  }

  private MetricData metric(MetricSnapshot snapshot, MetricDataType type, Data<?> data) {
    var name = snapshot.getMetadata().getName();
    var help = snapshot.getMetadata().getHelp();
    return new Metric(name, help == null ? "" : help, unit(name), type, data, resource);
  }

  private static String unit(String name) {
    if (name.contains("_seconds")) {
      return "s";
    }
    return name.contains("_bytes") ? "By" : "1";
  }

  private DoublePointData number(Labels labels, double value, long now) {
    return DoublePointData.create(startNanos, now, attributes(labels), value, List.of());
  }

  private HistogramPointData histogram(
      HistogramSnapshot.HistogramDataPointSnapshot point, long now) {
    var bounds = new ArrayList<Double>();
    var counts = new ArrayList<Long>();
    var buckets = point.getClassicBuckets();
    for (int i = 0; i < buckets.size(); i++) {
      if (!Double.isInfinite(buckets.getUpperBound(i))) {
        bounds.add(buckets.getUpperBound(i));
      }
      counts.add(buckets.getCount(i));
    }
    return HistogramPointData.create(
        startNanos,
        now,
        attributes(point.getLabels()),
        point.getSum(),
        false,
        0,
        false,
        0,
        bounds,
        counts);
  }

  private static Attributes attributes(Labels labels) {
    var all = Attributes.builder();
    labels.forEach(label -> all.put(label.getName(), label.getValue()));
    return all.build();
  }
}
