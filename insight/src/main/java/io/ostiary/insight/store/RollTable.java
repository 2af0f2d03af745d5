package io.ostiary.insight.store;

import io.ostiary.insight.ledger.Row;

/// Sums by a key of two numbers, in one array: a call touches one cache line and makes no object.
/// Confined to its thread.
final class RollTable {
  private static final int FIRST = 0;
  private static final int SECOND = 1;
  private static final int CALLS = 2;
  private static final int LONGEST = 3;
  private static final int REQUEST_BYTES = 4;
  private static final int RESPONSE_BYTES = 5;
  private static final int PACKETS_IN = 6;
  private static final int PACKETS_OUT = 7;
  private static final int RESENT = 8;
  private static final int STRIDE = 9;
  private static final int SLOTS_MIN = 1024;

  private long[] cells = new long[SLOTS_MIN * STRIDE];
  private int slots = SLOTS_MIN;
  private int size;

  /// Adds a row's call under a key.
  void add(long first, long second, byte[] rows, int row) {
    long micros = Row.getLong(rows, row + Row.DURATION_MICROS);
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
    cells[at + REQUEST_BYTES] += Row.getLong(rows, row + Row.REQUEST_BYTES);
    cells[at + RESPONSE_BYTES] += Row.getLong(rows, row + Row.RESPONSE_BYTES);
    cells[at + PACKETS_IN] += Row.getLater(rows, row, Row.PACKETS_IN);
    cells[at + PACKETS_OUT] += Row.getLater(rows, row, Row.PACKETS_OUT);
    cells[at + RESENT] += Row.getLater(rows, row, Row.RESENT);
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

  /// What is summed under one key. Valid during one call of a reader.
  final class Values {
    private int at;

    int count() {
      return STRIDE - CALLS;
    }

    /// Calls, the longest call's microseconds, bytes of requests and of responses, packets in and
    /// out, segments sent again.
    long value(int number) {
      return cells[at + CALLS + number];
    }
  }

  /// What is told of one key.
  interface Reader<E extends Exception> {
    void entry(long first, long second, Values values) throws E;
  }

  <E extends Exception> void forEach(Reader<E> reader) throws E {
    var values = new Values();
    for (int at = 0; at < cells.length; at += STRIDE) {
      if (cells[at + CALLS] != 0) {
        values.at = at;
        reader.entry(cells[at + FIRST], cells[at + SECOND], values);
      }
    }
  }
}
