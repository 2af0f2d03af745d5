package io.ostiary.insight.store;

/// Sums by a key of two numbers, in one array: a call touches one cache line and makes no object.
/// Confined to its thread.
final class RollTable {
  private static final int FIRST = 0;
  private static final int SECOND = 1;
  private static final int CALLS = 2;
  private static final int LONGEST = 3;
  private static final int REQUEST_BYTES = 4;
  private static final int RESPONSE_BYTES = 5;
  private static final int STRIDE = 6;
  private static final int SLOTS_MIN = 1024;

  private long[] cells = new long[SLOTS_MIN * STRIDE];
  private int slots = SLOTS_MIN;
  private int size;

  void add(long first, long second, long micros, long requestBytes, long responseBytes) {
    int at = find(first, second);
    if (cells[at + CALLS] == 0) {
      if (size >= slots / 4 * 3) {
        grow();
        at = find(first, second);
      }
      cells[at + FIRST] = first;
      cells[at + SECOND] = second;
      size++;
    }
    cells[at + CALLS]++;
    cells[at + LONGEST] = Math.max(cells[at + LONGEST], micros);
    cells[at + REQUEST_BYTES] += requestBytes;
    cells[at + RESPONSE_BYTES] += responseBytes;
  }

  private int find(long first, long second) {
    long mixed = (first ^ second * 0x9e3779b97f4a7c15L) * 0xbf58476d1ce4e5b9L;
    int slot = (int) (mixed >>> 32) & (slots - 1);
    while (true) {
      int at = slot * STRIDE;
      if (cells[at + CALLS] == 0 || (cells[at + FIRST] == first && cells[at + SECOND] == second)) {
        return at;
      }
      slot = (slot + 1) & (slots - 1);
    }
  }

  private void grow() {
    var old = cells;
    slots *= 2;
    cells = new long[slots * STRIDE];
    for (int from = 0; from < old.length; from += STRIDE) {
      if (old[from + CALLS] != 0) {
        System.arraycopy(old, from, cells, find(old[from], old[from + SECOND]), STRIDE);
      }
    }
  }

  int size() {
    return size;
  }

  /// Forgets all; keeps the memory while it is in use, and lets it go when it was mostly empty.
  void clear() {
    if (size < slots / 8 && slots > SLOTS_MIN) {
      slots = SLOTS_MIN;
      cells = new long[SLOTS_MIN * STRIDE];
    } else {
      java.util.Arrays.fill(cells, 0);
    }
    size = 0;
  }

  /// What is told of one key.
  interface Reader<E extends Exception> {
    void entry(
        long first, long second, long calls, long longest, long requestBytes, long responseBytes)
        throws E;
  }

  <E extends Exception> void forEach(Reader<E> reader) throws E {
    for (int at = 0; at < cells.length; at += STRIDE) {
      if (cells[at + CALLS] != 0) {
        reader.entry(
            cells[at + FIRST],
            cells[at + SECOND],
            cells[at + CALLS],
            cells[at + LONGEST],
            cells[at + REQUEST_BYTES],
            cells[at + RESPONSE_BYTES]);
      }
    }
  }
}
