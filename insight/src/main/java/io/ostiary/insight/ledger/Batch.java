package io.ostiary.insight.ledger;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/// Rows of calls that ended one after the other. Grows under the ledger reader; once it is sealed
/// it does not change and may be read by any thread that holds it. When the last holder let it go
/// its memory is used for another batch: new memory for each would fill the heap with what has just
/// become old.
public final class Batch {
  /// A fuller batch is sealed at once.
  public static final int BYTES_FULL = 256 * 1024;

  /// What one more row may need.
  private static final int ROW_ROOM = 8 * 1024;

  private final AtomicInteger holders = new AtomicInteger();
  private Names names;
  private byte[] bytes;
  private int[] offsets;
  private int length;
  private int rows;
  private int namesEnd;
  private long firstCall = Long.MAX_VALUE;
  private long lastCall = Long.MIN_VALUE;

  public Batch(Names names, int bytesExpected) {
    this.names = names;
    bytes = new byte[Math.max(2048, bytesExpected)];
    offsets = new int[Math.max(16, bytesExpected / 160)];
  }

  /// Begins anew with the same memory. Ledger reader only.
  void reset(Names others) {
    names = others;
    length = 0;
    rows = 0;
    firstCall = Long.MAX_VALUE;
    lastCall = Long.MIN_VALUE;
  }

  /// A copy for a holder that does not say when it is done.
  public Batch copy() {
    var copy = new Batch(names, 0);
    copy.bytes = Arrays.copyOf(bytes, length);
    copy.offsets = Arrays.copyOf(offsets, rows);
    copy.length = length;
    copy.rows = rows;
    copy.namesEnd = namesEnd;
    copy.firstCall = firstCall;
    copy.lastCall = lastCall;
    return copy;
  }

  /// Said by the ledger reader before it hands the batch on.
  void heldBy(int count) {
    holders.set(count);
  }

  /// Whether nobody holds it any more.
  boolean letGo() {
    return holders.decrementAndGet() == 0;
  }

  /// Room for one more row of at most `size` bytes; the writer says afterwards where it ended.
  byte[] room(int size) {
    if (bytes.length - length < size) {
      // Full batches are as large as that, and not the next power of two.
      int doubled = Math.min(bytes.length * 2, BYTES_FULL + ROW_ROOM);
      bytes = Arrays.copyOf(bytes, Math.max(doubled, length + size));
    }
    return bytes;
  }

  void added(long call, int end) {
    if (rows == offsets.length) {
      offsets = Arrays.copyOf(offsets, rows * 2);
    }
    offsets[rows++] = length;
    length = end;
    firstCall = Math.min(firstCall, call);
    lastCall = Math.max(lastCall, call);
  }

  /// Called once by the ledger reader, before it hands the batch on.
  public void seal() {
    namesEnd = names.size();
  }

  public Names names() {
    return names;
  }

  /// Names below this number are enough to read the batch.
  public int namesEnd() {
    return namesEnd;
  }

  /// Shared: do not write to it.
  public byte[] bytes() {
    return bytes;
  }

  public int length() {
    return length;
  }

  public int rows() {
    return rows;
  }

  public int offset(int row) {
    return offsets[row];
  }

  public long firstCall() {
    return firstCall;
  }

  public long lastCall() {
    return lastCall;
  }
}
