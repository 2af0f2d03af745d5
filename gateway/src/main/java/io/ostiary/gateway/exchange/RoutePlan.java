package io.ostiary.gateway.exchange;

import io.ostiary.gateway.filter.FilterChain;
import io.ostiary.model.Api;
import io.ostiary.model.Route;
import io.ostiary.model.Upgrades;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A route as a plan holds it: everything resolved that can be before the first request.
///
/// @param way to its upstream; null: its policies answer
/// @param guard null: it has no conditions
/// @param stripBytes how much of the path is cut off before it goes upstream
/// @param parameters the names of the `{name}` segments, in order
/// @param bounds of its calls
/// @param upgrade to which protocols its clients may change
public record RoutePlan(
    Api api,
    Route route,
    FilterChain filters,
    @Nullable Way way,
    @Nullable RouteGuard guard,
    int stripBytes,
    List<String> parameters,
    Bounds bounds,
    Upgrades upgrade) {
  /// Where there is no upstream: as long as one may take where nothing is said of it.
  static final Duration WAIT_MAX = Duration.ofSeconds(30);

  /// How long its upstream may take to answer, and each of its policies.
  long answerNanos() {
    long own = bounds.answerNanos();
    if (own > 0) {
      return own;
    }
    return way == null ? WAIT_MAX.toNanos() : way.own().answerNanos();
  }
}
