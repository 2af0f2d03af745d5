package io.ostiary.model;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The bounded way from one event loop to the insight room: a ring of slots, one writer, one reader
/// (Lamport's queue). When the reader is behind, new lines are refused and counted; the data plane
/// never waits for it.
///
/// What the reader has done with is written to again first, the newest before the older ones: as
/// many slots go round as lines wait, so they stay in the processor's cache, and a burst costs
/// memory only while it lasts.
public final class LedgerRing {
  /// So many slots are kept for what comes next; more are let go.
  private static final int FREE_MAX = 2048;

  /// So many lines are claimed between two looks at how far the reader is.
  private static final int LOOK_EVERY = 32;

  private final @Nullable LedgerSlot[] slots;
  private final int mask;
  private final AtomicLong published = new AtomicLong();
  private final AtomicLong consumed = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();

  /// Of the writer alone: what is free, how far the reader's slots were taken back, the slot that
  /// is claimed.
  private final @Nullable LedgerSlot[] free;

  private int freeCount;
  private long takenBack;
  private int looked;
  private @Nullable LedgerSlot claimed;

  /// @param capacity a power of two; each slot takes about 3 KiB
  public LedgerRing(int capacity) {
    if (Integer.bitCount(capacity) != 1) {
      throw Require.invalid("ledger ring capacity", capacity, "a power of two");
    }
    slots = new @Nullable LedgerSlot[capacity];
    free = new @Nullable LedgerSlot[Math.min(capacity, FREE_MAX)];
    mask = capacity - 1;
  }

  /// A slot with the content of some earlier use, the same one until it is published; or null,
  /// counted as lost, when as many lines wait as there is room for. Writer only.
  public @Nullable LedgerSlot claim() {
    if (claimed != null) {
      return claimed;
    }
    if (freeCount == 0 || ++looked >= LOOK_EVERY) {
      takeBack();
    }
    if (freeCount > 0) {
      claimed = free[--freeCount];
    } else if (published.getPlain() - takenBack < slots.length) {
      claimed = new LedgerSlot();
    } else {
      lost.setPlain(lost.getPlain() + 1);
    }
    return claimed;
  }

  private void takeBack() {
    looked = 0;
    long until = consumed.getAcquire();
    for (; takenBack < until; takenBack++) {
      if (freeCount < free.length) {
        free[freeCount++] = slots[(int) takenBack & mask];
      }
      slots[(int) takenBack & mask] = null;
    }
  }

  /// Hands the claimed slot to the reader. Writer only.
  public void publish() {
    long next = published.getPlain();
    slots[(int) next & mask] = Objects.requireNonNull(claimed);
    claimed = null;
    published.setRelease(next + 1);
  }

  /// Gives up to `limit` slots to `reader`, each valid only during its call; returns how many.
  /// Reader only. A reader that throws has consumed the slot it threw on.
  public int drain(Consumer<LedgerSlot> reader, int limit) {
    long from = consumed.getPlain();
    long to = Math.min(published.getAcquire(), from + limit);
    for (long next = from; next < to; next++) {
      var slot = Objects.requireNonNull(slots[(int) next & mask]);
      try {
        reader.accept(slot);
      } finally {
        slot.letGo();
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
