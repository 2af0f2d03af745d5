package io.ostiary.model;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The bounded way from one event loop to the insight room: a ring of slots, one writer, one reader
/// (Lamport's queue). When the reader is behind, new lines are refused and counted; the data plane
/// never waits for it. A slot is made when it is first claimed and used again ever after, so a
/// gateway without much traffic does not pay for a burst.
public final class LedgerRing {
  private final @Nullable LedgerSlot[] slots;
  private final int mask;
  private final AtomicLong published = new AtomicLong();
  private final AtomicLong consumed = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();
  private long readerLimit;

  /// @param capacity a power of two; each slot takes about 1.5 KiB
  public LedgerRing(int capacity) {
    if (Integer.bitCount(capacity) != 1) {
      throw Require.invalid("ledger ring capacity", capacity, "a power of two");
    }
    slots = new @Nullable LedgerSlot[capacity];
    mask = capacity - 1;
  }

  /// The next free slot with the content of its last use, or null, counted as lost, when the ring
  /// is full. Writer only.
  public @Nullable LedgerSlot claim() {
    long next = published.getPlain();
    if (next - readerLimit >= slots.length) {
      readerLimit = consumed.getAcquire();
      if (next - readerLimit >= slots.length) {
        lost.setPlain(lost.getPlain() + 1);
        return null;
      }
    }
    int at = (int) next & mask;
    var slot = slots[at];
    if (slot == null) {
      slot = new LedgerSlot();
      slots[at] = slot;
    }
    return slot;
  }

  /// Hands the claimed slot to the reader. Writer only.
  public void publish() {
    published.setRelease(published.getPlain() + 1);
  }

  /// Gives up to `limit` slots to `reader`, each valid only during its call; returns how many.
  /// Reader only. A reader that throws has consumed the slot it threw on.
  public int drain(Consumer<LedgerSlot> reader, int limit) {
    long from = consumed.getPlain();
    long to = Math.min(published.getAcquire(), from + limit);
    for (long next = from; next < to; next++) {
      try {
        reader.accept(Objects.requireNonNull(slots[(int) next & mask]));
      } finally {
        consumed.setRelease(next + 1);
      }
    }
    return (int) (to - from);
  }

  /// Lines refused because the reader was behind. Any thread.
  public long lost() {
    return lost.getOpaque();
  }

  /// Lines published so far. Any thread.
  public long published() {
    return published.getOpaque();
  }
}
