package io.ostiary.insight;

import io.ostiary.model.Require;
import java.time.Duration;

/// Bounds of the insight room.
///
/// @param history false: nothing is written to disk
/// @param retention whole days (UTC) older than this are dropped
/// @param historyBytesMax the oldest part is dropped when the store is larger on disk
/// @param storeMemoryBytes what the store may use beside the Java heap
/// @param queryTimeout of one question to the store
public record InsightSettings(
    boolean history,
    Duration retention,
    long historyBytesMax,
    long storeMemoryBytes,
    Duration queryTimeout) {
  public static final InsightSettings DEFAULT =
      new InsightSettings(true, Duration.ofDays(7), 10L << 30, 64L << 20, Duration.ofSeconds(10));

  public InsightSettings {
    Require.between("history.retention (hours)", retention.toHours(), 1, 24 * 3650);
    Require.between("history.size (bytes)", historyBytesMax, 64L << 20, Long.MAX_VALUE);
    Require.between("history.memory (bytes)", storeMemoryBytes, 32L << 20, 1L << 40);
    Require.between("history.query-timeout (ms)", queryTimeout.toMillis(), 10, 600_000);
  }

  /// How large a file of the journal becomes. What is dropped is dropped by the file, so one is a
  /// small part of all; and sums are told apart by file, so there should not be many a minute.
  long segmentBytesMax() {
    return Math.clamp(historyBytesMax / 20, 8L << 20, 512L << 20);
  }

  public InsightSettings withoutHistory() {
    return new InsightSettings(false, retention, historyBytesMax, storeMemoryBytes, queryTimeout);
  }
}
