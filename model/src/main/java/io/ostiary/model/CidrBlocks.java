package io.ostiary.model;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/// Very many blocks in little memory, each once: those of IPv4 in the order of their addresses,
/// eight bytes each, and behind them those of IPv6, as they came, seventeen bytes each. A block is
/// made when it is asked for. Immutable.
///
/// As objects a million blocks would take more than half of the heap.
public final class CidrBlocks extends AbstractList<Cidr> implements RandomAccess {
  /// What the kernel's tables hold: of IPv6, and of IPv4 blocks longer than /24.
  public static final int LONG_MAX = 131_072;

  private static final int LENGTH_BITS = 6;
  private static final int WHOLE_BLOCK = 24;

  /// Each is looked for among all.
  private static final int EXCHANGED6_MAX = 64;

  private final long[] four;

  /// Two numbers for each block of IPv6.
  private final long[] six;

  private final byte[] lengths6;

  /// How many of IPv4 are longer than /24.
  private final int longer4;

  private CidrBlocks(long[] four, int longer4, long[] six, byte[] lengths6) {
    this.four = four;
    this.longer4 = longer4;
    this.six = six;
    this.lengths6 = lengths6;
  }

  /// All of several lists.
  public static CidrBlocks of(List<List<Cidr>> lists) {
    var builder = new Builder();
    lists.forEach(list -> list.forEach(builder::add));
    return builder.build();
  }

  /// An equal list that is another one; of what is not kept in numbers, the same.
  public static List<Cidr> copyOf(List<Cidr> list) {
    return list instanceof CidrBlocks blocks
        ? new CidrBlocks(
            blocks.four.clone(), blocks.longer4, blocks.six.clone(), blocks.lengths6.clone())
        : list;
  }

  /// What would be read where one part of a text has given way to another: the blocks of the one
  /// part are taken out, and those of the other stand in their place.
  ///
  /// @return null where that cannot be told from the parts: a block of the one is not here, of the
  ///   other is, or nothing says where blocks of IPv6 belong
  @Nullable CidrBlocks exchanged(CidrBlocks out, CidrBlocks in) {
    var changed4 = exchanged(four, out.four, in.four);
    int at = out.lengths6.length == 0 ? 0 : place6(out, 0);
    boolean known = lengths6.length == 0 || out.lengths6.length > 0 || in.lengths6.length == 0;
    boolean few = in.lengths6.length <= EXCHANGED6_MAX;
    if (changed4 == null || !known || !few || at < 0 || !equal(this, four.length + at, out)) {
      return null;
    }
    for (int i = 0; i < in.lengths6.length; i++) {
      int there = place6(in, i);
      if (there >= 0 && (there < at || there >= at + out.lengths6.length)) {
        return null;
      }
    }
    int longer = longer4 - out.longer4 + in.longer4;
    if (out.lengths6.length + in.lengths6.length == 0) {
      return new CidrBlocks(changed4, longer, six, lengths6);
    }
    int count = lengths6.length - out.lengths6.length + in.lengths6.length;
    int behind = at + out.lengths6.length;
    int behindIn = at + in.lengths6.length;
    var changed6 = Arrays.copyOf(six, 2 * count);
    System.arraycopy(in.six, 0, changed6, 2 * at, in.six.length);
    System.arraycopy(six, 2 * behind, changed6, 2 * behindIn, six.length - 2 * behind);
    var changedLengths = Arrays.copyOf(lengths6, count);
    System.arraycopy(in.lengths6, 0, changedLengths, at, in.lengths6.length);
    System.arraycopy(lengths6, behind, changedLengths, behindIn, lengths6.length - behind);
    return new CidrBlocks(changed4, longer, changed6, changedLengths);
  }

  /// Of numbers that stand in order, as all of them do in the end.
  private static long @Nullable [] exchanged(long[] all, long[] out, long[] in) {
    if (out.length > all.length) {
      return null;
    }
    if (out.length + in.length == 0) {
      return all;
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
      if (leaves != found >= 0) {
        return null;
      }
      int place = leaves ? found : -found - 1;
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

  /// Whether the blocks of IPv6 of another list stand here one behind the other.
  private static boolean equal(CidrBlocks all, int at, CidrBlocks part) {
    int count = part.lengths6.length;
    return at + count <= all.size() && equal(all, at, part, part.four.length, count);
  }

  /// Where a block of IPv6 of another list stands here among those of IPv6; -1: nowhere.
  private int place6(CidrBlocks other, int place) {
    long high = other.six[2 * place];
    long low = other.six[2 * place + 1];
    for (int i = 0; i < lengths6.length; i++) {
      if (six[2 * i] == high && six[2 * i + 1] == low && lengths6[i] == other.lengths6[place]) {
        return i;
      }
    }
    return -1;
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
          Arrays.copyOf(four, count),
          longer,
          Arrays.copyOf(six.numbers, 2 * six.count),
          Arrays.copyOf(six.lengths, six.count));
    }
  }

  /// Blocks of IPv6 in the order in which they came, each once, which a hash table of their places
  /// tells.
  private static final class Sixes {
    private long[] numbers = new long[128];
    private byte[] lengths = new byte[64];
    private int count;

    /// A place and one more; 0: free.
    private int[] places = new int[128];

    void add(long high, long low, int length) {
      int slot = slot(high, low, length);
      if (places[slot] != 0) {
        return;
      }
      if (count == lengths.length) {
        grow();
        slot = slot(high, low, length);
      }
      numbers[2 * count] = high;
      numbers[2 * count + 1] = low;
      lengths[count] = (byte) length;
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
      return numbers[2 * place] == high
          && numbers[2 * place + 1] == low
          && (lengths[place] & 255) == length;
    }

