package io.ostiary.gateway.exchange;

import io.ostiary.gateway.filter.FilterChain;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.model.Api;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What the routes of one API can share, and what is known of its filters. Guarded by whoever
/// compiles.
final class Chains {
  /// By the policies that routes add.
  final Map<List<PolicyUse>, Made> whole = new HashMap<>();

  /// Filters of the API's own policies that did not ask for their route, by their places.
  final Map<Integer, Shared> own = new HashMap<>();

  /// The one that was made last: most are made of the same kinds of filters.
  FilterChain last = FilterChain.EMPTY;

  /// Whether an answer may take longer at one route than at another.
  final boolean waitsDiffer;

  /// Whether all filters of the API may go on under later plans.
  boolean lasting = true;

  /// Whether none of them follows from any route but its own.
  boolean ofOneRoute = true;

  /// @param shared state that its filters hold
  record Made(FilterChain chain, List<SharedState.Held> shared) {
    static final Made EMPTY = new Made(FilterChain.EMPTY, List.of());
  }

  /// @param from its first place for state
  /// @param to the first place behind its own
  record Shared(Filter filter, int from, int to, List<SharedState.Held> shared) {}

  private List<String> lastParameters = List.of();

  private Chains(boolean waitsDiffer) {
    this.waitsDiffer = waitsDiffer;
  }

  static Chains of(Api api) {
    return new Chains(waitsDiffer(api));
  }

  /// For more routes of the API whose chains these are. The state that their own filters hold may
  /// have been let go since.
  static Chains after(Chains before) {
    var chains = new Chains(before.waitsDiffer);
    chains.own.putAll(before.own);
    chains.last = before.last;
    return chains;
  }

  static boolean waitsDiffer(Api api) {
    return api.routes().stream()
        .anyMatch(route -> route.upstream() != null || route.limits().answer() != null);
  }

  /// The names of the `{name}` segments, in order: the same list where they are the same as those
  /// of the route before.
  List<String> parameters(PathPattern pattern) {
    if (pattern.text().indexOf('{') < 0) {
      return List.of();
    }
    var parameters = new ArrayList<String>(1);
    for (var segment : pattern.segments()) {
      if (PathPattern.templated(segment)) {
        parameters.add(segment.substring(1, segment.length() - 1));
      }
    }
    if (!parameters.equals(lastParameters)) {
      lastParameters = List.copyOf(parameters);
    }
    return lastParameters;
  }
}
