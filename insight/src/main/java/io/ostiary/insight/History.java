package io.ostiary.insight;

import io.ostiary.model.Require;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Questions to the store. Each one has a time limit.
public interface History {
  /// Sums and percentiles, one row for each combination of `by` that occurs, the most calls first.
  ///
  /// @param filter its `from` and `to` are the window; null means all that is kept
  /// @param limit 1-1000
  /// @throws HistoryUnavailableException when the store cannot be asked
  List<Row> summary(CallFilter filter, List<By> by, int limit);

  /// One row for each step that has calls, the oldest first.
  ///
  /// @param step at least 1 s; filter's window may hold 10,000 steps at most
  /// @throws HistoryUnavailableException when the store cannot be asked
  List<Step> steps(CallFilter filter, Duration step);

  /// What rows can be told apart by.
  enum By {
    API,
    ROUTE,
    CONSUMER,
    UPSTREAM,
    STATUS,
    BLAME,
    REASON
  }

  /// @param keys as many as `by`, in its order; null where the call had none, such as no consumer
  record Row(List<@Nullable String> keys, Sums sums) {
    public Row {
      keys = java.util.Collections.unmodifiableList(new java.util.ArrayList<>(keys));
    }
  }

  record Step(Instant at, Sums sums) {}

  /// @param refused by policies
  /// @param errors see [Point#errors]
  /// @param packetsIn segments on the clients' connections, as the kernel counted them; without the
  ///   kernel side 0
  /// @param resent segments that either side sent again
  record Sums(
      long calls,
      long errors,
      long refused,
      Latency latency,
      long requestBytes,
      long responseBytes,
      long packetsIn,
      long packetsOut,
      long resent) {
    public Sums {
      Require.between("calls", calls, 0, Long.MAX_VALUE);
    }
  }
}