    private void grow() {
      numbers = Arrays.copyOf(numbers, 2 * numbers.length);
      lengths = Arrays.copyOf(lengths, 2 * lengths.length);
      places = new int[2 * places.length];
      for (int i = 0; i < count; i++) {
        places[slot(numbers[2 * i], numbers[2 * i + 1], lengths[i] & 255)] = i + 1;
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
    for (long key : blocks.four) {
      to.four(key >> LENGTH_BITS, length(key));
    }
    for (int i = 0; i < blocks.lengths6.length; i++) {
      to.six(blocks.six[2 * i], blocks.six[2 * i + 1], blocks.lengths6[i] & 255);
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
    return Math.max(longer4, lengths6.length);
  }

  private static int length(long key) {
    return (int) key & ((1 << LENGTH_BITS) - 1);
  }

  @Override
  public Cidr get(int index) {
    boolean isFour = index < four.length;
    var bytes = new byte[isFour ? Integer.BYTES : 2 * Long.BYTES];
    if (isFour) {
      long key = four[index];
      write(key >> LENGTH_BITS, bytes, 0, Integer.BYTES);
      return new Cidr(address(bytes), length(key));
    }
    int place = index - four.length;
    write(six[2 * place], bytes, 0, Long.BYTES);
    write(six[2 * place + 1], bytes, Long.BYTES, Long.BYTES);
    return new Cidr(address(bytes), lengths6[place] & 255);
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
    return four.length + lengths6.length;
  }

  /// Whether two lists have equal blocks at these places; of two like this, without making them.
  static boolean equal(List<Cidr> one, int at, List<Cidr> other, int otherAt) {
    if (!(one instanceof CidrBlocks a) || !(other instanceof CidrBlocks b)) {
      return one.get(at).equals(other.get(otherAt));
    }
    if (at < a.four.length || otherAt < b.four.length) {
      return at < a.four.length && otherAt < b.four.length && a.four[at] == b.four[otherAt];
    }
    int place = at - a.four.length;
    int otherPlace = otherAt - b.four.length;
    return a.six[2 * place] == b.six[2 * otherPlace]
        && a.six[2 * place + 1] == b.six[2 * otherPlace + 1]
        && a.lengths6[place] == b.lengths6[otherPlace];
  }

  /// How many blocks two lists have in common at their beginning.
  public static int head(List<Cidr> one, List<Cidr> other) {
    int most = Math.min(one.size(), other.size());
    int head = 0;
    if (one instanceof CidrBlocks a && other instanceof CidrBlocks b) {
      head = different(Arrays.mismatch(a.four, b.four), a.four.length);
      if (head < a.four.length || head < b.four.length) {
        return head;
      }
      int numbers = different(Arrays.mismatch(a.six, b.six), a.six.length) / 2;
      int lengths = different(Arrays.mismatch(a.lengths6, b.lengths6), a.lengths6.length);
      return head + Math.min(numbers, lengths);
    }
    while (head < most && equal(one, head, other, head)) {
      head++;
    }
    return head;
  }

  private static int different(int mismatch, int all) {
    return mismatch < 0 ? all : mismatch;
  }

  /// How many blocks two lists have in common at their end, `most` at most.
  public static int tail(List<Cidr> one, List<Cidr> other, int most) {
    // Nearly always all of them: one block more or less, looked at by the machine's own loops,
    // which are quick before the code here is compiled.
    if (one instanceof CidrBlocks a
        && other instanceof CidrBlocks b
        && equal(a, a.size() - most, b, b.size() - most, most)) {
      return most;
    }
    int tail = 0;
    while (tail < most && equal(one, one.size() - 1 - tail, other, other.size() - 1 - tail)) {
      tail++;
    }
    return tail;
  }

  private static boolean equal(CidrBlocks a, int at, CidrBlocks b, int otherAt, int count) {
    int four = Math.clamp(a.four.length - at, 0, count);
    if (four != Math.clamp(b.four.length - otherAt, 0, count)
        || (four > 0 && !Arrays.equals(a.four, at, at + four, b.four, otherAt, otherAt + four))) {
      return false;
    }
    int from = at + four - a.four.length;
    int otherFrom = otherAt + four - b.four.length;
    int six = count - four;
    return six == 0
        || (Arrays.equals(a.lengths6, from, from + six, b.lengths6, otherFrom, otherFrom + six)
            && Arrays.equals(
                a.six, 2 * from, 2 * (from + six), b.six, 2 * otherFrom, 2 * (otherFrom + six)));
  }

  @Override
  public boolean contains(Object other) {
    if (!(other instanceof Cidr block)) {
      return false;
    }
    var bytes = block.address().getAddress();
    if (bytes.length == Integer.BYTES) {
      long key = number(bytes, 0, Integer.BYTES) << LENGTH_BITS | block.prefix();
      return Arrays.binarySearch(four, key) >= 0;
    }
    long high = number(bytes, 0, Long.BYTES);
    long low = number(bytes, Long.BYTES, Long.BYTES);
    for (int i = 0; i < lengths6.length; i++) {
      if (six[2 * i] == high && six[2 * i + 1] == low && (lengths6[i] & 255) == block.prefix()) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CidrBlocks blocks
        ? Arrays.equals(four, blocks.four)
            && Arrays.equals(six, blocks.six)
            && Arrays.equals(lengths6, blocks.lengths6)
        : super.equals(other);
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }
}
