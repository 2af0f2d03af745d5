package io.ostiary.insight.store;

import io.ostiary.insight.ledger.Batch;
import java.io.IOException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Brings calls from the journal into the index as sums, each call exactly once: a transaction
/// holds sums and how far in the journal they reach, and what was not committed is read again.
///
/// What is appended while the room runs is summed from memory; the journal is read only for what an
/// earlier process left. Confined to the store's thread.
final class Summing {
  private final Journal journal;
  private Rollup rollup = new Rollup();

  /// Empty, or what is being written while the other one takes what comes.
  private Rollup spare = new Rollup();

  /// The segment that the rollup is about, and between which places of its file.
  private @Nullable Segment segment;

  private long from;
  private long to;
  private boolean missed;

  Summing(Journal journal) {
    this.journal = journal;
  }

  /// Sums a batch that was just appended, unless something before it is missing.
  ///
  /// @param at where in the segment's file its frame begins
  void appended(Segment into, long at, Batch batch) {
    if (at == 0 && rollup.empty()) {
      segment = into;
      to = 0;
    }
    if (segment == into && to == at) {
      if (rollup.empty()) {
        from = at;
      }
      rollup.add(batch.bytes(), batch.length(), batch.names());
      to = into.size;
    } else {
      missed = true;
    }
  }

  /// Whether it should be written soon: it is full, or something could not be summed from memory.
  boolean full() {
    return missed || rollup.full();
  }

  boolean empty() {
    return rollup.empty();
  }

  /// Writes what is summed, then sums and writes what is not. What is appended meanwhile may be
  /// left for the next time.
  ///
  /// @param between called now and then, and may append
  void write(Index index, Runnable between) throws SQLException, IOException {
    writeRollup(index, between);
    for (var next : journal.segments()) {
      boolean held = next == segment && !rollup.empty() && index.summed(next) == from;
      if (index.summed(next) < next.size && !(held && to == next.size)) {
        writeRollup(index, Summing::nothing);
        read(index, next, index.summed(next));
      }
    }
    if (rollup.empty() && !journal.segments().isEmpty()) {
      segment = journal.segments().getLast();
      to = segment.size;
    }
    missed = false;
  }

  /// Where nobody waits to append.
  private static void nothing() {}

  private void writeRollup(Index index, Runnable between) throws SQLException {
    var about = segment;
    if (about != null && !rollup.empty()) {
      var full = rollup;
      rollup = spare;
      spare = full;
      index.write(about, full, to, between);
      full.clear();
    }
  }

  private void read(Index index, Segment from, long done) throws SQLException, IOException {
    long end = from.size;
    segment = from;
    try (var frames = new Frames(from.path())) {
      while (frames.position() < end && frames.next()) {
        if (frames.frameAt() < done) {
          continue;
        }
        var rows = frames.rows();
        rollup.add(rows, rows.length, frames.names());
        to = frames.position();
        if (rollup.full()) {
          writeRollup(index, Summing::nothing);
        }
      }
    }
    to = end;
    if (rollup.empty()) {
      index.write(from, rollup, end, Summing::nothing);
    } else {
      writeRollup(index, Summing::nothing);
    }
  }

  /// After a failure: what was not committed will be read again.
  void forget() {
    rollup.clear();
    spare.clear();
    segment = null;
  }
}
