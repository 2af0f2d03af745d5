package io.ostiary.control.records;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// The table of keys; never the keys themselves.
public final class Keys {
  private static final String INSERT =
      """
      INSERT INTO api_key (id, consumer, name, hash, last4, created_at, expires_at)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """;

  private Keys() {}

  /// @param last4 the last four characters; empty where only the hash was ever known
  public record Row(
      String id,
      String consumer,
      String name,
      String hash,
      String last4,
      Instant createdAt,
      @Nullable Instant expiresAt,
      @Nullable Instant revokedAt) {
    /// `active`, `expired` or `revoked`.
    public String state(Instant now) {
      if (revokedAt != null) {
        return "revoked";
      }
      return expiresAt != null && !expiresAt.isAfter(now) ? "expired" : "active";
    }
  }

  public static void add(Handle handle, List<Row> rows) {
    try (var batch = handle.prepareBatch(INSERT)) {
      for (var row : rows) {
        batch.add(
            row.id(),
            row.consumer(),
            row.name(),
            row.hash(),
            row.last4(),
            row.createdAt().toEpochMilli(),
            Columns.millis(row.expiresAt()));
      }
      batch.execute();
    }
  }

  /// Whether there was such a key and it was not revoked before.
  public static boolean revoke(Handle handle, String consumer, String id, Instant at) {
    return handle.execute(
            """
            UPDATE api_key SET revoked_at = ? WHERE id = ? AND consumer = ? AND revoked_at IS NULL
            """,
            at.toEpochMilli(),
            id,
            consumer)
        > 0;
  }

  public static List<Row> of(Handle handle, String consumer) {
    return handle
        .createQuery(
            "SELECT * FROM api_key WHERE consumer = :consumer ORDER BY created_at DESC, id DESC")
        .bind("consumer", consumer)
        .map((row, context) -> row(row))
        .list();
  }

  /// Those that work now.
  static List<Row> active(Connection connection, Instant now) {
    return Rows.of(
        connection,
        """
        SELECT * FROM api_key
        WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
        """,
        Keys::row,
        now.toEpochMilli());
  }

  private static Row row(ResultSet row) throws SQLException {
    return new Row(
        row.getString("id"),
        row.getString("consumer"),
        row.getString("name"),
        row.getString("hash"),
        row.getString("last4"),
        Columns.instant(row, "created_at"),
        Columns.instantOrNull(row, "expires_at"),
        Columns.instantOrNull(row, "revoked_at"));
  }
}
