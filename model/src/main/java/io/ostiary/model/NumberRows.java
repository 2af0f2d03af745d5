package io.ostiary.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Very many rows of numbers, in pieces that versions share: one with a row more or less has a
/// piece of its own and a list of pieces, and so it costs some kilobytes and not as much as all.
/// The same pieces are also known to be equal without a look at what they hold. Immutable.
final class NumberRows {
  /// So large that the list of them is short, so small that one is soon copied.
  static final int PIECE_ROWS = 512;

  private final int width;
  private final int most;

  /// Each of whole rows, none of them empty.
  private final long[][] pieces;

  /// The first row of each piece, and behind them how many rows there are.
  private final int[] starts;

  private NumberRows(int width, int most, long[][] pieces) {
    this.width = width;
    this.most = most;
    this.pieces = pieces;
    starts = new int[pieces.length + 1];
    for (int i = 0; i < pieces.length; i++) {
      starts[i + 1] = starts[i] + pieces[i].length / width;
    }
  }

  /// @param numbers one row behind the other, perhaps more than that
  static NumberRows of(long[] numbers, int rows, int width) {
    return of(numbers, rows, width, PIECE_ROWS);
  }

  /// @param most rows of a piece
  static NumberRows of(long[] numbers, int rows, int width, int most) {
    var pieces = new ArrayList<long[]>(rows / most + 1);
    for (int row = 0; row < rows; row += most) {
      int end = Math.min(rows, row + most);
      pieces.add(Arrays.copyOfRange(numbers, row * width, end * width));
    }
    return new NumberRows(width, most, pieces.toArray(long[][]::new));
  }

  /// Equal, with no piece in common.
  NumberRows copy() {
    var copies = new long[pieces.length][];
    Arrays.setAll(copies, i -> pieces[i].clone());
    return new NumberRows(width, most, copies);
  }

  int size() {
    return starts[pieces.length];
  }

  long get(int row, int column) {
    int piece = piece(row);
    return pieces[piece][(row - starts[piece]) * width + column];
  }

  private int piece(int row) {
    int found = Arrays.binarySearch(starts, 0, pieces.length, row);
    return found < 0 ? -found - 2 : found;
  }

  /// The pieces, which nobody writes into.
  long[][] pieces() {
    return pieces;
  }

  private long[] all() {
    if (pieces.length == 1) {
      return pieces[0]; // which nobody writes into either
    }
    var all = new long[size() * width];
    for (int i = 0; i < pieces.length; i++) {
      System.arraycopy(pieces[i], 0, all, starts[i] * width, pieces[i].length);
    }
    return all;
  }

  /// The row that begins with these numbers, -1: none. Looks at each, from one row on to both
  /// sides, a piece at a time.
  int placeNear(int row, long... numbers) {
    int start = pieces.length == 0 ? 0 : piece(Math.clamp(row, 0, size() - 1));
    for (int away = 0; away < pieces.length; away++) {
      int found = start + away < pieces.length ? placeIn(start + away, numbers) : -1;
      if (found < 0 && away > 0 && start >= away) {
        found = placeIn(start - away, numbers);
      }
      if (found >= 0) {
        return found;
      }
    }
    return -1;
  }

  private int placeIn(int number, long[] numbers) {
    var piece = pieces[number];
    for (int at = 0; at < piece.length; at += width) {
      if (piece[at] == numbers[0]
          && Arrays.equals(piece, at, at + numbers.length, numbers, 0, numbers.length)) {
        return starts[number] + at / width;
      }
    }
    return -1;
  }

  /// Whether a number is among those that stand in order, one in a row.
  boolean hasSorted(long number) {
    return pieces.length > 0 && Arrays.binarySearch(pieces[sortedPiece(number)], number) >= 0;
  }

  /// The piece in which a number stands or would stand, where they stand in order.
  private int sortedPiece(long number) {
    int piece = 0;
    for (int step = Integer.highestOneBit(Math.max(1, pieces.length)); step > 0; step >>= 1) {
      if (piece + step < pieces.length && pieces[piece + step][0] <= number) {
        piece += step;
      }
    }
    return piece;
  }

  /// With other rows in the place of some.
  ///
  /// @param from the first that is left out
  /// @param to behind the last
  NumberRows spliced(int from, int to, NumberRows in) {
    if (from == to && in.size() == 0) {
      return this;
    }
    int first = pieces.length == 0 ? 0 : piece(Math.min(from, size() - 1));
    int last = to == from ? first : piece(to - 1);
    long[] before = pieces.length == 0 ? new long[0] : pieces[first];
    long[] behind = pieces.length == 0 ? before : pieces[last];
    int kept = (from - starts[first]) * width;
    int left = pieces.length == 0 ? 0 : (to - starts[last]) * width;
    var coming = in.all();
    var middle = Arrays.copyOf(before, kept + coming.length + behind.length - left);
    System.arraycopy(coming, 0, middle, kept, coming.length);
    System.arraycopy(behind, left, middle, kept + coming.length, behind.length - left);
    var next = new ArrayList<>(Arrays.asList(pieces).subList(0, first));
    cut(middle, next);
    next.addAll(Arrays.asList(pieces).subList(Math.min(pieces.length, last + 1), pieces.length));
    return new NumberRows(width, most, next.toArray(long[][]::new));
  }

