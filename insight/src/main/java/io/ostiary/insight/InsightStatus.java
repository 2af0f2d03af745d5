package io.ostiary.insight;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// How the insight room is doing, for the console's footer and `/readyz`.
///
/// @param calls lines read from the ledger since the start
/// @param lost lines the rings refused because the reader was behind
/// @param lagMillis age of the oldest line when it was read in the last second
public record InsightStatus(long calls, long lost, long lagMillis, Store store) {

  /// @param sentence one sentence of state, with the repair where there is one
  /// @param rows kept
  /// @param bytes on disk
  /// @param waiting calls that are not yet committed
  /// @param lost calls that never reached the store, because it failed for too long
  /// @param oldest call that is kept, null when there is none
  public record Store(
      State state,
      String sentence,
      long rows,
      long bytes,
      long waiting,
      long lost,
      @Nullable Instant oldest) {}

  public enum State {
    OFF,
    OPENING,
    RUNNING,
    FAILING
  }
}
