package io.ostiary.insight.store;

import io.ostiary.insight.ledger.Row;
import io.ostiary.insight.live.LatencyCounts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Sums by a key of two numbers, each with a histogram of its latencies, in rows of a few pages
/// that are made as they are needed: where a table doubles, only the numbers of its rows move. A
/// call touches three or four cache lines and makes no object. Confined to its thread.
final class RollTable {
  private static final int FIRST = 0;
  private static final int SECOND = 1;
  private static final int LONGEST = 2;
  private static final int REQUEST_BYTES = 3;
  private static final int RESPONSE_BYTES = 4;
  private static final int PACKETS_IN = 5;
  private static final int PACKETS_OUT = 6;
  private static final int RESENT = 7;
  private static final int STRIDE = 8;
  private static final int SLOTS_MIN = 1024;
  private static final int PAGE_BITS = 7;
  private static final int PAGE_ROWS = 1 << PAGE_BITS;

  /// Of a slot the bits that hold the number of its row; those above are of its key's hash.
  private static final int NUMBER_BITS = 20;

  private static final int NUMBER = (1 << NUMBER_BITS) - 1;

  /// Latencies below this many microseconds have a step each.
  private static final int SINGLE = 16;

  /// How many steps of [LatencyCounts] are one step here, a power of two.
  private final int width;

  private final int steps;
  private final int rowsMax;

  /// Of each slot the number of its row, from 1, below bits of its key's hash; 0: empty.
  private int[] slots = new int[SLOTS_MIN];

  private final List<Page> pages = new ArrayList<>();
  private int size;

  private static final class Page {
    final long[] sums = new long[PAGE_ROWS * STRIDE];

    /// Of each row its steps, as unsigned numbers of 16 bits.
    final char[] counts;

    Page(int steps) {
      counts = new char[PAGE_ROWS * steps];
    }
  }

  /// @param width how many steps of [LatencyCounts] are told as one, a power of two, 16 at most
  /// @param rowsMax with as many rows it is full
  RollTable(int width, int rowsMax) {
    this.width = width;
    this.rowsMax = rowsMax;
    steps = SINGLE + (LatencyCounts.SIZE - SINGLE) / width;
  }

  /// Adds a row's call under a key.
  void add(long first, long second, byte[] rows, int row) {
    long micros = Row.getLong(rows, row + Row.DURATION_MICROS);
    int slot = slot(first, second);
    int number = (slots[slot] & NUMBER) - 1;
    int step = number(LatencyCounts.index(micros));
    var page = pages.get(number >>> PAGE_BITS);
    int in = number & (PAGE_ROWS - 1);
    if (page.counts[in * steps + step] == Character.MAX_VALUE) {
      number = append(first, second);
      slots[slot] = (slots[slot] & ~NUMBER) | (number + 1);
      page = pages.get(number >>> PAGE_BITS);
      in = number & (PAGE_ROWS - 1);
    }
    page.counts[in * steps + step]++;
    var sums = page.sums;
    int at = in * STRIDE;
    sums[at + LONGEST] = Math.max(sums[at + LONGEST], micros);
    sums[at + REQUEST_BYTES] += Row.getLong(rows, row + Row.REQUEST_BYTES);
    sums[at + RESPONSE_BYTES] += Row.getLong(rows, row + Row.RESPONSE_BYTES);
    sums[at + PACKETS_IN] += Row.getLater(rows, row, Row.PACKETS_IN);
    sums[at + PACKETS_OUT] += Row.getLater(rows, row, Row.PACKETS_OUT);
    sums[at + RESENT] += Row.getLater(rows, row, Row.RESENT);
  }

  private int number(int step) {
    return step < SINGLE ? step : SINGLE + (step - SINGLE) / width;
  }

  /// The step of [LatencyCounts] that stands for one of this table: the middle one.
  private int step(int number) {
    return number < SINGLE ? number : SINGLE + (number - SINGLE) * width + width / 2;
  }

