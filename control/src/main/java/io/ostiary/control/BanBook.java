package io.ostiary.control;

import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.Snapshot;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where bans are written down that policies make, and looked up. Methods may block; safe for
/// several threads.
public interface BanBook {
  Instant now();

  String nextId(Instant now);

  /// What is in force; null: nothing yet.
  @Nullable Snapshot running();

  /// Stores bans with their audit, and puts them into the snapshot, all in one change. Those that
  /// are over by now are stored as well; a source that is banned already keeps the ban it has.
  ///
  /// @throws io.ostiary.control.records.StorageException when they cannot be stored
  /// @throws NotInForceException when the snapshot with them is refused
  void keep(List<Ban> bans);

  /// Notes in the audit that somebody was not banned who would have been.
  ///
  /// @param why as a sentence
  /// @throws io.ostiary.control.records.StorageException when it cannot be stored
  void spared(Cidr block, String by, String reason, String why, List<Long> calls);

  /// Bans of a policy that nobody lifted, the oldest first.
  List<Ban> since(String by, Instant since, int limit);
}
