package io.ostiary.gateway.exchange;

import io.ostiary.gateway.filter.FilterChain;
import io.ostiary.gateway.route.RouteTable;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.gateway.upstream.UpstreamRegistry;
import io.ostiary.model.Api;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Makes a [Plan] of a snapshot, or a list of everything that is wrong with it. Runs on a
/// control-plane thread and may take its time.
public final class PlanCompiler {
  private final Map<String, Policy<?>> policies = new HashMap<>();
  private final UpstreamRegistry registry;
  private final SharedState shared;

  public PlanCompiler(List<Policy<?>> all, UpstreamRegistry registry, SharedState shared) {
    for (var policy : all) {
      policies.put(policy.name(), policy);
    }
    this.registry = registry;
    this.shared = shared;
  }

  /// @param problems takes what is wrong
  /// @return null where anything is
  public @Nullable Plan compile(Snapshot snapshot, Instant now, List<String> problems) {
    var handles = new HashMap<String, UpstreamHandle>();
    for (var handle : registry.compile(snapshot.upstreams())) {
      if (handles.put(handle.upstream().name(), handle) != null) {
        problems.add("upstream " + handle.upstream().name() + ": named twice (expected: once)");
      }
    }
    var routes = new RouteTable<RoutePlan>();
    for (var api : snapshot.apis()) {
      var upstream = handles.get(api.upstream());
      if (upstream == null) {
        problems.add(
            "api %s: upstream: %s (expected: one of %s)"
                .formatted(api.name(), api.upstream(), handles.keySet()));
        continue;
      }
      for (var route : api.routes()) {
        add(routes, snapshot, api, route, upstream, problems);
      }
    }
    if (!problems.isEmpty()) {
      return null;
    }
    return new Plan(
        snapshot,
        routes,
        List.copyOf(handles.values()),
        new AddressSet(snapshot.gateway().trustedProxies()),
        new Bans(snapshot.bans().stream().filter(ban -> ban.until().isAfter(now)).toList()),
        Plan.Waits.of(snapshot.gateway()));
  }

  private void add(
      RouteTable<RoutePlan> routes,
      Snapshot snapshot,
      Api api,
      Route route,
      UpstreamHandle upstream,
      List<String> problems) {
    var where = "api " + api.name() + ", route " + route.id() + ": ";
    var chain = chain(snapshot, api, route, where, problems);
    if (chain == null) {
      return;
    }
    var pattern = route.path().under(api.path());
    var parameters = new ArrayList<String>();
    for (var segment : pattern.segments()) {
      if (RouteTable.templated(segment)) {
        parameters.add(segment.substring(1, segment.length() - 1));
      }
    }
    int strip = api.stripPath() && !api.path().equals("/") ? api.path().length() : 0;
    var plan = new RoutePlan(api, route, chain, upstream, strip, List.copyOf(parameters));
    var wrong = routes.add(pattern, route.methods(), plan);
    if (wrong != null) {
      problems.add(where + wrong);
    }
  }

  private @Nullable FilterChain chain(
      Snapshot snapshot, Api api, Route route, String where, List<String> problems) {
    var uses = new ArrayList<>(api.policies());
    uses.addAll(route.policies());
    if (uses.isEmpty()) {
      return FilterChain.EMPTY;
    }
    if (uses.size() > FilterChain.FILTERS_MAX) {
      problems.add(
          where + "policies: %d (expected: 0-%d)".formatted(uses.size(), FilterChain.FILTERS_MAX));
      return null;
    }
    var site = new SiteOf(snapshot, api, route);
    var filters = new ArrayList<Filter>();
    var names = new ArrayList<String>();
    int before = problems.size();
    for (var use : uses) {
      var filter = filter(use, site, where, problems);
      if (filter != null) {
        filters.add(filter);
        names.add(use.name());
      }
    }
    return problems.size() > before ? null : new FilterChain(filters, names, site.states);
  }

  private @Nullable Filter filter(PolicyUse use, Site site, String where, List<String> problems) {
    var policy = policies.get(use.name());
    if (policy == null) {
      problems.add(
          where + "policy: %s (expected: one of %s)".formatted(use.name(), policies.keySet()));
      return null;
    }
    try {
      return compile(policy, use.settings(), site);
    } catch (RuntimeException e) {
      problems.add(where + use.name() + ": " + e.getMessage());
      return null;
    }
  }

  private static <S extends Record> Filter compile(Policy<S> policy, Record settings, Site site) {
    if (!policy.settings().isInstance(settings)) {
      throw new IllegalArgumentException(
          "settings: "
              + settings.getClass().getSimpleName()
              + " (expected: "
              + policy.settings().getSimpleName()
              + ")");
    }
    return policy.compile(policy.settings().cast(settings), site);
  }

  private final class SiteOf implements Site {
    private final Snapshot snapshot;
    private final Api api;
    private final Route route;
    private int states;

    private SiteOf(Snapshot snapshot, Api api, Route route) {
      this.snapshot = snapshot;
      this.api = api;
      this.route = route;
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
      return shared.get(key, type, make);
    }
  }
}
