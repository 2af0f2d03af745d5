package io.ostiary.control.api;

import io.ostiary.control.SnapshotState;
import io.ostiary.insight.InsightStatus;
import io.ostiary.insight.LiveTick;
import io.ostiary.model.FloodReport;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The one sentence on top of Now: all quiet, or what is wrong and where. The worst thing wins.
///
/// @param level `quiet`, `warning` or `critical`
record State(String level, String sentence) {
  /// Fewer calls than this say nothing about a share.
  private static final long CALLS_MIN = 20;

  private static final double CRITICAL_SHARE = 0.05;

  static State of(LiveTick tick, SnapshotState snapshot, FloodReport flood, List<String> warnings) {
    var errors = errors(tick);
    if (errors != null) {
      return errors;
    }
    if (!snapshot.flaws().isEmpty()) {
      return new State(
          "warning",
          "The newest configuration is refused, an older one serves: "
              + snapshot.flaws().get(0).message());
    }
    var trial = snapshot.trial();
    if (trial != null) {
      return new State(
          "warning",
          trial.until() == null
              ? "The kernel rules of the file were not confirmed; those before are in force."
              : "Kernel rules are on trial until " + trial.until() + ": confirm them, or they go.");
    }
    if (!warnings.isEmpty()) {
      return new State("warning", warnings.getFirst());
    }
    if (tick.status().lost() > 0) {
      return new State(
          "warning", tick.status().lost() + " calls were served without a line in the ledger.");
    }
    var store = tick.status().store();
    if (store.state() == InsightStatus.State.FAILING) {
      return new State("warning", store.sentence());
    }
    var cookies = flood.cookies();
    if (cookies.state() == FloodReport.State.WATCHING
        || cookies.state() == FloodReport.State.ANSWERING) {
      return new State("warning", cookies.sentence());
    }
    long dropped = LiveViews.dropped(tick.point());
    if (dropped > 0) {
      return new State(
          "quiet",
          "All quiet; "
              + dropped
              + (dropped == 1 ? " packet" : " packets")
              + " dropped in the last second.");
    }
    return new State("quiet", "All quiet.");
  }

  private static @Nullable State errors(LiveTick tick) {
    long calls = 0;
    long errors = 0;
    LiveTick.Group worst = null;
    for (var api : tick.apis()) {
      calls += api.calls();
      errors += api.errors();
      worst = worst == null || api.errors() > worst.errors() ? api : worst;
    }
    if (errors == 0 || worst == null) {
      return null;
    }
    double share = (double) errors / calls;
    boolean critical = calls >= CALLS_MIN && share > CRITICAL_SHARE;
    var where =
        worst.errors() == errors
            ? "all of them at " + worst.name()
            : "most of them at " + worst.name() + " (" + worst.errors() + ")";
    return new State(
        critical ? "critical" : "warning",
        String.format(
            Locale.ROOT,
            "%d of %d calls of the last %d s failed (%.1f %%), %s.",
            errors,
            calls,
            tick.groupSeconds(),
            share * 100,
            where));
  }
}
