package io.ostiary.insight.store;

import io.ostiary.insight.ledger.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Sums by a key of two numbers, in rows of a few pages that are made as they are needed: where a
/// table doubles, only the numbers of its rows move. A call touches two cache lines and makes no
/// object. Confined to its thread.
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
  private static final int PAGE_BITS = 10;
  private static final int PAGE_ROWS = 1 << PAGE_BITS;

  /// Of each slot the number of its row, from 1; 0: empty.
  private int[] slots = new int[SLOTS_MIN];

  private final List<long[]> pages = new ArrayList<>();
  private int size;

  /// Adds a row's call under a key.
  void add(long first, long second, byte[] rows, int row) {
    long micros = Row.getLong(rows, row + Row.DURATION_MICROS);
    int number = find(first, second);
    long[] page = pages.get(number >>> PAGE_BITS);
    int at = at(number);
    page[at + CALLS]++;
    page[at + LONGEST] = Math.max(page[at + LONGEST], micros);
    page[at + REQUEST_BYTES] += Row.getLong(rows, row + Row.REQUEST_BYTES);
    page[at + RESPONSE_BYTES] += Row.getLong(rows, row + Row.RESPONSE_BYTES);
    page[at + PACKETS_IN] += Row.getLater(rows, row, Row.PACKETS_IN);
    page[at + PACKETS_OUT] += Row.getLater(rows, row, Row.PACKETS_OUT);
    page[at + RESENT] += Row.getLater(rows, row, Row.RESENT);
  }

  private static int at(int number) {
    return (number & (PAGE_ROWS - 1)) * STRIDE;
  }

  private static int slot(long first, long second, int slots) {
    long mixed = (first ^ second * 0x9e3779b97f4a7c15L) * 0xbf58476d1ce4e5b9L;
    return (int) (mixed >>> 32) & (slots - 1);
  }

  /// The number of a key's row, which is made where there is none.
  private int find(long first, long second) {
    int slot = slot(first, second, slots.length);
    for (; slots[slot] != 0; slot = (slot + 1) & (slots.length - 1)) {
      int number = slots[slot] - 1;
      long[] page = pages.get(number >>> PAGE_BITS);
      int at = at(number);
      if (page[at + FIRST] == first && page[at + SECOND] == second) {
        return number;
      }
    }
    if (size >= slots.length / 4 * 3) {
      grow();
      slot = free(first, second);
    }
    slots[slot] = size + 1;
    return append(first, second);
  }

  private int append(long first, long second) {
    int number = size++;
    if (number >>> PAGE_BITS == pages.size()) {
      pages.add(new long[PAGE_ROWS * STRIDE]);
    }
    long[] page = pages.get(number >>> PAGE_BITS);
    int at = at(number);
    Arrays.fill(page, at, at + STRIDE, 0);
    page[at + FIRST] = first;
    page[at + SECOND] = second;
    return number;
  }

  private int free(long first, long second) {
    int slot = slot(first, second, slots.length);
    while (slots[slot] != 0) {
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  private void grow() {
    slots = new int[slots.length * 2];
    for (int number = 0; number < size; number++) {
      long[] page = pages.get(number >>> PAGE_BITS);
      int at = at(number);
      slots[free(page[at + FIRST], page[at + SECOND])] = number + 1;
    }
  }

  int size() {
    return size;
  }

  /// Forgets all; keeps the memory that was in use, and of what was not three quarters. Sums are
  /// written after few calls and after many, and what is let go is garbage that lives long.
  void clear() {
    int used = (size >>> PAGE_BITS) + 1;
    if (size < slots.length / 64 && slots.length > SLOTS_MIN) {
      slots = new int[slots.length / 2];
    } else {
      Arrays.fill(slots, 0);
    }
    int kept = Math.max(used, pages.size() * 3 / 4);
    pages.subList(Math.min(pages.size(), kept), pages.size()).clear();
    size = 0;
  }

  /// What is summed under one key. Valid during one call of a reader.
  static final class Values {
    private long[] page = {};
    private int at;

    int count() {
      return STRIDE - CALLS;
    }

    /// Calls, the longest call's microseconds, bytes of requests and of responses, packets in and
    /// out, segments sent again.
    long value(int number) {
      return page[at + CALLS + number];
    }
  }

  /// What is told of one key.
  interface Reader<E extends Exception> {
    void entry(long first, long second, Values values) throws E;
  }

  <E extends Exception> void forEach(Reader<E> reader) throws E {
    var values = new Values();
    for (int number = 0; number < size; number++) {
      values.page = pages.get(number >>> PAGE_BITS);
      values.at = at(number);
      reader.entry(values.page[values.at + FIRST], values.page[values.at + SECOND], values);
    }
  }
}
