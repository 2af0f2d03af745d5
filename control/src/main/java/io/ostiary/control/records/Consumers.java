package io.ostiary.control.records;

import io.ostiary.model.Consumer;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/// The table of consumers.
public final class Consumers {
  private static final String SELECT =
      """
      SELECT c.id, c.team, c.name, c.member_of, c.tags, c.created_at,
             (SELECT COUNT(*) FROM credential d WHERE d.consumer = c.id) AS credentials,
             (SELECT COUNT(*) FROM api_key k
              WHERE k.consumer = c.id AND k.revoked_at IS NULL
                AND (k.expires_at IS NULL OR k.expires_at > :now)) AS active_keys
      FROM consumer c
      """;

  private Consumers() {}

  /// @param keys that work now
  /// @param credentials besides keys
  public record Row(
      String id,
      String team,
      String name,
      List<String> groups,
      List<String> tags,
      Instant createdAt,
      int keys,
      int credentials) {}

  /// Names separated by spaces, in their order.
  static String written(Collection<String> names) {
    return names.stream().sorted().collect(Collectors.joining(" "));
  }

  static List<String> read(String names) {
    return names.isEmpty() ? List.of() : List.of(names.split(" "));
  }

  public static void add(Handle handle, Consumer consumer, Team team, Instant at) {
    handle.execute(
        """
        INSERT INTO consumer (id, team, name, member_of, tags, created_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        consumer.id(),
        team.id(),
        consumer.name(),
        written(consumer.groups()),
        written(consumer.tags()),
        at.toEpochMilli());
  }

  /// Stores what a consumer belongs to.
  public static void update(Handle handle, Consumer consumer) {
    handle.execute(
        "UPDATE consumer SET member_of = ?, tags = ? WHERE id = ?",
        written(consumer.groups()),
        written(consumer.tags()),
        consumer.id());
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
        read(row.getString("member_of")),
        read(row.getString("tags")),
        Columns.instant(row, "created_at"),
        row.getInt("active_keys"),
        row.getInt("credentials"));
  }
}
