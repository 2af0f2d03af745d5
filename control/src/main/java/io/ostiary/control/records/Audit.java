package io.ostiary.control.records;

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
    // The numbers have no gaps, so a row that somebody cut out shows. There is one writer.
    handle
        .createUpdate(
            """
            INSERT INTO audit (id, at, who, role, team, from_where, action, object, detail)
            SELECT COALESCE(MAX(id), 0) + 1, :at, :who, :role, :team, :from, :action, :object, :detail
            FROM audit
            """)
        .bind("at", at.toEpochMilli())
        .bind("who", actor.who())
        .bind("role", actor.role().text())
        .bind("team", actor.team().id())
        .bind("from", actor.from())
        .bind("action", action)
        .bind("object", object)
        .bind("detail", detail)
        .execute();
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
