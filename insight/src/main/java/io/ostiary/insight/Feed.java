package io.ostiary.insight;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A subscription that holds one value at most: a reader that is late gets the newest, and neither
/// memory nor the writer suffers. Used by one reading thread; close it when the reader is gone.
public interface Feed<T> extends AutoCloseable {
  /// Waits for the next value; null when none came within `limit` or the feed is closed.
  @Nullable T next(Duration limit) throws InterruptedException;

  /// Whether no further value can come.
  boolean closed();

  @Override
  void close();
}
