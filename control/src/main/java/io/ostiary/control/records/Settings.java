package io.ostiary.control.records;

import java.util.Optional;
import org.jdbi.v3.core.Handle;

/// Single values that must outlive the process.
public final class Settings {
  public static final String SNAPSHOT_VERSION = "snapshot-version";

  private Settings() {}

  public static Optional<String> get(Handle handle, String name) {
    var sql = "SELECT value FROM setting WHERE name = ?";
    return Rows.of(handle, sql, row -> row.getString("value"), name).stream().findFirst();
  }

  public static void put(Handle handle, String name, String value) {
    handle.execute(
        """
        INSERT INTO setting (name, value) VALUES (?, ?)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """,
        name,
        value);
  }
}
