package io.ostiary.insight;

import io.ostiary.insight.explain.Explanation;
import java.util.Optional;

/// What can be asked of the insight room. Shared by all control-plane threads; never called from an
/// event loop.
public interface InsightView {
  /// The last seconds and minutes, from memory.
  LiveView live();

  /// Single calls, the newest at once, the older ones from the history.
  Calls calls();

  /// Sums and percentiles over any window that is still kept.
  History history();

  /// How the room itself is doing.
  InsightStatus status();

  /// The answer to `GET /metrics`: Prometheus text format 0.0.4.
  String metrics();

  /// Why a call took as long as it did.
  ///
  /// @throws HistoryUnavailableException where memory does not have it and the store cannot be
  ///   asked
  Optional<Explanation> explain(long call);
}
