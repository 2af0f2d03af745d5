package io.ostiary.gateway.testing;

import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.Mirror;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Work;
import io.ostiary.model.Api;
import io.ostiary.model.BanCase;
import io.ostiary.model.BanSink;
import io.ostiary.model.Conditions;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.Listener;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Split;
import io.ostiary.model.Tally;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Supplier;

/// A route of an API in a snapshot, for compiling one policy. Two sites with the same `shared` map
/// stand for two plans of one gateway.
public final class FakeSite implements Site {
  private static final Work WORK = new Work("fake-work", 1, 64);

  private final Snapshot snapshot;
  private final Api api;
  private final Route route;
  private final Map<String, Object> shared;
  private final List<BanCase> banCases = new ArrayList<>();
  private final BanSink bans = banCases::add;
  private HttpCalls http = HttpCalls.NONE;
  private Duration waitMax = Duration.ofHours(1);
  private final List<String> mirrored = new ArrayList<>();
  private int states;

  public FakeSite(Snapshot snapshot, Api api, Route route, Map<String, Object> shared) {
    this.snapshot = snapshot;
    this.api = api;
    this.route = route;
    this.shared = shared;
  }

  /// The first route of an API that is alone in its snapshot.
  public static FakeSite of(Api api) {
    var snapshot =
        new Snapshot(
            1,
            Instant.EPOCH,
            GatewaySettings.DEFAULT,
            List.of(new Listener("127.0.0.1", 8080)),
            List.of(api),
            List.of(),
            List.of(),
            List.of(),
            KernelSettings.OFF,
            List.of());
    return new FakeSite(snapshot, api, api.routes().getFirst(), new HashMap<>());
  }

  /// Some API with one route for everything.
  public static FakeSite anywhere() {
    var route =
        new Route("all", Set.of(), new PathPattern("/*"), Conditions.NONE, null, null, List.of());
    return of(
        new Api(
            "orders",
            List.of(),
            "/orders",
            "orders",
            Split.NONE,
            true,
            null,
            List.of(route),
            List.of()));
  }

  /// The same place with state that another plan left.
  public FakeSite after(FakeSite earlier) {
    return new FakeSite(snapshot, api, route, earlier.shared).calling(earlier.http);
  }

  /// A request for this site's route. Templates of the route's path are taken from the target.
  ///
  /// @param target path as the client sent it, the API's path included, and query
  public FakeExchange exchange(String method, String target) {
    int mark = target.indexOf('?');
    var path = mark < 0 ? target : target.substring(0, mark);
    var pattern = route.path().under(api.path()).segments();
    var segments = path.substring(1).split("/", -1);
    var parameters = new LinkedHashMap<String, String>();
    for (int i = 0; i < Math.min(pattern.size(), segments.length); i++) {
      var name = pattern.get(i);
      if (name.startsWith("{") && name.endsWith("}")) {
        parameters.put(name.substring(1, name.length() - 1), segments[i]);
      }
    }
    return new FakeExchange(api, route, method, target, parameters);
  }

  /// What filters of this site held against clients.
  public List<BanCase> banCases() {
    return banCases;
  }

  /// Sets how long its upstream lets a call be held up.
  public FakeSite patient(Duration most) {
    waitMax = most;
    return this;
  }

  /// Sets who answers the calls of its policies.
  public FakeSite calling(HttpCalls calls) {
    http = calls;
    return this;
  }

  @Override
  public HttpCalls http() {
    return http;
  }

  @Override
  public Duration waitMax() {
    return waitMax;
  }

  @Override
  public Work work() {
    return WORK;
  }

  /// Any policy on the class path.
  @Override
  public Filter filter(PolicyUse use) {
    for (Policy<?> policy : ServiceLoader.load(Policy.class)) {
      if (policy.name().equals(use.name())) {
        return compile(policy, use);
      }
    }
    throw new IllegalArgumentException("policy: " + use.name() + " (expected: a known one)");
  }

  private <S extends Record> Filter compile(Policy<S> policy, PolicyUse use) {
    return policy.compile(policy.settings().cast(use.settings()), this);
  }

  /// Copies nothing; notes each piece as `METHOD PATH piece` and `!` behind the last.
  @Override
  public Mirror mirror(String upstream, int bodyBytesMax, int copiesMax) {
    return exchange -> {
      var start = upstream + ": " + exchange.method() + ' ' + exchange.upstreamPath() + ' ';
      return new Mirror.Copy() {
        @Override
        public void body(ByteBuffer bytes, boolean last) {
          mirrored.add(start + StandardCharsets.UTF_8.decode(bytes) + (last ? "!" : ""));
        }

        @Override
        public void drop() {
          mirrored.add(start + "dropped");
        }
      };
    };
  }

  public List<String> mirrored() {
    return mirrored;
  }

  @Override
  public Tally tally(String name) {
    return shared(name, Tally.class, () -> new Tally(name, List.of()));
  }

  @Override
  public BanSink bans() {
    return bans;
  }

  @Override
  public Snapshot snapshot() {
    return snapshot;
  }

  @Override
  public Api api() {
    return api;
  }

  @Override
  public Route route() {
    return route;
  }

  @Override
  public <T> StateKey<T> state(Class<T> type) {
    return new StateKey<>(states++, type);
  }

  @Override
  public <T> T shared(String key, Class<T> type, Supplier<T> make) {
    return type.cast(shared.computeIfAbsent(key, _ -> make.get()));
  }
}
