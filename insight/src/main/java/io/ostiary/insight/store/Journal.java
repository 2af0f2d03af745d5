package io.ostiary.insight.store;

import io.ostiary.insight.ledger.Batch;
import io.ostiary.insight.ledger.Names;
import io.ostiary.insight.ledger.Row;
import io.ostiary.insight.ledger.RowReader;
import io.ostiary.model.CallId;
import io.ostiary.model.LedgerEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// All segments on disk, the oldest first. Written by the store's thread; read by any.
final class Journal {
  private static final String SUFFIX = ".calls";
  private static final long LET_GO_BYTES = 8L << 20;
  private static final long CACHED_BYTES = 128L << 20;

  private final Path directory;
  private final JournalPages pages = new JournalPages(LET_GO_BYTES, CACHED_BYTES);
  private final CopyOnWriteArrayList<Segment> segments = new CopyOnWriteArrayList<>();
  private @Nullable Segment current;
  private long nextNumber = 1;

  Journal(Path directory) {
    this.directory = directory;
  }

  /// Finds what earlier processes left. Their files are never appended to again.
  void open() throws IOException {
    Files.createDirectories(directory);
    segments.clear();
    var files = new ArrayList<Path>();
    try (var stream = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
      stream.forEach(files::add);
    }
    files.sort(null);
    for (var file : files) {
      var name = file.getFileName().toString();
      if (!name.matches("[0-9]{8}-.*")) {
        continue;
      }
      var segment = new Segment(file, Long.parseLong(name.substring(0, 8)));
      measure(segment);
      nextNumber = Math.max(nextNumber, segment.number() + 1);
      if (segment.rows == 0) {
        Files.deleteIfExists(file);
        continue;
      }
      segments.add(segment);
    }
  }

  private static void measure(Segment segment) throws IOException {
    long rows = 0;
    try (var frames = new Frames(segment.path())) {
      while (frames.next()) {
        rows += frames.rowCount();
        segment.firstCall = Math.min(segment.firstCall, frames.firstCall());
        segment.lastCall = Math.max(segment.lastCall, frames.lastCall());
      }
      segment.rows = rows;
      segment.size = frames.position();
    }
  }

  /// Appends to the newest segment, or to a new one; returns it.
  Segment append(Batch batch) throws IOException {
    var segment = current;
    if (segment == null || segment.names != batch.names()) {
      var day = Instant.ofEpochMilli(CallId.epochMillis(batch.firstCall()));
      var made = Segment.create(directory, nextNumber, batch.names(), day);
      made.append(batch);
      nextNumber++;
      if (segment != null) {
        segment.close();
      }
      segments.add(made);
      current = made;
      pages.written(made.path(), made.size);
      return made;
    }
    segment.append(batch);
    pages.written(segment.path(), segment.size);
    return segment;
  }

  /// Where the frame of this batch will begin: 0 in a new segment.
  long currentSize(Batch batch) {
    var segment = current;
    return segment == null || segment.names != batch.names() ? 0 : segment.size;
  }

  List<Segment> segments() {
    return segments;
  }

  long bytes() {
    return segments.stream().mapToLong(segment -> segment.size).sum();
  }

  long rows() {
    return segments.stream().mapToLong(segment -> segment.rows).sum();
  }

  boolean isCurrent(Segment segment) {
    return segment == current;
  }

  /// Deletes a segment that is not the current one.
  void drop(Segment segment) throws IOException {
    segments.remove(segment);
    Files.deleteIfExists(segment.path());
  }

  /// Looks a call up without the index: by the frames' first and last ids.
  Optional<LedgerEntry> find(long call) throws IOException {
    for (var segment : segments.reversed()) {
      if (call < segment.firstCall || call > segment.lastCall) {
        continue;
      }
      try (var frames = new Frames(segment.path())) {
        while (frames.next()) {
          if (call >= frames.firstCall() && call <= frames.lastCall()) {
            var found = find(frames.rows(), call, frames.names());
            if (found.isPresent()) {
              return found;
            }
          }
        }
      } catch (NoSuchFileException e) {
        // Retention was faster than we; the call is gone.
      }
    }
    return Optional.empty();
  }

  private static Optional<LedgerEntry> find(byte[] rows, long call, Names names) {
    for (int at = 0; at < rows.length; at += Row.getInt(rows, at)) {
      if (Row.getLong(rows, at + Row.CALL) == call) {
        return Optional.of(new RowReader(rows, at, names).entry());
      }
    }
    return Optional.empty();
  }

  void close() throws IOException {
    if (current != null) {
      current.close();
    }
  }
}
