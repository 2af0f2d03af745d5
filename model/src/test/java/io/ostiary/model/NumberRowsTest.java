package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Versions of lists in pieces beside the same as plain lists; pieces are short, so that their
/// edges are everywhere.
final class NumberRowsTest {
  private static final int MOST = 4;

  private static NumberRows rows(List<Long> numbers, int width) {
    var array = numbers.stream().mapToLong(Long::longValue).toArray();
    return NumberRows.of(array, array.length / width, width, MOST);
  }

  private static List<Long> numbers(NumberRows rows, int width) {
    var numbers = new ArrayList<Long>();
    for (int row = 0; row < rows.size(); row++) {
      for (int column = 0; column < width; column++) {
        numbers.add(rows.get(row, column));
      }
    }
    return numbers;
  }

  @Test
  void rowsTakeThePlaceOfOthers() {
    var random = new Random(3);
    var expected = new ArrayList<Long>();
    var rows = rows(expected, 3);
    for (int turn = 0; turn < 4000; turn++) {
      int count = expected.size() / 3;
      int from = random.nextInt(count + 1);
      int to = Math.min(count, from + random.nextInt(turn % 100 == 0 ? 40 : 3));
      var coming = new ArrayList<Long>();
      for (int i = 3 * random.nextInt(turn % 90 == 0 ? 40 : 3); i > 0; i--) {
        coming.add((long) random.nextInt(3));
      }
      var before = rows;
      var was = List.copyOf(expected);
      rows = rows.spliced(from, to, rows(coming, 3));
      expected.subList(3 * from, 3 * to).clear();
      expected.addAll(3 * from, coming);
      assertThat(numbers(rows, 3)).as("turn %d", turn).isEqualTo(expected);
      assertThat(numbers(before, 3)).as("the version before").isEqualTo(was);
      compare(rows, before, 3);
      compare(rows, rows(expected, 3), 3);
    }
  }

  @Test
  void numbersInOrderAreExchanged() {
    var random = new Random(4);
    var expected = new TreeSet<Long>();
    var rows = rows(List.of(), 1);
    for (int turn = 0; turn < 4000; turn++) {
      var leaving = new TreeSet<Long>();
      var coming = new TreeSet<Long>();
      for (int i = random.nextInt(turn % 100 == 0 ? 40 : 4); i > 0; i--) {
        long number = random.nextInt(60);
        (random.nextInt(2) == 0 ? leaving : coming).add(number);
      }
      var wanted = new TreeSet<>(expected);
      boolean known = wanted.containsAll(leaving);
      wanted.removeAll(leaving);
      boolean isNew = coming.stream().noneMatch(wanted::contains);
      wanted.addAll(coming);
      var next = rows.exchangedSorted(rows(List.copyOf(leaving), 1), rows(List.copyOf(coming), 1));
      if (!known || !isNew) {
        assertThat(next).as("turn %d", turn).isNull();
        continue;
      }
      assertThat(next).as("turn %d", turn).isNotNull();
      assertThat(numbers(next, 1)).isEqualTo(List.copyOf(wanted));
      for (long number = -1; number <= 60; number++) {
        assertThat(next.hasSorted(number)).as("%d", number).isEqualTo(wanted.contains(number));
      }
      compare(next, rows, 1);
      rows = next;
      expected = wanted;
    }
  }

  private static void compare(NumberRows one, NumberRows other, int width) {
    var a = numbers(one, width);
    var b = numbers(other, width);
    int most = Math.min(one.size(), other.size());
    int head = 0;
    while (head < most && row(a, head, width).equals(row(b, head, width))) {
      head++;
    }
    assertThat(one.common(0, other, 0, most)).isEqualTo(head);
    int tail = 0;
    while (tail < most
        && row(a, one.size() - 1 - tail, width).equals(row(b, other.size() - 1 - tail, width))) {
      tail++;
    }
    assertThat(one.tail(other, most)).isEqualTo(tail);
    assertThat(one.tail(other, most / 2)).isEqualTo(Math.min(tail, most / 2));
    assertThat(one.isEqual(other)).isEqualTo(a.equals(b));
    if (most > 0) {
      int at = most / 3;
      var wanted = row(b, at, width);
      int first = place(a, wanted, width);
      var numbers = wanted.stream().mapToLong(Long::longValue).toArray();
      assertThat(one.placeNear(0, numbers)).isEqualTo(first);
      for (int near : new int[] {-1, one.size() / 2, one.size() - 1, Integer.MAX_VALUE}) {
        int found = one.placeNear(near, numbers);
        assertThat(found < 0).isEqualTo(first < 0);
        if (found >= 0) {
          assertThat(row(a, found, width)).isEqualTo(wanted);
        }
      }
    }
  }

  private static List<Long> row(List<Long> numbers, int row, int width) {
    return numbers.subList(row * width, (row + 1) * width);
  }

  private static int place(List<Long> numbers, List<Long> wanted, int width) {
    for (int row = 0; row < numbers.size() / width; row++) {
      if (row(numbers, row, width).equals(wanted)) {
        return row;
      }
    }
    return -1;
  }

  @Test
  void copiesShareNothing() {
    var rows = rows(List.of(1L, 2L, 3L, 4L, 5L), 1);
    var copy = rows.copy();
    assertThat(copy.isEqual(rows)).isTrue();
    for (int i = 0; i < rows.pieces().length; i++) {
      assertThat(copy.pieces()[i]).isNotSameAs(rows.pieces()[i]);
    }
  }
}
