package io.ostiary.insight.ledger;

import java.util.concurrent.ArrayBlockingQueue;

/// The memory of batches that nobody holds any more. Shared by the ledger reader, which takes from
/// it, and all that give back.
public final class Batches {
  private static final int FREE_MAX = 32;

  private final ArrayBlockingQueue<Batch> free = new ArrayBlockingQueue<>(FREE_MAX);

  public Batch take(Names names, int bytesExpected) {
    var batch = free.poll();
    if (batch == null) {
      return new Batch(names, bytesExpected);
    }
    batch.reset(names);
    return batch;
  }

  /// Called before a batch is handed to so many holders.
  public void hold(Batch batch, int holders) {
    batch.heldBy(holders);
  }

  /// Called once by each holder; it must not look at the batch afterwards.
  public void release(Batch batch) {
    if (batch.letGo()) {
      // Where enough are kept, this one is left to the garbage collector.
      free.offer(batch);
    }
  }
}
