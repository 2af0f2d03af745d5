package io.ostiary.gateway.upstream;

import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.Overload;
import io.ostiary.model.Overload.Priority;
import io.ostiary.model.Retries;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Whether one more call, or one more attempt, may go to an upstream: its circuit breakers, its
/// adaptive limit, and the budget of repeats. What it counts is in [UpstreamState], so that it is
/// shared by all event loops and outlives plans. Immutable.
///
/// Low priority may use 80 per cent of the bound, normal all of it, and high twice as much: what is
/// shed is never high while high alone is less than the upstream can take.
public final class Gate {
  private static final double LOW_SHARE = 0.8;
  private static final double HIGH_SHARE = 2;

  private final Overload overload;
  private final Retries retries;
  private final Supplier<Endpoint[]> endpoints;
  private final UpstreamState state;
  private final @Nullable AdaptiveLimit adaptive;
  private final boolean open;

  Gate(
      Overload overload,
      Retries retries,
      Supplier<Endpoint[]> endpoints,
      UpstreamState state,
      int loops) {
    this.overload = overload;
    this.retries = retries;
    this.endpoints = endpoints;
    this.state = state;
    var settings = overload.adaptive();
    adaptive = settings == null ? null : state.adaptive(settings, loops);
    open = adaptive == null && overload.calls() == 0;
  }

  /// Whether a call may begin.
  public boolean admits(Priority priority) {
    if (open) {
      return true;
    }
    int active = active();
    double bound = bound();
    return active
        < switch (priority) {
          case LOW -> Math.max(1, bound * LOW_SHARE);
          case NORMAL -> bound;
          case HIGH -> unprobed() * HIGH_SHARE;
        };
  }

  /// Calls that may be in flight at the moment; infinite where nothing bounds them.
  double bound() {
    double fixed = overload.calls() == 0 ? Double.POSITIVE_INFINITY : overload.calls();
    return adaptive == null ? fixed : Math.min(fixed, adaptive.limit());
  }

  private double unprobed() {
    double fixed = overload.calls() == 0 ? Double.POSITIVE_INFINITY : overload.calls();
    return adaptive == null ? fixed : Math.min(fixed, adaptive.unprobed());
  }

  /// Attempts in flight at all targets.
  int active() {
    int sum = 0;
    for (var endpoint : endpoints.get()) {
      sum += endpoint.inFlight();
    }
    return sum;
  }

  @Nullable AdaptiveLimit adaptive() {
    return adaptive;
  }

  void answered(Loop loop, long nanos) {
    if (adaptive != null) {
      adaptive.answered(loop, nanos, active());
    }
  }

  /// Takes a place in the budget for one more attempt beside the first; it must be given back.
  public boolean repeat() {
    double most = Math.max(retries.budgetMin(), active() * retries.budget() / 100.0);
    if (overload.retries() > 0) {
      most = Math.min(most, overload.retries());
    }
    if (state.repeats.incrementAndGet() > most) {
      state.repeats.decrementAndGet();
      state.repeatsRefused.increment();
      return false;
    }
    return true;
  }

  public void repeated() {
    state.repeats.decrementAndGet();
  }

  /// How many repeats there may be at the moment.
  int budget() {
    return (int) Math.max(retries.budgetMin(), active() * retries.budget() / 100.0);
  }

  /// Where calls wait for a place.
  public WaitingLine line() {
    return state.line();
  }

  /// Counts a call that was refused.
  public void shed(Priority priority) {
    state.shed(priority).increment();
  }

  public void countRetry() {
    state.retries.increment();
  }

  public void countHedge() {
    state.hedges.increment();
  }

  public void countHedgeWon() {
    state.hedgesWon.increment();
  }
}
