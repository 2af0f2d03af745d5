package io.ostiary.control.access;

import io.ostiary.control.records.Actor;
import io.ostiary.control.records.Audit;
import io.ostiary.control.records.Database;
import io.ostiary.control.records.KeyText;
import io.ostiary.control.records.Role;
import io.ostiary.control.records.Team;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// Who is signed in. The cookie holds 256 random bits, the database their hash; so a copy of the
/// database signs nobody in, and deleting the row signs out everywhere.
public final class Sessions {
  static final Duration IDLE = Duration.ofMinutes(30);
  static final Duration ABSOLUTE = Duration.ofHours(12);

  /// Use is noted this often at most, so that reading stays reading.
  private static final Duration NOTED_EVERY = Duration.ofMinutes(1);

  private final Database database;
  private final Clock clock;

  public Sessions(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /// @param secret the cookie's value
  public record Opened(String secret, Session session) {}

  /// @param hash names it in the database
  public record Session(
      String hash, String who, Role role, Team team, Instant idleUntil, Instant expiresAt) {}

  Opened open(Actor actor) {
    var now = clock.instant();
    var secret = Secret.make();
    var hash = KeyText.hash(secret);
    database.write(handle -> {
      handle.execute(
          "DELETE FROM session WHERE used_at < ? OR created_at < ?",
          now.minus(IDLE).toEpochMilli(),
          now.minus(ABSOLUTE).toEpochMilli());
      handle.execute(
          """
          INSERT INTO session (hash, who, role, team, created_at, used_at)
          VALUES (?, ?, ?, ?, ?, ?)
          """,
          hash,
          actor.who(),
          actor.role().text(),
          actor.team().id(),
          now.toEpochMilli(),
          now.toEpochMilli());
      Audit.add(handle, now, actor, "signed-in", actor.who(), "");
      return hash;
    });
    return new Opened(
        secret,
        new Session(
            hash, actor.who(), actor.role(), actor.team(), now.plus(IDLE), now.plus(ABSOLUTE)));
  }

  /// The session of this cookie where it is still good; prolongs it.
  Optional<Session> use(String secret) {
    var now = clock.instant();
    var hash = KeyText.hash(secret);
    var row = find(hash);
    if (row.isEmpty() || row.get().ended(now)) {
      return Optional.empty();
    }
    var found = row.get();
    if (found.usedAt().plus(NOTED_EVERY).isBefore(now)) {
      database.write(handle ->
          handle.execute(
              "UPDATE session SET used_at = ? WHERE hash = ?", now.toEpochMilli(), hash));
    }
    return Optional.of(found.session(hash, now));
  }

  /// Whether it is still good; does not prolong it.
  public boolean stillOpen(String hash) {
    return find(hash).map(row -> !row.ended(clock.instant())).orElse(false);
  }

  public void close(Session session, Actor actor) {
    database.write(handle -> {
      Audit.add(handle, clock.instant(), actor, "signed-out", session.who(), "");
      return handle.execute("DELETE FROM session WHERE hash = ?", session.hash());
    });
  }

  private Optional<Row> find(String hash) {
    return database.read(handle ->
        handle
            .createQuery("SELECT * FROM session WHERE hash = :hash")
            .bind("hash", hash)
            .map((row, context) ->
                new Row(
                    row.getString("who"),
                    Role.of(row.getString("role")),
                    new Team(row.getString("team")),
                    Instant.ofEpochMilli(row.getLong("created_at")),
                    Instant.ofEpochMilli(row.getLong("used_at"))))
            .findOne());
  }

  private record Row(String who, Role role, Team team, Instant createdAt, Instant usedAt) {
    boolean ended(Instant now) {
      return !usedAt.plus(IDLE).isAfter(now) || !createdAt.plus(ABSOLUTE).isAfter(now);
    }

    Session session(String hash, Instant now) {
      return new Session(hash, who, role, team, now.plus(IDLE), createdAt.plus(ABSOLUTE));
    }
  }
}
