package io.ostiary.control.records;

import io.ostiary.model.Credential;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jdbi.v3.core.Handle;

/// The table of credentials that are no keys.
public final class Credentials {
  private Credentials() {}

  public record Row(String id, String consumer, Credential credential, Instant createdAt) {}

  public static void add(Handle handle, Row row) {
    handle.execute(
        """
        INSERT INTO credential (id, consumer, kind, shown, secret, created_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        row.id(),
        row.consumer(),
        word(row.credential().kind()),
        row.credential().id(),
        row.credential().secret(),
        row.createdAt().toEpochMilli());
  }

  public static boolean remove(Handle handle, String consumer, String id) {
    return handle.execute("DELETE FROM credential WHERE id = ? AND consumer = ?", id, consumer) > 0;
  }

  public static List<Row> of(Handle handle, String consumer) {
    return handle
        .createQuery(
            "SELECT * FROM credential WHERE consumer = :consumer ORDER BY created_at DESC, id DESC")
        .bind("consumer", consumer)
        .map((row, context) -> row(row))
        .list();
  }

  static List<Row> all(Connection connection) {
    return Rows.of(
        connection, "SELECT * FROM credential ORDER BY created_at, id", Credentials::row);
  }

  private static Row row(ResultSet row) throws SQLException {
    var kind = Credential.Kind.valueOf(row.getString("kind").toUpperCase(Locale.ROOT));
    return new Row(
        row.getString("id"),
        row.getString("consumer"),
        new Credential(kind, row.getString("shown"), row.getString("secret")),
        Columns.instant(row, "created_at"));
  }

  /// As it is stored and told.
  public static String word(Credential.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }
}
