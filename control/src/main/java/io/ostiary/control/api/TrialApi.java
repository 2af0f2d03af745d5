package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.SnapshotState.Trial;
import io.ostiary.control.access.Access;
import io.ostiary.control.access.Guard;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.http.Query;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `rules/trial`: kernel rules that wait to be confirmed, and what may be done about them.
final class TrialApi {
  private final SnapshotSource source;
  private final Clock clock;

  TrialApi(SnapshotSource source, Clock clock) {
    this.source = source;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/rules/trial", Access.VIEWER, this::show),
        Route.post("/api/v1/rules/confirm", Access.ADMIN, this::confirm),
        Route.post("/api/v1/rules/rollback", Access.ADMIN, this::rollBack),
        Route.post("/api/v1/rules/retry", Access.ADMIN, this::retry));
  }

  /// @param state `confirmed`, `on-trial` or `rolled-back`
  /// @param secondsLeft until those before come back; 0 without a trial
  /// @param confirmSeconds how long a trial lasts; 0: rules need no confirmation
  record View(
      String state,
      @Nullable Instant since,
      @Nullable Instant until,
      double secondsLeft,
      long confirmSeconds) {}

  private void show(Context context) {
    Query.of(context);
    context.json(view());
  }

  private View view() {
    var state = source.state();
    var running = state.running();
    long confirm = running == null ? 0 : running.kernel().safety().confirm().toSeconds();
    var trial = state.trial();
    if (trial == null) {
      return new View("confirmed", null, null, 0, confirm);
    }
    if (trial.state() == Trial.State.ROLLED_BACK || trial.until() == null) {
      return new View("rolled-back", trial.since(), null, 0, confirm);
    }
    long left = Math.max(0, Duration.between(clock.instant(), trial.until()).toMillis());
    long lasts = Duration.between(trial.since(), trial.until()).toSeconds();
    return new View("on-trial", trial.since(), trial.until(), left / 1000.0, lasts);
  }

  private void confirm(Context context) {
    Query.of(context);
    answer(context, source.confirmRules(Guard.principal(context).actor()), "on trial");
  }

  private void rollBack(Context context) {
    Query.of(context);
    answer(context, source.rollBackRules(Guard.principal(context).actor()), "on trial");
  }

  private void retry(Context context) {
    Query.of(context);
    answer(context, source.tryRulesAgain(Guard.principal(context).actor()), "rolled back");
  }

  private void answer(Context context, boolean done, String expected) {
    var view = view();
    if (!done) {
      throw ApiProblem.conflict(
          "rules: %s (expected: rules that are %s)"
              .formatted(view.state().replace('-', ' '), expected));
    }
    context.json(view);
  }
}
