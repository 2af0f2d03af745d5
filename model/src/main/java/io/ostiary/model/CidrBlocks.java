package io.ostiary.model;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/// Very many blocks in little memory, each once: those of IPv4 in the order of their addresses,
/// eight bytes each, and behind them those of IPv6, as they came, 32 bytes each. A block is made
/// when it is asked for. Versions share what is the same in both. Immutable.
///
/// As objects a million blocks would take more than half of the heap.
public final class CidrBlocks extends AbstractList<Cidr> implements RandomAccess {
  /// What the kernel's tables hold: of IPv6, and of IPv4 blocks longer than /24.
  public static final int LONG_MAX = 131_072;

  private static final int LENGTH_BITS = 6;
  private static final int WHOLE_BLOCK = 24;

  /// Numbers of a block of IPv6.
  private static final int WIDTH6 = 3;

  private final NumberRows four;

  /// Of each block the two halves of its address, and its length.
  private final NumberRows six;

  /// A hash of each block of IPv6, in the order of the hashes: what is not among these is not
  /// there, and nobody has to look at each block for that.
  private final NumberRows hashes6;

  /// How many of IPv4 are longer than /24.
  private final int longer4;

  private CidrBlocks(NumberRows four, int longer4, NumberRows six, NumberRows hashes6) {
    this.four = four;
    this.longer4 = longer4;
    this.six = six;
    this.hashes6 = hashes6;
  }

  /// All of several lists.
  public static CidrBlocks of(List<List<Cidr>> lists) {
    var builder = new Builder();
    lists.forEach(list -> list.forEach(builder::add));
    return builder.build();
  }

  /// An equal list that shares nothing with it; of what is not kept in numbers, the same.
  public static List<Cidr> copyOf(List<Cidr> list) {
    return list instanceof CidrBlocks blocks
        ? new CidrBlocks(
            blocks.four.copy(), blocks.longer4, blocks.six.copy(), blocks.hashes6.copy())
        : list;
  }

  /// What would be read where one part of a text has given way to another: the blocks of the one
  /// part are taken out, and those of the other stand in their place.
  ///
  /// @param where about how much of the text stands before these parts, from 0 to 1
  /// @return null where that cannot be told from the parts: a block of the one is not here, of the
  ///   other is, or nothing says where blocks of IPv6 belong
  @Nullable CidrBlocks exchanged(CidrBlocks out, CidrBlocks in, double where) {
    var changed4 = four.exchangedSorted(out.four, in.four);
    var changedHashes = hashes6.exchangedSorted(out.hashes6, in.hashes6);
    int leaving = out.six.size();
    boolean known = six.size() == 0 || leaving > 0 || in.six.size() == 0;
    if (changed4 == null || changedHashes == null || !known) {
      return null;
    }
    int at = leaving == 0 ? 0 : place6(out, (int) (where * six.size()));
    if (at < 0 || at + leaving > six.size() || six.common(at, out.six, 0, leaving) < leaving) {
      return null;
    }
    int longer = longer4 - out.longer4 + in.longer4;
    return new CidrBlocks(changed4, longer, six.spliced(at, at + leaving, in.six), changedHashes);
  }

  /// Where the first block of IPv6 of another list stands here among those of IPv6, perhaps near a
  /// place; -1: nowhere.
  private int place6(CidrBlocks other, int near) {
    return six.placeNear(near, other.six.get(0, 0), other.six.get(0, 1), other.six.get(0, 2));
  }

  private static long hash6(long high, long low, long length) {
    long hash = (high ^ high >>> 32) * 0x9e37_79b9_7f4a_7c15L + low;
    hash = (hash ^ hash >>> 29) * 0xbf58_476d_1ce4_e5b9L + length;
    return (hash ^ hash >>> 32) * 0x94d0_49bb_1331_11ebL;
  }

  /// Takes blocks as they come, also the same one again. Used by one thread.
  static final class Builder {
    private long[] four = new long[64];
    private int count;
    private int taken;
    private int taken6;
    private final Sixes six = new Sixes();

    void add(Cidr block) {
      var bytes = block.address().getAddress();
      if (bytes.length > Integer.BYTES) {
        six(number(bytes, 0, 8), number(bytes, 8, 8), block.prefix());
      } else {
        four(number(bytes, 0, 4), block.prefix());
      }
    }

