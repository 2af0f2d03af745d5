package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.TargetHealth;
import io.ostiary.control.access.Access;
import io.ostiary.control.api.LiveViews.Rate;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Query;
import io.ostiary.insight.InsightView;
import io.ostiary.insight.LiveTick;
import io.ostiary.model.Api;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Target;
import io.ostiary.model.Upstream;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// `upstreams`: those who answer, and how their targets are doing.
final class UpstreamsApi {
  private final SnapshotSource source;
  private final InsightView insight;
  private final Supplier<List<TargetHealth>> health;

  UpstreamsApi(SnapshotSource source, InsightView insight, Supplier<List<TargetHealth>> health) {
    this.source = source;
    this.insight = insight;
    this.health = health;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/upstreams", Access.VIEWER, this::list),
        Route.get("/api/v1/upstreams/{upstream}", Access.VIEWER, this::one));
  }

  record Listed(List<View> items) {}

  record View(
      String name,
      String balance,
      @Nullable String healthPath,
      List<String> apis,
      Rate rate,
      List<TargetView> targets) {}

  record TargetView(
      String target,
      int weight,
      String state,
      String why,
      @Nullable Instant since,
      @Nullable Long inFlight,
      @Nullable Long latencyMicros) {}

  private void list(Context context) {
    Query.of(context);
    context.json(new Listed(views()));
  }

  private void one(Context context) {
    Query.of(context);
    var name = context.pathParam("upstream");
    context.json(
        views().stream()
            .filter(view -> view.name().equals(name))
            .findFirst()
            .orElseThrow(() -> ApiProblem.notFound("upstream", name)));
  }

  private List<View> views() {
    var snapshot = source.state().running();
    if (snapshot == null) {
      return List.of();
    }
    var tick = insight.live().latest();
    var healths = health.get();
    return snapshot.upstreams().stream()
        .map(upstream -> view(upstream, snapshot, tick, healths))
        .toList();
  }

  private static View view(
      Upstream upstream, Snapshot snapshot, LiveTick tick, List<TargetHealth> healths) {
    var check = upstream.health();
    return new View(
        upstream.name(),
        word(upstream.balance()),
        check == null ? null : check.path(),
        snapshot.apis().stream()
            .filter(api -> api.upstream().equals(upstream.name()))
            .map(Api::name)
            .toList(),
        Rate.of(upstream.name(), tick.upstreams()),
        upstream.targets().stream().map(target -> target(upstream, target, healths)).toList());
  }

  private static TargetView target(Upstream upstream, Target target, List<TargetHealth> healths) {
    var name = target.toString();
    for (var health : healths) {
      if (health.upstream().equals(upstream.name()) && health.target().equals(name)) {
        return new TargetView(
            name,
            target.weight(),
            word(health.state()),
            health.why(),
            health.since(),
            health.inFlight(),
            health.latencyMicros());
      }
    }
    return new TargetView(name, target.weight(), "unknown", "not asked yet", null, null, null);
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
