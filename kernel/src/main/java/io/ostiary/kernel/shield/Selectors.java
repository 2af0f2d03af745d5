package io.ostiary.kernel.shield;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Fills the table `selectors` of `classify.h`: for each value of a field the row of the rules that
/// agree with it. Confined to the compiler.
final class Selectors {
  static final int TCP = 0;
  static final int UDP = 65_536;
  static final int OTHER = 131_072;
  static final int ICMP = 131_328;
  static final int ICMPV6 = 131_584;
  static final int SOURCE_PORT = 131_840;
  static final int VLAN = 197_376;
  static final int FLAGS = 201_472;
  static final int INTERFACE = 201_728;
  static final int SIZE = 201_984;
  static final int PORTS = 65_536;
  static final int ROWS_MAX = 3072;

  /// Where the rows of selectors begin among the rows of a set.
  static final int ROWS_FIRST = 5120;

  private final short[] table;
  private final Map<Mask, Integer> numbers = new HashMap<>();
  private final List<Mask> rows = new ArrayList<>();

  /// @param table what it fills; what nobody fills is 0
  Selectors(short[] table) {
    this.table = table;
    Arrays.fill(table, (short) 0);
  }

  /// One rule in one field: the values it agrees with.
  record Range(int bit, int first, int last) {}

  /// Fills a field whose values are many, from ranges.
  void fill(int at, int size, List<Range> ranges) {
    // Where a range begins it adds its rule from there on, and takes it away behind its end.
    var events = new long[ranges.size() * 2];
    for (int i = 0; i < ranges.size(); i++) {
      var range = ranges.get(i);
      events[2 * i] = (long) range.first() << 32 | range.bit() << 1 | 1;
      events[2 * i + 1] = (long) (range.last() + 1) << 32 | range.bit() << 1;
    }
    Arrays.sort(events);
    var depth = new int[Mask.BITS];
    var words = new long[Mask.WORDS];
    int from = 0;
    for (long event : events) {
      int to = (int) (event >> 32);
      if (to > from) {
        put(at + from, at + Math.min(to, size), Mask.copyOf(words));
        from = to;
      }
      int bit = (int) event >> 1;
      depth[bit] += (event & 1) != 0 ? 1 : -1;
      if (depth[bit] > 0) {
        words[bit / Long.SIZE] |= 1L << bit;
      } else {
        words[bit / Long.SIZE] &= ~(1L << bit);
      }
    }
    if (from < size) {
      put(at + from, at + size, Mask.copyOf(words));
    }
  }

  /// Fills a field whose values are few, by asking for each. Most are like the one before.
  void ask(int at, int size, int rules, Agreement agreement) {
    var row = new long[Mask.WORDS];
    var next = new long[Mask.WORDS];
    int from = 0;
    for (int value = 0; value < size; value++) {
      Arrays.fill(next, 0);
      for (int rule = 0; rule < rules; rule++) {
        if (agreement.test(rule, value)) {
          next[rule / Long.SIZE] |= 1L << rule;
        }
      }
      if (value > 0 && !Arrays.equals(row, next)) {
        put(at + from, at + value, Mask.copyOf(row));
        from = value;
      }
      var before = row;
      row = next;
      next = before;
    }
    put(at + from, at + size, Mask.copyOf(row));
  }

  interface Agreement {
    boolean test(int rule, int value);
  }

  private void put(int from, int to, Mask row) {
    var known = numbers.get(row);
    int number = known == null ? rows.size() : known;
    if (known == null) {
      numbers.put(row, number);
      rows.add(row);
    }
    Arrays.fill(table, from, to, (short) (ROWS_FIRST + number));
  }

  /// As the kernel reads it.
  short[] table() {
    return table;
  }

  List<Mask> rows() {
    return rows;
  }
}
