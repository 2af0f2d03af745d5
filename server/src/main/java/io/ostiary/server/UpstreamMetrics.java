package io.ostiary.server;

import io.ostiary.model.UpstreamHealth;
import io.ostiary.model.UpstreamLoad;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/// The metrics of upstreams and their targets, in the Prometheus text format. At most 200 targets
/// and 200 upstreams are told apart; what is beyond is left out, and counted.
final class UpstreamMetrics {
  private static final int MOST = 200;

  private final StringBuilder out = new StringBuilder(4096);

  private UpstreamMetrics() {}

  static String of(List<UpstreamHealth> targets, List<UpstreamLoad> upstreams) {
    var metrics = new UpstreamMetrics();
    metrics.targets(targets.subList(0, Math.min(MOST, targets.size())));
    metrics.upstreams(upstreams.subList(0, Math.min(MOST, upstreams.size())));
    int left = Math.max(0, targets.size() - MOST) + Math.max(0, upstreams.size() - MOST);
    metrics.head(
        "ostiary_upstream_series_omitted",
        "gauge",
        "targets and upstreams beyond the 200 that are told apart");
    metrics.out.append("ostiary_upstream_series_omitted ").append(left).append('\n');
    return metrics.out.toString();
  }

  private void targets(List<UpstreamHealth> targets) {
    target(targets, "healthy", "1 while new calls are sent to it", t -> t.healthy() ? 1 : 0);
    target(
        targets,
        "share",
        "share of all calls meant for it by health and weight",
        t -> t.standing().share());
    target(targets, "in_flight", "calls it has not answered", UpstreamHealth::inFlight);
    target(
        targets,
        "latency_seconds",
        "peak-sensitive average to the first byte",
        t -> t.latencyMicros() / 1e6);
    target(
        targets,
        "server_seconds",
        "the server's own part of it, as the kernel tells",
        t -> t.standing().serverMicros() / 1e6);
    target(
        targets,
        "round_trip_seconds",
        "as the kernel smoothed it",
        t -> t.standing().roundTripMicros() / 1e6);
    target(targets, "loss_ratio", "segments that had to come again", t -> t.standing().loss());
  }

  private void target(
      List<UpstreamHealth> targets,
      String name,
      String help,
      ToDoubleFunction<UpstreamHealth> value) {
    var whole = "ostiary_target_" + name;
    head(whole, "gauge", help);
    for (var target : targets) {
      out.append(whole)
          .append("{upstream=\"")
          .append(target.upstream())
          .append("\",target=\"")
          .append(target.target())
          .append("\"} ");
      number(value.applyAsDouble(target));
    }
  }

  private void upstreams(List<UpstreamLoad> upstreams) {
    upstream(upstreams, "active", "gauge", "attempts in flight", UpstreamLoad::active);
    upstream(upstreams, "bound", "gauge", "how many may be; 0: any number", UpstreamLoad::bound);
    upstream(upstreams, "waiting", "gauge", "calls that wait for a place", UpstreamLoad::waiting);
    upstream(upstreams, "repeats", "gauge", "retries and hedges in flight", UpstreamLoad::repeats);
    upstream(upstreams, "panic", "gauge", "1 while all targets are asked", u -> u.panic() ? 1 : 0);
    upstream(
        upstreams,
        "retries_total",
        "counter",
        "attempts after a failed one",
        u -> u.counts().retries());
    upstream(
        upstreams,
        "retries_refused_total",
        "counter",
        "repeats that the budget did not allow",
        u -> u.counts().retriesRefused());
    upstream(
        upstreams,
        "hedges_total",
        "counter",
        "attempts beside a slow one",
        u -> u.counts().hedges());
    upstream(
        upstreams,
        "hedges_won_total",
        "counter",
        "hedges that were answered first",
        u -> u.counts().hedgesWon());
    upstream(
        upstreams,
        "ejections_total",
        "counter",
        "targets taken out by how their calls went",
        u -> u.counts().ejections());
    head("ostiary_upstream_shed_total", "counter", "calls refused because there was no room");
    for (var upstream : upstreams) {
      shed(upstream, "low", upstream.counts().shedLow());
      shed(upstream, "normal", upstream.counts().shedNormal());
      shed(upstream, "high", upstream.counts().shedHigh());
    }
  }

  private void upstream(
      List<UpstreamLoad> upstreams,
      String name,
      String type,
      String help,
      ToDoubleFunction<UpstreamLoad> value) {
    var whole = "ostiary_upstream_" + name;
    head(whole, type, help);
    for (var upstream : upstreams) {
      out.append(whole).append("{upstream=\"").append(upstream.upstream()).append("\"} ");
      number(value.applyAsDouble(upstream));
    }
  }

  private void shed(UpstreamLoad upstream, String priority, long count) {
    out.append("ostiary_upstream_shed_total{upstream=\"")
        .append(upstream.upstream())
        .append("\",priority=\"")
        .append(priority)
        .append("\"} ")
        .append(count)
        .append('\n');
  }

  private void head(String name, String type, String help) {
    out.append("# HELP ").append(name).append(' ').append(help).append('\n');
    out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private void number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      out.append((long) value);
    } else {
      out.append(String.format(Locale.ROOT, "%.6g", value));
    }
    out.append('\n');
  }
}
