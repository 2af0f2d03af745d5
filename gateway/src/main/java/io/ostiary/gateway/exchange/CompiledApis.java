package io.ostiary.gateway.exchange;

import io.ostiary.gateway.filter.FilterChain;
import io.ostiary.gateway.route.RouteTable.Place;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.model.Api;
import io.ostiary.model.ApiKey;
import io.ostiary.model.Consumer;
import io.ostiary.model.OutboundSettings;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Upgrades;
import io.ostiary.model.Upstream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the plan before was compiled to, for those APIs and routes of the next one that are the
/// very same objects: with ten thousand routes a change of one should not cost the work of all.
/// Only APIs whose policies all say that their filters last ([Policy#lasting]) are kept, and only
/// while what such filters may follow from stays. Of an API that differs in its routes alone those
/// that are the same are kept where none of its policies looks at the others ([Policy#ofOneRoute]).
/// Guarded by whoever compiles.
final class CompiledApis {
  /// @param shared state that its filters hold
  /// @param guard null: it has no conditions
  /// @param strip how much of the path is cut off before it goes upstream
  /// @param parameters the names of the `{name}` segments, in order
  /// @param places where the table has it
  record OfRoute(
      FilterChain chain,
      List<SharedState.Held> shared,
      @Nullable RouteGuard guard,
      int strip,
      List<String> parameters,
      Bounds bounds,
      Upgrades upgrade,
      List<Place> places) {}

  /// @param routes in the order of the API's
  /// @param chains what its routes share
  record OfApi(Api api, List<OfRoute> routes, Chains chains) {}

  /// What lasting filters may follow from, beside settings, API and route.
  private record Basis(
      Map<String, Policy<?>> policies,
      List<Consumer> consumers,
      List<ApiKey> keys,
      List<Upstream> upstreams,
      OutboundSettings outbound) {}

  private final SharedState shared;
  private @Nullable Basis basis;
  private @Nullable Basis nextBasis;
  private IdentityHashMap<Api, OfApi> before = new IdentityHashMap<>();

  /// The same by their names, once that is asked for.
  private final Map<String, OfApi> named = new HashMap<>();

  private IdentityHashMap<Api, OfApi> next = new IdentityHashMap<>();

  CompiledApis(SharedState shared) {
    this.shared = shared;
  }

  /// The next plan is to be compiled of this.
  void begin(Map<String, Policy<?>> policies, Snapshot snapshot) {
    nextBasis =
        new Basis(
            policies,
            snapshot.consumers(),
            snapshot.keys(),
            snapshot.upstreams(),
            snapshot.gateway().outbound());
    next = new IdentityHashMap<>();
    named.clear();
    if (basis == null || !nextBasis.equals(basis)) {
      before = new IdentityHashMap<>();
    }
  }

  /// Null: it is to be compiled.
  @Nullable OfApi get(Api api) {
    var known = before.get(api);
    if (known == null || !known.routes.stream().allMatch(this::holds)) {
      return null;
    }
    next.put(api, known);
    return known;
  }

  /// Whether the state that its filters hold is there; then it is asked for.
  private boolean holds(OfRoute route) {
    return shared.keep(route.shared);
  }

  /// What was compiled of an API that differs from this one in nothing but routes, and of which
  /// single routes can be taken over; null: there is none.
  @Nullable OfApi like(Api api) {
    if (named.isEmpty()) {
      before.values().forEach(known -> named.put(known.api.name(), known));
    }
    var known = named.get(api.name());
    return known != null
            && known.chains.ofOneRoute
            && known.chains.waitsDiffer == Chains.waitsDiffer(api)
            && known.api.withRoutes(List.of()).equals(api.withRoutes(List.of()))
        ? known
        : null;
  }

  /// The routes of an API that another had as well, in the places where it has them; null in the
  /// place of one that is to be compiled.
  @SuppressWarnings("ReferenceEquality") // An equal route may have other filters.
  List<@Nullable OfRoute> same(Api api, @Nullable OfApi other) {
    var now = api.routes();
    var same = new ArrayList<@Nullable OfRoute>(Collections.nCopies(now.size(), null));
    if (other == null) {
      return same;
    }
    var then = other.api.routes();
    int most = Math.min(now.size(), then.size());
    int head = 0;
    while (head < most && now.get(head) == then.get(head)) {
      same.set(head, other.routes.get(head));
      head++;
    }
    int tail = 0;
    while (tail < most - head
        && now.get(now.size() - 1 - tail) == then.get(then.size() - 1 - tail)) {
      same.set(now.size() - 1 - tail, other.routes.get(then.size() - 1 - tail));
      tail++;
    }
    var between = new IdentityHashMap<Route, OfRoute>();
    for (int i = head; i < then.size() - tail; i++) {
      between.put(then.get(i), other.routes.get(i));
    }
    for (int i = head; i < now.size() - tail; i++) {
      same.set(i, between.get(now.get(i)));
    }
    same.replaceAll(route -> route != null && holds(route) ? route : null);
    return same;
  }

  void put(Api api, OfApi made) {
    next.put(api, made);
  }

  /// The plan was compiled without a fault.
  void commit() {
    before = next;
    named.clear();
    basis = nextBasis;
  }
}