    void six(long high, long low, int prefix) {
      taken6++;
      six.add(high, low, prefix);
    }

    void four(long address, int prefix) {
      if (count == four.length) {
        settle();
        four = Arrays.copyOf(four, Math.max(four.length, 2 * count));
      }
      taken++;
      four[count++] = address << LENGTH_BITS | prefix;
    }

    /// How many came, of IPv6 without those that came twice.
    int taken() {
      return taken + six.count;
    }

    int six() {
      return six.count;
    }

    /// How many came, those that came twice among them.
    int all() {
      return taken + taken6;
    }

    /// Forgets what came twice.
    private void settle() {
      Arrays.sort(four, 0, count);
      int kept = 0;
      for (int i = 0; i < count; i++) {
        if (i == 0 || four[i] != four[i - 1]) {
          four[kept++] = four[i];
        }
      }
      count = kept;
    }

    CidrBlocks build() {
      settle();
      int longer = 0;
      for (int i = 0; i < count; i++) {
        longer += length(four[i]) > WHOLE_BLOCK ? 1 : 0;
      }
      return new CidrBlocks(
          NumberRows.of(four, count, 1),
          longer,
          NumberRows.of(six.numbers, six.count, WIDTH6),
          NumberRows.of(six.hashes(), six.count, 1));
    }
  }

  /// Blocks of IPv6 in the order in which they came, each once, which a hash table of their places
  /// tells.
  private static final class Sixes {
    private long[] numbers = new long[64 * WIDTH6];
    private int count;

    /// A place and one more; 0: free.
    private int[] places = new int[128];

    void add(long high, long low, int length) {
      int slot = slot(high, low, length);
      if (places[slot] != 0) {
        return;
      }
      if (count * WIDTH6 == numbers.length) {
        grow();
        slot = slot(high, low, length);
      }
      numbers[count * WIDTH6] = high;
      numbers[count * WIDTH6 + 1] = low;
      numbers[count * WIDTH6 + 2] = length;
      places[slot] = ++count;
    }

    /// Where it stands, or is to stand. Half of the slots are free.
    private int slot(long high, long low, int length) {
      long hash = (high ^ high >>> 32) * 31 + (low ^ low >>> 32) + length;
      hash *= 0x9e37_79b9_7f4a_7c15L;
      int slot = (int) (hash >>> 32) & (places.length - 1);
      while (places[slot] != 0 && !at(places[slot] - 1, high, low, length)) {
        slot = (slot + 1) & (places.length - 1);
      }
      return slot;
    }

    private boolean at(int place, long high, long low, int length) {
      int at = place * WIDTH6;
      return numbers[at] == high && numbers[at + 1] == low && numbers[at + 2] == length;
    }

    private long[] hashes() {
      var hashes = new long[count];
      for (int i = 0; i < count; i++) {
        int at = i * WIDTH6;
        hashes[i] = hash6(numbers[at], numbers[at + 1], numbers[at + 2]);
      }
      Arrays.sort(hashes);
      return hashes;
    }

    private void grow() {
      numbers = Arrays.copyOf(numbers, 2 * numbers.length);
      places = new int[2 * places.length];
      for (int i = 0; i < count; i++) {
        int at = i * WIDTH6;
        places[slot(numbers[at], numbers[at + 1], (int) numbers[at + 2])] = i + 1;
      }
    }
  }

  /// Takes blocks as numbers.
  public interface Numbers {
    void four(long address, int prefix);

    void six(long high, long low, int prefix);
  }

  /// Gives each block of a list, in its order, without making objects of those that are none.
  public static void each(List<Cidr> list, Numbers to) {
    if (!(list instanceof CidrBlocks blocks)) {
      list.forEach(block -> give(block, to));
      return;
    }
    for (var piece : blocks.four.pieces()) {
      for (long key : piece) {
        to.four(key >> LENGTH_BITS, length(key));
      }
    }
    for (var piece : blocks.six.pieces()) {
      for (int at = 0; at < piece.length; at += WIDTH6) {
        to.six(piece[at], piece[at + 1], (int) piece[at + 2]);
      }
    }
  }

  /// The same of one.
  public static void give(Cidr block, Numbers to) {
    var bytes = block.address().getAddress();
    if (bytes.length == Integer.BYTES) {
      to.four(number(bytes, 0, Integer.BYTES), block.prefix());
    } else {
      to.six(number(bytes, 0, Long.BYTES), number(bytes, Long.BYTES, Long.BYTES), block.prefix());
    }
  }

