package io.ostiary.gateway.exchange;

import io.ostiary.gateway.filter.FilterChain;
import io.ostiary.model.Api;
import io.ostiary.model.Route;
import io.ostiary.model.Upgrades;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A route as a plan holds it: everything resolved that can be before the first request.
///
/// @param way to its upstream
/// @param guard null: it has no conditions
/// @param stripBytes how much of the path is cut off before it goes upstream
/// @param parameters the names of the `{name}` segments, in order
/// @param bounds of its calls
/// @param upgrade to which protocols its clients may change
public record RoutePlan(
    Api api,
    Route route,
    FilterChain filters,
    Way way,
    @Nullable RouteGuard guard,
    int stripBytes,
    List<String> parameters,
    Bounds bounds,
    Upgrades upgrade) {
  /// How long its upstream may take to answer.
  long answerNanos() {
    long own = bounds.answerNanos();
    return own > 0 ? own : way.own().answerNanos();
  }
}
