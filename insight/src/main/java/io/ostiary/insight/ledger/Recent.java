package io.ostiary.insight.ledger;

import io.ostiary.model.LedgerEntry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The newest sealed batches, so that a call can be explained before the store has it. Bounded by
/// bytes; shared by the ledger reader and all askers under one short lock.
public final class Recent {
  private final ArrayDeque<Batch> batches = new ArrayDeque<>();
  private final long bytesMax;
  private long bytes;

  public Recent(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  public synchronized void add(Batch batch) {
    batches.addFirst(batch);
    bytes += batch.bytes().length;
    while (bytes > bytesMax && batches.size() > 1) {
      bytes -= batches.removeLast().bytes().length;
    }
  }

  public Optional<LedgerEntry> find(long call) {
    for (var batch : newest()) {
      if (call < batch.firstCall() || call > batch.lastCall()) {
        continue;
      }
      for (int row = batch.rows() - 1; row >= 0; row--) {
        int at = batch.offset(row);
        if (Row.getLong(batch.bytes(), at + Row.CALL) == call) {
          return Optional.of(new RowReader(batch.bytes(), at, batch.names()).entry());
        }
      }
    }
    return Optional.empty();
  }

  /// The batches as they are now, the newest first.
  public synchronized List<Batch> newest() {
    return new ArrayList<>(batches);
  }
}
