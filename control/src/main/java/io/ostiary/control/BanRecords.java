package io.ostiary.control;

import io.ostiary.control.SnapshotState.What;
import io.ostiary.control.records.Actor;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Bans;
import io.ostiary.control.records.Database;
import io.ostiary.control.records.Ids;
import io.ostiary.control.records.Role;
import io.ostiary.control.records.StorageException;
import io.ostiary.control.records.Team;
import io.ostiary.model.Ban;
import io.ostiary.model.CallId;
import io.ostiary.model.Cidr;
import io.ostiary.model.Snapshot;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The records of bans that policies make. They are in force before they are recorded here, and
/// what cannot be recorded now may be tried again. Blocks; safe for several threads.
public final class BanRecords {
  private final Database database;
  private final SnapshotSource source;
  private final Clock clock;
  private final Ids ids = new Ids();

  BanRecords(Database database, SnapshotSource source, Clock clock) {
    this.database = database;
    this.source = source;
    this.clock = clock;
  }

  public Instant now() {
    return clock.instant();
  }

  public String nextId(Instant now) {
    return ids.next("b_", now);
  }

  /// What is in force; null: nothing yet.
  public @Nullable Snapshot running() {
    return source.state().running();
  }

  /// Stores bans with their audit, and puts them into the snapshot, all in one change. Those that
  /// are over by now are stored as well; a source that is banned already keeps the ban it has.
  ///
  /// @throws StorageException when they cannot be stored
  /// @throws NotInForceException when the snapshot with them is refused
  public void keep(List<Ban> bans) {
    source.change(
        What.BANS,
        (handle, draft, now) -> {
          var known =
              draft.bans().stream().map(Ban::source).collect(Collectors.toCollection(HashSet::new));
          for (var ban : bans) {
            if (!known.add(ban.source())) {
              continue;
            }
            Bans.add(handle, ban);
            if (ban.until().isAfter(now)) {
              draft.add(ban);
            }
            Audit.add(handle, now, policy(ban.by()), "ban-created", ban.id(), told(ban));
          }
          return bans.size();
        });
  }

  private static Actor policy(String name) {
    return new Actor("policy " + name, Role.ADMIN, Team.DEFAULT, "");
  }

  /// What the audit says of a ban.
  public static String told(Ban ban) {
    var how =
        switch (ban.action()) {
          case Ban.Action.Deny() -> "";
          case Ban.Action.Limit(int packets, int calls) ->
              " to %d packets/s and %d calls/s".formatted(packets, calls);
        };
    return "%s%s for %d s in the %s: %s"
        .formatted(
            ban.source(),
            how,
            Duration.between(ban.since(), ban.until()).toSeconds(),
            ban.place() == Ban.Place.KERNEL ? "kernel" : "gateway",
            ban.reason());
  }

  /// Notes in the audit that somebody was not banned who would have been.
  ///
  /// @param why as a sentence
  /// @throws StorageException when it cannot be stored
  public void spared(Cidr block, String by, String reason, String why, List<Long> calls) {
    var evidence = calls.stream().map(CallId::text).collect(Collectors.joining(" "));
    database.write(handle -> {
      var detail = "%s. Otherwise: %s. Calls: %s".formatted(why, reason, evidence);
      Audit.add(handle, now(), policy(by), "ban-spared", block.toString(), detail);
      return 1;
    });
  }

  /// Bans of a policy that nobody lifted, the oldest first.
  public List<Ban> since(String by, Instant since, int limit) {
    return database.read(handle -> Bans.since(handle, by, since, limit));
  }
}