  /// Puts it behind others: in equal parts where it is too long, and not at all where it is empty.
  private void cut(long[] numbers, List<long[]> to) {
    int rows = numbers.length / width;
    int parts = (rows + most - 1) / most;
    for (int i = 0; i < parts; i++) {
      int from = (int) ((long) rows * i / parts);
      int end = (int) ((long) rows * (i + 1) / parts);
      to.add(parts == 1 ? numbers : Arrays.copyOfRange(numbers, from * width, end * width));
    }
  }

  /// Of numbers that stand in order, one in a row: without some, and with others among them.
  ///
  /// @return null where one of the former is not there, or one of the latter is
  @Nullable NumberRows exchangedSorted(NumberRows out, NumberRows in) {
    var leaving = out.all();
    var coming = in.all();
    if (leaving.length + coming.length == 0) {
      return this;
    }
    var next = new ArrayList<long[]>(pieces.length + 1);
    int left = 0;
    int came = 0;
    int i = sortedPiece(first(leaving, coming));
    next.addAll(Arrays.asList(pieces).subList(0, i));
    for (; left < leaving.length || came < coming.length; i++) {
      boolean isLast = i + 1 >= pieces.length;
      int leave = isLast ? leaving.length : below(leaving, left, pieces[i + 1][0]);
      int come = isLast ? coming.length : below(coming, came, pieces[i + 1][0]);
      if (left == leave && came == come) {
        next.addAll(Arrays.asList(pieces).subList(i, Math.min(pieces.length, i + 1)));
        continue;
      }
      var changed =
          exchanged(
              pieces.length == 0 ? new long[0] : pieces[i],
              Arrays.copyOfRange(leaving, left, leave),
              Arrays.copyOfRange(coming, came, come));
      if (changed == null) {
        return null;
      }
      cut(changed, next);
      left = leave;
      came = come;
    }
    next.addAll(Arrays.asList(pieces).subList(Math.min(i, pieces.length), pieces.length));
    return new NumberRows(width, most, next.toArray(long[][]::new));
  }

  /// The least of two lists that stand in order, of which one may be empty.
  private static long first(long[] one, long[] other) {
    return Math.min(
        one.length == 0 ? Long.MAX_VALUE : one[0], other.length == 0 ? Long.MAX_VALUE : other[0]);
  }

  private static int below(long[] sorted, int from, long limit) {
    int found = Arrays.binarySearch(sorted, from, sorted.length, limit);
    return found < 0 ? -found - 1 : found;
  }

  private static long @Nullable [] exchanged(long[] all, long[] out, long[] in) {
    if (out.length > all.length) {
      return null;
    }
    var changed = new long[all.length - out.length + in.length];
    int from = 0;
    int to = 0;
    int leaving = 0;
    int coming = 0;
    while (leaving < out.length || coming < in.length) {
      boolean leaves = coming == in.length || (leaving < out.length && out[leaving] <= in[coming]);
      long key = leaves ? out[leaving++] : in[coming++];
      int found = Arrays.binarySearch(all, from, all.length, key);
      int place = leaves ? found : -found - 1;
      // What is not there, later on, leaves too little room before.
      if (leaves != found >= 0 || to + place - from + (leaves ? 0 : 1) > changed.length) {
        return null;
      }
      System.arraycopy(all, from, changed, to, place - from);
      to += place - from;
      from = leaves ? place + 1 : place;
      if (!leaves) {
        changed[to++] = key;
      }
    }
    System.arraycopy(all, from, changed, to, all.length - from);
    return changed;
  }

  /// How many rows from here on are those of another list from there on, `count` at most.
  int common(int at, NumberRows other, int otherAt, int count) {
    int same = 0;
    int i = count == 0 ? 0 : piece(at);
    int j = count == 0 ? 0 : other.piece(otherAt);
    while (same < count) {
      int from = at + same - starts[i];
      int otherFrom = otherAt + same - other.starts[j];
      int here = pieces[i].length / width - from;
      int there = other.pieces[j].length / width - otherFrom;
      int rows = Math.min(count - same, Math.min(here, there));
      int different = mismatch(pieces[i], from, other.pieces[j], otherFrom, rows);
      if (different < rows) {
        return same + different;
      }
      same += rows;
      i += rows == here ? 1 : 0;
      j += rows == there ? 1 : 0;
    }
    return same;
  }

  @SuppressWarnings("ReferenceEquality") // The same piece, which nobody has to look into.
  private int mismatch(long[] one, int from, long[] other, int otherFrom, int rows) {
    if (one == other && from == otherFrom) {
      return rows;
    }
    int different =
        Arrays.mismatch(
            one,
            from * width,
            (from + rows) * width,
            other,
            otherFrom * width,
            (otherFrom + rows) * width);
    return different < 0 ? rows : different / width;
  }

  /// How many rows two lists have in common at their end, `count` at most.
  int tail(NumberRows other, int count) {
    int same = 0;
    int i = pieces.length - 1;
    int j = other.pieces.length - 1;
    while (same < count) {
      int here = size() - same - starts[i];
      int there = other.size() - same - other.starts[j];
      int rows = Math.min(count - same, Math.min(here, there));
      int equal = rows;
      if (mismatch(pieces[i], here - rows, other.pieces[j], there - rows, rows) < rows) {
        equal = 0;
        while (mismatch(pieces[i], here - equal - 1, other.pieces[j], there - equal - 1, 1) == 1) {
          equal++;
        }
      }
      same += equal;
      if (equal < rows) {
        return same;
      }
      i -= rows == here ? 1 : 0;
      j -= rows == there ? 1 : 0;
    }
    return same;
  }

  boolean isEqual(NumberRows other) {
    return size() == other.size() && common(0, other, 0, size()) == size();
  }
}
