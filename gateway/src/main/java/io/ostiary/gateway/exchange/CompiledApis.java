package io.ostiary.gateway.exchange;

import io.ostiary.gateway.filter.FilterChain;
import io.ostiary.gateway.route.RouteTable.Place;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.model.Api;
import io.ostiary.model.ApiKey;
import io.ostiary.model.Consumer;
import io.ostiary.model.OutboundSettings;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Upgrades;
import io.ostiary.model.Upstream;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the plan before was compiled to, for those APIs of the next one that are the very same
/// objects: with ten thousand routes a change of one should not cost the work of all. Only APIs
/// whose policies all say that their filters last ([Policy#lasting]) are kept, and only while what
/// such filters may follow from stays. Guarded by whoever compiles.
final class CompiledApis {
  /// @param guard null: it has no conditions
  /// @param strip how much of the path is cut off before it goes upstream
  /// @param parameters the names of the `{name}` segments, in order
  /// @param places where the table has it
  record OfRoute(
      FilterChain chain,
      @Nullable RouteGuard guard,
      int strip,
      List<String> parameters,
      Bounds bounds,
      Upgrades upgrade,
      List<Place> places) {}

  /// @param routes in the order of the API's
  /// @param shared state that its filters hold
  record OfApi(List<OfRoute> routes, List<SharedState.Held> shared) {}

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
    if (basis == null || !nextBasis.equals(basis)) {
      before = new IdentityHashMap<>();
    }
  }

  /// Null: it is to be compiled.
  @Nullable OfApi get(Api api) {
    var known = before.get(api);
    if (known == null || !shared.keep(known.shared)) {
      return null;
    }
    next.put(api, known);
    return known;
  }

  void put(Api api, OfApi made) {
    next.put(api, made);
  }

  /// The plan was compiled without a fault.
  void commit() {
    before = next;
    basis = nextBasis;
  }
}
