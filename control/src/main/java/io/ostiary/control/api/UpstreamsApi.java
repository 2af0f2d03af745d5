package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.Upstreams;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.Guard;
import io.ostiary.control.api.LiveViews.Rate;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Query;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Database;
import io.ostiary.insight.InsightView;
import io.ostiary.insight.LiveTick;
import io.ostiary.model.Api;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Target;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamHealth;
import io.ostiary.model.UpstreamLoad;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// `upstreams`: those who answer, and how their targets are doing.
final class UpstreamsApi {
  private final SnapshotSource source;
  private final InsightView insight;
  private final Upstreams upstreams;
  private final Database database;
  private final Clock clock;

  UpstreamsApi(
      SnapshotSource source,
      InsightView insight,
      Upstreams upstreams,
      Database database,
      Clock clock) {
    this.source = source;
    this.insight = insight;
    this.upstreams = upstreams;
    this.database = database;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/upstreams", Access.VIEWER, this::list),
        Route.get("/api/v1/upstreams/{upstream}", Access.VIEWER, this::one),
        Route.post(
            "/api/v1/upstreams/{upstream}/targets/{target}/drain",
            Access.ADMIN,
            context -> drain(context, true)),
        Route.post(
            "/api/v1/upstreams/{upstream}/targets/{target}/undrain",
            Access.ADMIN,
            context -> drain(context, false)));
  }

  record Listed(List<View> items) {}

  record View(
      String name,
      String balance,
      @Nullable String healthPath,
      List<String> apis,
      Rate rate,
      @Nullable LoadView load,
      List<TargetView> targets) {}

  /// Of the bound, 0: there is none.
  record LoadView(
      int active,
      @Nullable Integer bound,
      int waiting,
      int repeats,
      int budget,
      boolean panic,
      @Nullable Long withoutQueueMicros,
      String discovery,
      long retries,
      long retriesRefused,
      long hedges,
      long hedgesWon,
      long ejections,
      Shed shed) {}

  record Shed(long low, long normal, long high) {}

  record TargetView(
      String target,
      int weight,
      @Nullable String zone,
      int priority,
      String state,
      String why,
      @Nullable Double share,
      @Nullable Double ramp,
      @Nullable Integer inFlight,
      @Nullable Long latencyMicros,
      @Nullable Long serverMicros,
      @Nullable Long roundTripMicros,
      @Nullable Double loss,
      int ejections) {}

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

  private void drain(Context context, boolean drained) {
    Query.of(context);
    var upstream = context.pathParam("upstream");
    var target = context.pathParam("target");
    if (!upstreams.drain(upstream, target, drained)) {
      throw ApiProblem.notFound("target", upstream + " " + target);
    }
    var actor = Guard.principal(context).actor();
    database.write(handle -> {
      Audit.add(
          handle,
          clock.instant(),
          actor,
          drained ? "target-drained" : "target-undrained",
          upstream,
          target);
      return null;
    });
    context.status(204);
  }

  private List<View> views() {
    var snapshot = source.state().running();
    if (snapshot == null) {
      return List.of();
    }
    var tick = insight.live().latest();
    var healths = upstreams.health();
    var loads = upstreams.loads();
    return snapshot.upstreams().stream()
        .map(upstream -> view(upstream, snapshot, tick, healths, loads))
        .toList();
  }

  private static View view(
      Upstream upstream,
      Snapshot snapshot,
      LiveTick tick,
      List<UpstreamHealth> healths,
      List<UpstreamLoad> loads) {
    var check = upstream.health();
    return new View(
        upstream.name(),
        word(upstream.balance()),
        check == null ? null : words(check),
        snapshot.apis().stream()
            .filter(api -> api.upstreams().contains(upstream.name()))
            .map(Api::name)
            .toList(),
        Rate.of(upstream.name(), tick.upstreams()),
        loads.stream()
            .filter(load -> load.upstream().equals(upstream.name()))
            .findFirst()
            .map(UpstreamsApi::load)
            .orElse(null),
        targets(upstream, healths));
  }

  private static LoadView load(UpstreamLoad load) {
    var counts = load.counts();
    return new LoadView(
        load.active(),
        load.bound() == 0 ? null : load.bound(),
        load.waiting(),
        load.repeats(),
        load.budget(),
        load.panic(),
        load.withoutQueueMicros() == 0 ? null : load.withoutQueueMicros(),
        load.discovery(),
        counts.retries(),
        counts.retriesRefused(),
        counts.hedges(),
        counts.hedgesWon(),
        counts.ejections(),
        new Shed(counts.shedLow(), counts.shedNormal(), counts.shedHigh()));
  }

  /// Those that the data plane knows, which for names and files that stand for several are not the
  /// written ones.
  private static List<TargetView> targets(Upstream upstream, List<UpstreamHealth> healths) {
    var known =
        healths.stream().filter(health -> health.upstream().equals(upstream.name())).toList();
    return known.isEmpty()
        ? upstream.targets().stream().map(UpstreamsApi::unknown).toList()
        : known.stream().map(UpstreamsApi::target).toList();
  }

  private static TargetView unknown(Target target) {
    return new TargetView(
        target.toString(),
        target.weight(),
        target.zone(),
        target.priority(),
        "unknown",
        "not asked yet",
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        0);
  }

  private static TargetView target(UpstreamHealth health) {
    var standing = health.standing();
    boolean measured = standing.roundTripMicros() > 0;
    return new TargetView(
        health.target().toString(),
        health.target().weight(),
        health.target().zone(),
        health.target().priority(),
        standing.draining() ? "draining" : health.healthy() ? "healthy" : "unhealthy",
        health.why(),
        standing.share(),
        standing.ramp(),
        health.inFlight(),
        health.latencyMicros() == 0 ? null : health.latencyMicros(),
        measured ? standing.serverMicros() : null,
        measured ? standing.roundTripMicros() : null,
        measured ? standing.loss() : null,
        standing.ejections());
  }

  private static String words(HealthCheck check) {
    return switch (check.expected().kind()) {
      case HTTP -> check.path();
      case GRPC -> "gRPC " + check.expected().service();
      case TCP -> "TCP connection";
    };
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
