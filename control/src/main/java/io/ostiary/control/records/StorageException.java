package io.ostiary.control.records;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// The database did not do what it was asked; nothing was stored. The message is a sentence for
/// people.
public final class StorageException extends RuntimeException {
  private static final int SQLITE_FULL = 13;
  private static final int SQLITE_CONSTRAINT = 19;
  private static final String POSTGRES_DISK_FULL = "53100";
  private static final String POSTGRES_UNIQUE = "23505";

  private final Kind kind;

  /// Why.
  public enum Kind {
    /// There was no room left.
    FULL,
    /// It clashes with what is there.
    CLASH,
    /// The database does not answer.
    UNAVAILABLE
  }

  private StorageException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  public static StorageException of(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return of(sql, failure);
      }
    }
    return new StorageException(
        Kind.UNAVAILABLE, "the database failed: " + failure.getMessage(), failure);
  }

  private static StorageException of(SQLException sql, Throwable failure) {
    int code = sql.getErrorCode() & 0xff;
    if (code == SQLITE_FULL || POSTGRES_DISK_FULL.equals(sql.getSQLState())) {
      return new StorageException(
          Kind.FULL,
          "no room left for the database; nothing was changed. Free some space.",
          failure);
    }
    if (code == SQLITE_CONSTRAINT || POSTGRES_UNIQUE.equals(sql.getSQLState())) {
      return new StorageException(
          Kind.CLASH,
          "a name, or a key that was revoked, is there already; nothing was changed",
          failure);
    }
    return new StorageException(
        Kind.UNAVAILABLE,
        "the database failed: " + sql.getMessage() + ". Nothing was changed; traffic is served on.",
        failure);
  }
}
