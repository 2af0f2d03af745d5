package io.ostiary.control.records;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/// The table of consumers.
public final class Consumers {
  private static final String SELECT =
      """
      SELECT c.id, c.team, c.name, c.created_at,
             (SELECT COUNT(*) FROM api_key k
              WHERE k.consumer = c.id AND k.revoked_at IS NULL
                AND (k.expires_at IS NULL OR k.expires_at > :now)) AS active_keys
      FROM consumer c
      """;

  private Consumers() {}

  /// @param keys that work now
  public record Row(String id, String team, String name, Instant createdAt, int keys) {}

  public static void add(Handle handle, String id, Team team, String name, Instant at) {
    handle.execute(
        "INSERT INTO consumer (id, team, name, created_at) VALUES (?, ?, ?, ?)",
        id,
        team.id(),
        name,
        at.toEpochMilli());
  }

  public static boolean remove(Handle handle, String id) {
    return handle.execute("DELETE FROM consumer WHERE id = ?", id) > 0;
  }

  public static Optional<Row> find(Handle handle, String id, Instant now) {
    return handle
        .createQuery(SELECT + " WHERE c.id = :id")
        .bind("now", now.toEpochMilli())
        .bind("id", id)
        .map((row, context) -> row(row))
        .findOne();
  }

  /// @param part of the name, without regard to case; empty: all
  /// @param after names behind this one; empty: from the first
  public static List<Row> page(Handle handle, String part, String after, int limit, Instant now) {
    var like =
        part.toLowerCase(Locale.ROOT).replace("!", "!!").replace("%", "!%").replace("_", "!_");
    return handle
        .createQuery(
            SELECT
                + """
                WHERE c.name > :after AND LOWER(c.name) LIKE :like ESCAPE '!'
                ORDER BY c.name LIMIT :limit
                """)
        .bind("now", now.toEpochMilli())
        .bind("after", after)
        .bind("like", "%" + like + "%")
        .bind("limit", limit)
        .map((row, context) -> row(row))
        .list();
  }

  private static Row row(java.sql.ResultSet row) throws java.sql.SQLException {
    return new Row(
        row.getString("id"),
        row.getString("team"),
        row.getString("name"),
        Columns.instant(row, "created_at"),
        row.getInt("active_keys"));
  }
}
