package io.ostiary.insight.ledger;

import io.ostiary.model.LedgerEntry;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.Consumer;

/// The newest sealed batches, so that a call can be explained before the store has it. Bounded by
/// bytes; shared by the ledger reader and all askers under one short lock.
public final class Recent {
  private final ArrayDeque<Batch> batches = new ArrayDeque<>();
  private final long bytesMax;
  private final Batches batchesFree;
  private long bytes;

  public Recent(long bytesMax, Batches batchesFree) {
    this.bytesMax = bytesMax;
    this.batchesFree = batchesFree;
  }

  public synchronized void add(Batch batch) {
    batches.addFirst(batch);
    bytes += batch.bytes().length;
    while (bytes > bytesMax && batches.size() > 1) {
      var oldest = batches.removeLast();
      bytes -= oldest.bytes().length;
      batchesFree.release(oldest);
    }
  }

  /// Under the lock, since a batch that leaves is written anew; it takes microseconds.
  public synchronized Optional<LedgerEntry> find(long call) {
    for (var batch : batches) {
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

  /// Hands all batches to `reader`, the newest first, while none of them can leave.
  public synchronized void read(Consumer<Batch> reader) {
    batches.forEach(reader);
  }
}
