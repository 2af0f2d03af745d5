package io.ostiary.server;

import io.ostiary.model.UpstreamHealth;
import io.ostiary.model.UpstreamLoad;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// The metrics of upstreams and their targets, in the Prometheus text format. At most 200 targets
/// and 200 upstreams are told apart; what is beyond is left out, and counted.
final class UpstreamMetrics {
  private final MetricText out = new MetricText();

  private UpstreamMetrics() {}

  static String of(List<UpstreamHealth> targets, List<UpstreamLoad> upstreams) {
    var metrics = new UpstreamMetrics();
    metrics.targets(metrics.out.first(targets));
    metrics.upstreams(metrics.out.first(upstreams));
    metrics.out.omitted(
        "upstream_series_omitted", "targets and upstreams beyond the 200 that are told apart");
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
    var whole = "target_" + name;
    out.metric(whole, help);
    for (var target : targets) {
      out.sample(
          whole,
          value.applyAsDouble(target),
          "upstream",
          target.upstream(),
          "target",
          target.target().toString());
    }
  }

  private void upstreams(List<UpstreamLoad> upstreams) {
    upstream(upstreams, "active", "attempts in flight", UpstreamLoad::active);
    upstream(upstreams, "bound", "how many may be; 0: any number", UpstreamLoad::bound);
    upstream(upstreams, "waiting", "calls that wait for a place", UpstreamLoad::waiting);
    upstream(upstreams, "repeats", "retries and hedges in flight", UpstreamLoad::repeats);
    upstream(upstreams, "panic", "1 while all targets are asked", u -> u.panic() ? 1 : 0);
    upstream(upstreams, "retries_total", "attempts after a failed one", u -> u.counts().retries());
    upstream(
        upstreams,
        "retries_refused_total",
        "repeats that the budget did not allow",
        u -> u.counts().retriesRefused());
    upstream(upstreams, "hedges_total", "attempts beside a slow one", u -> u.counts().hedges());
    upstream(
        upstreams,
        "hedges_won_total",
        "hedges that were answered first",
        u -> u.counts().hedgesWon());
    upstream(
        upstreams,
        "ejections_total",
        "targets taken out by how their calls went",
        u -> u.counts().ejections());
    out.metric("upstream_shed_total", "calls refused because there was no room");
    for (var upstream : upstreams) {
      shed(upstream, "low", upstream.counts().shedLow());
      shed(upstream, "normal", upstream.counts().shedNormal());
      shed(upstream, "high", upstream.counts().shedHigh());
    }
  }

  private void upstream(
      List<UpstreamLoad> upstreams,
      String name,
      String help,
      ToDoubleFunction<UpstreamLoad> value) {
    var whole = "upstream_" + name;
    out.metric(whole, help);
    for (var upstream : upstreams) {
      out.sample(whole, value.applyAsDouble(upstream), "upstream", upstream.upstream());
    }
  }

  private void shed(UpstreamLoad upstream, String priority, long count) {
    out.sample("upstream_shed_total", count, "upstream", upstream.upstream(), "priority", priority);
  }
}
