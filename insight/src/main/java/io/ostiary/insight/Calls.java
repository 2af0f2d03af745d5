package io.ostiary.insight;

import io.ostiary.model.LedgerEntry;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Single calls, found by id or listed, the newest first.
public interface Calls {
  /// How many lines one page holds at most.
  int PAGE_MAX = 500;

  /// The call of this id, also when it ended only milliseconds ago.
  ///
  /// @throws HistoryUnavailableException where memory does not have it and the store cannot be
  ///   asked
  Optional<LedgerEntry> find(long call);

  /// @param before the `next` of the page before, null for the first page
  /// @param limit 1-500
  /// @throws HistoryUnavailableException when the store cannot be asked
  CallPage page(CallFilter filter, @Nullable String before, int limit);
}
