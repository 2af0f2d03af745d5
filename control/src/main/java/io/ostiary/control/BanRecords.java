package io.ostiary.control;

import io.ostiary.control.SnapshotState.What;
import io.ostiary.control.records.Actor;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Bans;
import io.ostiary.control.records.Database;
import io.ostiary.control.records.Ids;
import io.ostiary.control.records.Role;
import io.ostiary.control.records.Team;
import io.ostiary.model.Ban;
import io.ostiary.model.CallId;
import io.ostiary.model.Cidr;
import io.ostiary.model.Snapshot;
import java.time.Clock;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The records of bans that policies make, in the database. They are in force before they are
/// recorded here, and what cannot be recorded now may be tried again.
final class BanRecords implements BanBook {
  private final Database database;
  private final SnapshotSource source;
  private final Clock clock;
  private final Ids ids = new Ids();

  BanRecords(Database database, SnapshotSource source, Clock clock) {
    this.database = database;
    this.source = source;
    this.clock = clock;
  }

  @Override
  public Instant now() {
    return clock.instant();
  }

  @Override
  public String nextId(Instant now) {
    return ids.next("b_", now);
  }

  @Override
  public @Nullable Snapshot running() {
    return source.state().running();
  }

  @Override
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
            Audit.add(handle, now, policy(ban.by()), "ban-created", ban.id(), ban.told());
          }
          return bans.size();
        });
  }

  private static Actor policy(String name) {
    return new Actor("policy " + name, Role.ADMIN, Team.DEFAULT, "");
  }

  @Override
  public void spared(Cidr block, String by, String reason, String why, List<Long> calls) {
    var evidence = calls.stream().map(CallId::text).collect(Collectors.joining(" "));
    database.write(handle -> {
      var detail = "%s. Otherwise: %s. Calls: %s".formatted(why, reason, evidence);
      Audit.add(handle, now(), policy(by), "ban-spared", block.toString(), detail);
      return 1;
    });
  }

  @Override
  public List<Ban> since(String by, Instant since, int limit) {
    return database.ask(connection -> Bans.since(connection, by, since, limit));
  }
}
