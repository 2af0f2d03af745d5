package io.ostiary.control.records;

import java.sql.Connection;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;

/// Every change, in the order in which it was made. Written in the same transaction as the change,
/// so there is neither one without the other. Rows are only added.
public final class Audit {
  private Audit() {}

  /// @param object what it was done to, mostly an id
  public record Entry(
      long id,
      Instant at,
      String who,
      String role,
      String team,
      String from,
      String action,
      String object,
      String detail) {}

  public static void add(
      Handle handle, Instant at, Actor actor, String action, String object, String detail) {
    add(handle.getConnection(), at, actor, action, object, detail);
  }

  public static void add(
      Connection connection, Instant at, Actor actor, String action, String object, String detail) {
    // The numbers have no gaps, so a row that somebody cut out shows. There is one writer.
    Rows.change(
        connection,
        """
        INSERT INTO audit (id, at, who, role, team, from_where, action, object, detail)
        SELECT COALESCE(MAX(id), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? FROM audit
        """,
        at.toEpochMilli(),
        actor.who(),
        actor.role().text(),
        actor.team().id(),
        actor.from(),
        action,
        object,
        detail);
  }

  /// @param before ids below this
  public static List<Entry> page(Handle handle, long before, int limit) {
    return handle
        .createQuery("SELECT * FROM audit WHERE id < :before ORDER BY id DESC LIMIT :limit")
        .bind("before", before)
        .bind("limit", limit)
        .map((row, context) ->
            new Entry(
                row.getLong("id"),
                Instant.ofEpochMilli(row.getLong("at")),
                row.getString("who"),
                row.getString("role"),
                row.getString("team"),
                row.getString("from_where"),
                row.getString("action"),
                row.getString("object"),
                row.getString("detail")))
        .list();
  }
}