  /// How many there are of the kind of which there are more: IPv6, and IPv4 longer than /24.
  public int longest() {
    return Math.max(longer4, six.size());
  }

  private static int length(long key) {
    return (int) key & ((1 << LENGTH_BITS) - 1);
  }

  @Override
  public Cidr get(int index) {
    boolean isFour = index < four.size();
    var bytes = new byte[isFour ? Integer.BYTES : 2 * Long.BYTES];
    if (isFour) {
      long key = four.get(index, 0);
      write(key >> LENGTH_BITS, bytes, 0, Integer.BYTES);
      return new Cidr(address(bytes), length(key));
    }
    int place = index - four.size();
    write(six.get(place, 0), bytes, 0, Long.BYTES);
    write(six.get(place, 1), bytes, Long.BYTES, Long.BYTES);
    return new Cidr(address(bytes), (int) six.get(place, 2));
  }

  private static long number(byte[] bytes, int from, int size) {
    long number = 0;
    for (int i = from; i < from + size; i++) {
      number = number << Byte.SIZE | (bytes[i] & 255);
    }
    return number;
  }

  private static void write(long number, byte[] into, int from, int size) {
    for (int i = 0; i < size; i++) {
      into[from + i] = (byte) (number >> (Byte.SIZE * (size - 1 - i)));
    }
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 4 or 16 bytes", e);
    }
  }

  @Override
  public int size() {
    return four.size() + six.size();
  }

  /// Whether two lists have equal blocks at these places; of two like this, without making them.
  static boolean equal(List<Cidr> one, int at, List<Cidr> other, int otherAt) {
    if (!(one instanceof CidrBlocks a) || !(other instanceof CidrBlocks b)) {
      return one.get(at).equals(other.get(otherAt));
    }
    boolean isFour = at < a.four.size();
    if (isFour != otherAt < b.four.size()) {
      return false;
    }
    return isFour
        ? a.four.common(at, b.four, otherAt, 1) == 1
        : a.six.common(at - a.four.size(), b.six, otherAt - b.four.size(), 1) == 1;
  }

  /// How many blocks two lists have in common at their beginning.
  public static int head(List<Cidr> one, List<Cidr> other) {
    if (one instanceof CidrBlocks a && other instanceof CidrBlocks b) {
      int four = a.four.common(0, b.four, 0, Math.min(a.four.size(), b.four.size()));
      boolean all = four == a.four.size() && four == b.four.size();
      return all ? four + a.six.common(0, b.six, 0, Math.min(a.six.size(), b.six.size())) : four;
    }
    int most = Math.min(one.size(), other.size());
    int head = 0;
    while (head < most && equal(one, head, other, head)) {
      head++;
    }
    return head;
  }

  /// How many blocks two lists have in common at their end, `most` at most.
  public static int tail(List<Cidr> one, List<Cidr> other, int most) {
    if (one instanceof CidrBlocks a && other instanceof CidrBlocks b) {
      int six = a.six.tail(b.six, Math.min(most, Math.min(a.six.size(), b.six.size())));
      boolean all = six == a.six.size() && six == b.six.size();
      int left = Math.min(most - six, Math.min(a.four.size(), b.four.size()));
      return all ? six + a.four.tail(b.four, left) : six;
    }
    int tail = 0;
    while (tail < most && equal(one, one.size() - 1 - tail, other, other.size() - 1 - tail)) {
      tail++;
    }
    return tail;
  }

  @Override
  public boolean contains(Object other) {
    if (!(other instanceof Cidr block)) {
      return false;
    }
    var bytes = block.address().getAddress();
    if (bytes.length == Integer.BYTES) {
      long key = number(bytes, 0, Integer.BYTES) << LENGTH_BITS | block.prefix();
      return four.hasSorted(key);
    }
    long high = number(bytes, 0, Long.BYTES);
    long low = number(bytes, Long.BYTES, Long.BYTES);
    return hashes6.hasSorted(hash6(high, low, block.prefix()))
        && six.placeNear(0, high, low, block.prefix()) >= 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CidrBlocks blocks
        ? four.isEqual(blocks.four) && six.isEqual(blocks.six)
        : super.equals(other);
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }
}
