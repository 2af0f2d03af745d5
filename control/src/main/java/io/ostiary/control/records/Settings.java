package io.ostiary.control.records;

import java.sql.Connection;
import java.util.Optional;

/// Single values that must outlive the process.
public final class Settings {
  public static final String SNAPSHOT_VERSION = "snapshot-version";

  private Settings() {}

  public static Optional<String> get(Connection connection, String name) {
    var sql = "SELECT value FROM setting WHERE name = ?";
    return Rows.of(connection, sql, row -> row.getString("value"), name).stream().findFirst();
  }

  public static void put(Connection connection, String name, String value) {
    Rows.change(
        connection,
        """
        INSERT INTO setting (name, value) VALUES (?, ?)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """,
        name,
        value);
  }
}
