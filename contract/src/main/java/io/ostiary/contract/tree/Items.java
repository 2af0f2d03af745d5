package io.ostiary.contract.tree;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Nodes of items and where they stood, in this order: numbers rather than objects, for there may
/// be ten thousand. Filled by one thread, then not changed any more.
final class Items {
  static final Items NONE = new Items();

  private static final int NUMBERS = 5;

  private @Nullable Node[] nodes = {};
  private int[] numbers = {};
  private int count;

  /// @param from where its dash or bracket stands, behind that of what is around it
  /// @param length up to what follows it
  /// @param lines from its first to that of what follows
  /// @param column of its dash or bracket
  /// @param then the column of what follows
  record Item(Node node, int from, int length, int lines, int column, int then) {}

  void add(Node node, int from, int length, int lines, int column, int then) {
    if (count == nodes.length) {
      int room = Math.max(8, count * 2);
      nodes = Arrays.copyOf(nodes, room);
      numbers = Arrays.copyOf(numbers, room * NUMBERS);
    }
    nodes[count] = node;
    int at = count * NUMBERS;
    numbers[at] = from;
    numbers[at + 1] = length;
    numbers[at + 2] = lines;
    numbers[at + 3] = column;
    numbers[at + 4] = then;
    count++;
  }

  /// No more are to come.
  Items done() {
    nodes = Arrays.copyOf(nodes, count);
    numbers = Arrays.copyOf(numbers, count * NUMBERS);
    return count == 0 ? NONE : this;
  }

  /// The one that stands there, or null.
  @Nullable Item at(int from) {
    int found = before(from);
    return found >= 0 && numbers[found * NUMBERS] == from ? get(found) : null;
  }

  /// The last one that does not begin behind this place; -1: there is none.
  int before(int from) {
    int low = 0;
    int high = count - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (numbers[middle * NUMBERS] <= from) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return high;
  }

  int from(int item) {
    return numbers[item * NUMBERS];
  }

  int count() {
    return count;
  }

  private Item get(int item) {
    int at = item * NUMBERS;
    return new Item(
        Objects.requireNonNull(nodes[item]),
        numbers[at],
        numbers[at + 1],
        numbers[at + 2],
        numbers[at + 3],
        numbers[at + 4]);
  }
}
