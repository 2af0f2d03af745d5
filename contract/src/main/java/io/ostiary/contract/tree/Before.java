package io.ostiary.contract.tree;

import io.ostiary.contract.tree.Items.Item;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What was composed of the version before of a text: the items of the lists below its root, such
/// as the APIs of a configuration, and of one kind of list below these, such as their routes, with
/// the places where they stood. An item that stands in what both versions begin or end with means
/// the same in both, so its node is taken as it is; only its line may be another. Immutable, but
/// for what [#next] gathers.
final class Before {
  /// How much of what follows an item is looked at to see that it ends: as much as the mark of a
  /// document's end is long, and a blank.
  private static final int BEHIND = 4;

  private static final int BLOCK = 4096;

  private final String text;
  private final Items items;

  /// Of each of them the items in it, which go where it goes.
  private final List<Items> inner;

  private Before(String text, Items items, List<Items> inner) {
    this.text = text;
    this.items = items;
    this.inner = inner;
  }

  static Before none() {
    return new Before("", Items.NONE, List.of());
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
    private final Items items = new Items();
    private final List<Items> inner = new ArrayList<>();

    /// Where the item below the root begins that is being composed; -1: none is.
    private int outer = -1;

    private Items inside = Items.NONE;
    private boolean reused;

    private Next(Before before, String text) {
      this.before = before;
      this.text = text;
      int most = before.items.count() == 0 ? 0 : Math.min(before.text.length(), text.length());
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

    /// Whether an item below the root is being composed.
    boolean inside() {
      return outer >= 0;
    }

    /// What stood here before, or null.
    @Nullable Item at(int offset, int column) {
      int behind = offset + before.text.length() - text.length();
      var item = offset < head ? find(offset) : null;
      if (item != null && offset + item.length() + BEHIND > head) {
        item = null;
      }
      if (item == null && offset > text.length() - tail) {
        item = find(behind);
      }
      return item != null && item.column() == column && whole(item.node()) ? item : null;
    }

    /// Whether nobody will ask for its members, which went with the text that it was read from.
    private static boolean whole(Node node) {
      return !(node instanceof Followed item) || item.made() != null;
    }

    private @Nullable Item find(int from) {
      if (!inside()) {
        return before.items.at(from);
      }
      int around = before.items.before(from);
      return around < 0 ? null : before.inner.get(around).at(from - before.items.from(around));
    }

    /// Takes it over, with what is in it.
    void reuse(Item item, int at) {
      reused = true;
      if (inside()) {
        add(inside, item, at - outer);
      } else {
        add(items, item, at);
        inner.add(before.inner.get(before.items.before(item.from())));
      }
    }

    private static void add(Items to, Item item, int from) {
      to.add(item.node(), from, item.length(), item.lines(), item.column(), item.then());
    }

    /// An item below the root begins here.
    void begins(int from) {
      outer = from;
      inside = new Items();
    }

    /// It ends.
    void ends(Item item) {
      outer = -1;
      add(items, item, item.from());
      inner.add(inside.done());
    }

    /// An item in that was composed.
    void made(Item item) {
      add(inside, item, item.from() - outer);
    }

    /// Whether any node is from a version before.
    boolean reused() {
      return reused;
    }

    /// What was composed now, for the version to come.
    Before done() {
      return new Before(text, items.done(), List.copyOf(inner));
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
