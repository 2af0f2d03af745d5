package io.ostiary.contract.tree;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What was composed of the version before of a text: the items of the lists below its root, such
/// as the APIs of a configuration, with the places where they stood. An item that stands in what
/// both versions begin or end with means the same in both, so its nodes are taken as they are; only
/// their lines may be others. Immutable, but for what [#next] gathers.
final class Before {
  /// How much of what follows an item is looked at to see that it ends: as much as the mark of a
  /// document's end is long, and a blank.
  private static final int BEHIND = 4;

  private static final int BLOCK = 4096;

  /// @param from where its dash stands
  /// @param to where that stands which follows it
  /// @param line of its dash in this version
  /// @param lines from its dash to what follows
  /// @param column of its dash
  /// @param then the column of what follows
  /// @param born the line of its dash in the version that its nodes were made from
  record Item(Node node, int from, int to, int line, int lines, int column, int then, int born) {}

  private final String text;
  private final List<Item> items;

  private Before(String text, List<Item> items) {
    this.text = text;
    this.items = items;
  }

  static Before none() {
    return new Before("", List.of());
  }

  /// How far the lines of reused nodes are from where they stand now; none: not at all.
  IdentityHashMap<Node, Integer> shifts() {
    var shifts = new IdentityHashMap<Node, Integer>();
    for (var item : items) {
      if (item.line != item.born) {
        shifts.put(item.node, item.line - item.born);
      }
    }
    return shifts;
  }

  /// To compose the next version.
  Next next(String now) {
    return new Next(this, now);
  }

  /// The version that is being composed. Used by one thread.
  static final class Next {
    private final Before before;
    private final String text;

    /// How many characters both begin with, and end with.
    private final int head;

    private final int tail;
    private final List<Item> items = new ArrayList<>();
    private boolean reused;

    private Next(Before before, String text) {
      this.before = before;
      this.text = text;
      int most = before.items.isEmpty() ? 0 : Math.min(before.text.length(), text.length());
      head = same(before.text, 0, text, 0, most, true);
      tail = same(before.text, before.text.length(), text, text.length(), most - head, false);
    }

    /// What is not known from before begins here.
    int unknownFrom() {
      return head;
    }

    int unknownTo() {
      return text.length() - tail;
    }

    /// What stood here before, or null.
    @Nullable Item at(int offset, int column) {
      var item = offset < head ? find(offset) : null;
      if (item != null && item.to + BEHIND > head) {
        item = null;
      }
      if (item == null && offset > text.length() - tail) {
        item = find(offset + before.text.length() - text.length());
      }
      return item != null && item.column == column ? item : null;
    }

    private @Nullable Item find(int from) {
      int low = 0;
      int high = before.items.size() - 1;
      while (low <= high) {
        int middle = (low + high) >>> 1;
        var item = before.items.get(middle);
        if (item.from == from) {
          return item;
        }
        if (item.from < from) {
          low = middle + 1;
        } else {
          high = middle - 1;
        }
      }
      return null;
    }

    void reuse(Item item, int from, int line) {
      reused = true;
      int to = from + item.to - item.from;
      items.add(new Item(item.node, from, to, line, item.lines, item.column, item.then, item.born));
    }

    void made(Item item) {
      items.add(item);
    }

    /// Whether any node is from a version before.
    boolean reused() {
      return reused;
    }

    /// What was composed now, for the version to come.
    Before done() {
      return new Before(text, List.copyOf(items));
    }

    /// In blocks, which the processor compares as a whole, then character by character.
    private static int same(String a, int aAt, String b, int bAt, int most, boolean forwards) {
      int count = 0;
      int step = forwards ? 1 : -1;
      while (most - count >= BLOCK) {
        int shift = forwards ? count : -count - BLOCK;
        if (!a.regionMatches(aAt + shift, b, bAt + shift, BLOCK)) {
          break;
        }
        count += BLOCK;
      }
      int off = forwards ? 0 : -1;
      while (count < most
          && a.charAt(aAt + step * count + off) == b.charAt(bAt + step * count + off)) {
        count++;
      }
      return count;
    }
  }
}
