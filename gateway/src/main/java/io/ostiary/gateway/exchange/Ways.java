package io.ostiary.gateway.exchange;

import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.model.Api;
import io.ostiary.model.Conditions;
import io.ostiary.model.Route;
import io.ostiary.model.Split;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes the ways of one plan's APIs and routes to its upstreams, which are those of this plan.
///
/// @param faults takes what is wrong
record Ways(Map<String, UpstreamHandle> handles, List<PlanFault> faults) {
  /// Null: it has no upstream, or with faults.
  @Nullable Way of(Api api) {
    return way(api, api.upstream(), api.split());
  }

  /// A route's own; null: the API's, or with faults.
  @Nullable Way of(Api api, Route route) {
    if (route.upstream() == null && route.split().to().isEmpty()) {
      return null;
    }
    return way(api, api.upstream(route), route.split());
  }

  private @Nullable Way way(Api api, @Nullable String upstream, Split split) {
    if (upstream == null) {
      return null;
    }
    var own = handle(api, upstream);
    var shares = new ArrayList<Way.Share>();
    int from = 0;
    for (var share : split.to()) {
      var other = handle(api, share.upstream());
      if (other != null) {
        int to = from + Way.draws(share.percent());
        var guard = guard(share.when(), "api " + api.name() + ", split: ", faults);
        shares.add(new Way.Share(other, guard, share.consumers(), from, to));
        from = to;
      }
    }
    return own == null ? null : new Way(own, split.by(), shares, api.name());
  }

  /// @param where it is asked, for the fault
  static @Nullable RouteGuard guard(Conditions conditions, String where, List<PlanFault> faults) {
    try {
      return RouteGuard.of(conditions);
    } catch (IllegalArgumentException e) {
      faults.add(PlanFault.of(where + "when: " + e.getMessage()));
      return null;
    }
  }

  private @Nullable UpstreamHandle handle(Api api, String name) {
    var handle = handles.get(name);
    if (handle == null) {
      faults.add(
          PlanFault.of(
              "api %s: upstream: %s (expected: one of %s)"
                  .formatted(api.name(), name, handles.keySet())));
    }
    return handle;
  }
}
