package io.ostiary.control.records;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// The database did not do what it was asked; nothing was stored. The message is a sentence for
/// people.
public final class StorageException extends RuntimeException {
  private static final int SQLITE_FULL = 13;
  private static final String POSTGRES_DISK_FULL = "53100";

  private final boolean full;

  private StorageException(boolean full, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.full = full;
  }

  /// Whether there was no room left, rather than no database.
  public boolean full() {
    return full;
  }

  static StorageException of(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return of(sql, failure);
      }
    }
    return new StorageException(false, "the database failed: " + failure.getMessage(), failure);
  }

  private static StorageException of(SQLException sql, Throwable failure) {
    if ((sql.getErrorCode() & 0xff) == SQLITE_FULL
        || POSTGRES_DISK_FULL.equals(sql.getSQLState())) {
      return new StorageException(
          true, "no room left for the database; nothing was changed. Free some space.", failure);
    }
    return new StorageException(
        false,
        "the database failed: " + sql.getMessage() + ". Nothing was changed; traffic is served on.",
        failure);
  }
}