  private static int hash(long first, long second) {
    long mixed = (first ^ second * 0x9e3779b97f4a7c15L) * 0xbf58476d1ce4e5b9L;
    return (int) (mixed >>> 32);
  }

  /// The slot of a key, whose row is made where there is none.
  private int slot(long first, long second) {
    int hash = hash(first, second);
    int slot = hash & (slots.length - 1);
    for (; slots[slot] != 0; slot = (slot + 1) & (slots.length - 1)) {
      if (((slots[slot] ^ hash) & ~NUMBER) == 0 && is(first, second, slots[slot] & NUMBER)) {
        return slot;
      }
    }
    if (size >= slots.length / 4 * 3) {
      grow();
      slot = free(hash);
    }
    slots[slot] = (hash & ~NUMBER) | (append(first, second) + 1);
    return slot;
  }

  private boolean is(long first, long second, int numberFromOne) {
    var sums = pages.get((numberFromOne - 1) >>> PAGE_BITS).sums;
    int at = ((numberFromOne - 1) & (PAGE_ROWS - 1)) * STRIDE;
    return sums[at + FIRST] == first && sums[at + SECOND] == second;
  }

  private int append(long first, long second) {
    int number = size++;
    if (number >>> PAGE_BITS == pages.size()) {
      pages.add(new Page(steps));
    }
    var page = pages.get(number >>> PAGE_BITS);
    int in = number & (PAGE_ROWS - 1);
    Arrays.fill(page.sums, in * STRIDE, (in + 1) * STRIDE, 0);
    Arrays.fill(page.counts, in * steps, (in + 1) * steps, (char) 0);
    page.sums[in * STRIDE + FIRST] = first;
    page.sums[in * STRIDE + SECOND] = second;
    return number;
  }

  private int free(int hash) {
    int slot = hash & (slots.length - 1);
    while (slots[slot] != 0) {
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  /// A row that was full and has a successor keeps its sums, and is not found any more.
  private void grow() {
    var before = slots;
    slots = new int[before.length * 2];
    for (int slot : before) {
      if (slot != 0) {
        int number = (slot & NUMBER) - 1;
        var sums = pages.get(number >>> PAGE_BITS).sums;
        int at = (number & (PAGE_ROWS - 1)) * STRIDE;
        slots[free(hash(sums[at + FIRST], sums[at + SECOND]))] = slot;
      }
    }
  }

  int size() {
    return size;
  }

  boolean full() {
    return size >= rowsMax;
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

  /// The calls under one key whose latency is of one step. Valid during one call of a reader.
  static final class Values {
    private long[] sums = {};
    private int at;
    private boolean whole;
    private int step;
    private int calls;

    /// As [LatencyCounts#index] numbers them.
    int step() {
      return step;
    }

    int calls() {
      return calls;
    }

    /// How many sums there are.
    int count() {
      return STRIDE - LONGEST;
    }

    /// The longest call's microseconds, bytes of requests and of responses, packets in and out,
    /// segments sent again: of all calls under the key with its first step, else 0.
    long value(int number) {
      return whole ? sums[at + LONGEST + number] : 0;
    }
  }

  /// What is told of one key and step.
  interface Reader<E extends Exception> {
    void entry(long first, long second, Values values) throws E;
  }

  <E extends Exception> void forEach(Reader<E> reader) throws E {
    var values = new Values();
    for (int number = 0; number < size; number++) {
      var page = pages.get(number >>> PAGE_BITS);
      int in = number & (PAGE_ROWS - 1);
      values.sums = page.sums;
      values.at = in * STRIDE;
      values.whole = true;
      for (int step = 0; step < steps; step++) {
        values.calls = page.counts[in * steps + step];
        if (values.calls != 0) {
          values.step = step(step);
          reader.entry(page.sums[values.at + FIRST], page.sums[values.at + SECOND], values);
          values.whole = false;
        }
      }
    }
  }
}
