package io.ostiary.gateway.upstream;

import io.ostiary.model.Target;
import io.ostiary.model.Upstream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The targets of an upstream at one moment, and what is made of the whole list. Immutable;
/// replaced when others are discovered.
final class Members {
  private final Endpoint[] endpoints;
  private final Balancer balancer;
  private final @Nullable StickyCookies sticky;

  private Members(List<Endpoint> endpoints, Balancer balancer, @Nullable StickyCookies sticky) {
    this.endpoints = endpoints.toArray(Endpoint[]::new);
    this.balancer = balancer;
    this.sticky = sticky;
  }

  /// @param targets of the endpoints, as they are wanted
  static Members of(
      Upstream upstream, List<Target> targets, List<Endpoint> endpoints, UpstreamState state) {
    var cookie = upstream.spread().sticky();
    return new Members(
        endpoints,
        state.balancer(upstream.balance(), targets),
        cookie == null ? null : new StickyCookies(upstream.name(), cookie, endpoints));
  }

  /// Shared: do not write to it.
  Endpoint[] endpoints() {
    return endpoints;
  }

  Balancer balancer() {
    return balancer;
  }

  /// Null: calls are not kept together by a cookie.
  @Nullable StickyCookies sticky() {
    return sticky;
  }
}
