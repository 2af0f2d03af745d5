package io.ostiary.control.records;

import io.ostiary.model.Ban;
import io.ostiary.model.Ban.Action;
import io.ostiary.model.Ban.Place;
import io.ostiary.model.Cidr;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// The table of bans. A ban that ended stays in it, for the record.
public final class Bans {
  private static final String ACTIVE = " AND lifted_at IS NULL AND until > :now";

  private Bans() {}

  public record Row(Ban ban, @Nullable Instant liftedAt, @Nullable String liftedBy) {
    /// `active`, `expired` or `lifted`.
    public String state(Instant now) {
      if (liftedAt != null) {
        return "lifted";
      }
      return ban.until().isAfter(now) ? "active" : "expired";
    }
  }

  public static void add(Handle handle, Ban ban) {
    handle.execute(
        """
        INSERT INTO ban (id, source, reason, calls, since, until, by_whom,
          action, packets_per_second, calls_per_second, place)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        ban.id(),
        ban.source().toString(),
        ban.reason(),
        String.join(" ", ban.calls()),
        ban.since().toEpochMilli(),
        ban.until().toEpochMilli(),
        ban.by(),
        ban.action() instanceof Action.Limit ? "limit" : "deny",
        ban.action() instanceof Action.Limit limit ? limit.packetsPerSecond() : null,
        ban.action() instanceof Action.Limit limit ? limit.callsPerSecond() : null,
        ban.place() == Place.KERNEL ? "kernel" : "gateway");
  }

  public static void extend(Handle handle, String id, Instant until) {
    handle.execute("UPDATE ban SET until = ? WHERE id = ?", until.toEpochMilli(), id);
  }

  public static void lift(Handle handle, String id, Instant at, String by) {
    handle.execute(
        "UPDATE ban SET lifted_at = ?, lifted_by = ? WHERE id = ?", at.toEpochMilli(), by, id);
  }

  public static Optional<Row> find(Handle handle, String id) {
    return handle
        .createQuery("SELECT * FROM ban WHERE id = :id")
        .bind("id", id)
        .map((row, context) -> row(row))
        .findOne();
  }

  /// Ids grow with time, so their order is that of creation.
  ///
  /// @param before ids below this
  public static List<Row> page(
      Handle handle, boolean activeOnly, String before, int limit, Instant now) {
    var query =
        handle
            .createQuery(
                "SELECT * FROM ban WHERE id < :before"
                    + (activeOnly ? ACTIVE : "")
                    + " ORDER BY id DESC LIMIT :limit")
            .bind("before", before)
            .bind("limit", limit);
    if (activeOnly) {
      query.bind("now", now.toEpochMilli());
    }
    return query.map((row, context) -> row(row)).list();
  }

  /// Bans that a policy made since then and nobody lifted, the oldest first: whoever is among them
  /// is a repeat offender.
  public static List<Ban> since(Connection connection, String by, Instant since, int limit) {
    return Rows.of(
        connection,
        "SELECT * FROM (SELECT * FROM ban WHERE by_whom = ? AND since > ?"
            + " AND lifted_at IS NULL ORDER BY since DESC LIMIT ?) AS newest"
            + " ORDER BY since",
        row -> row(row).ban(),
        by,
        since.toEpochMilli(),
        limit);
  }

  static List<Ban> active(Connection connection, Instant now) {
    return Rows.of(
        connection,
        "SELECT * FROM ban WHERE lifted_at IS NULL AND until > ?",
        row -> row(row).ban(),
        now.toEpochMilli());
  }

  private static Row row(ResultSet row) throws SQLException {
    var calls = row.getString("calls");
    return new Row(
        new Ban(
            row.getString("id"),
            Cidr.parse(row.getString("source")),
            row.getString("reason"),
            calls.isEmpty() ? List.of() : List.of(calls.split(" ")),
            Columns.instant(row, "since"),
            Columns.instant(row, "until"),
            row.getString("by_whom"),
            row.getString("action").equals("limit")
                ? new Action.Limit(row.getInt("packets_per_second"), row.getInt("calls_per_second"))
                : new Action.Deny(),
            row.getString("place").equals("kernel") ? Place.KERNEL : Place.GATEWAY),
        Columns.instantOrNull(row, "lifted_at"),
        row.getString("lifted_by"));
  }
}
