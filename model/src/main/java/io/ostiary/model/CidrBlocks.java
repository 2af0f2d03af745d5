package io.ostiary.model;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.RandomAccess;
import java.util.Set;

/// Very many blocks in little memory, each once: those of IPv4 in the order of their addresses,
/// eight bytes each, and behind them those of IPv6. A block is made when it is asked for.
/// Immutable.
///
/// As objects a million blocks would take more than half of the heap.
public final class CidrBlocks extends AbstractList<Cidr> implements RandomAccess {
  /// What the kernel's tables hold: of IPv6, and of IPv4 blocks longer than /24.
  public static final int LONG_MAX = 131_072;

  private static final int LENGTH_BITS = 6;
  private static final int FOUR_MAX = 32;
  private static final int WHOLE_BLOCK = 24;

  private final long[] four;
  private final List<Cidr> six;

  private CidrBlocks(long[] four, List<Cidr> six) {
    this.four = four;
    this.six = six;
  }

  /// All of several lists.
  public static CidrBlocks of(List<List<Cidr>> lists) {
    var builder = new Builder();
    lists.forEach(list -> list.forEach(builder::add));
    return builder.build();
  }

  /// Takes blocks as they come, also the same one again. Used by one thread.
  static final class Builder {
    private long[] four = new long[64];
    private int count;
    private int taken;
    private final Set<Cidr> six = new LinkedHashSet<>();

    void add(Cidr block) {
      var bytes = block.address().getAddress();
      if (bytes.length > Integer.BYTES) {
        six.add(block);
        return;
      }
      if (count == four.length) {
        settle();
        four = Arrays.copyOf(four, Math.max(four.length, 2 * count));
      }
      taken++;
      long address = 0;
      for (var one : bytes) {
        address = (address << Byte.SIZE) | (one & 255);
      }
      four[count++] = (address << LENGTH_BITS) | block.prefix();
    }

    /// How many came, of IPv6 without those that came twice.
    int taken() {
      return taken + six.size();
    }

    int six() {
      return six.size();
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
      return new CidrBlocks(Arrays.copyOf(four, count), List.copyOf(six));
    }
  }

  /// How many there are of the kind of which there are more: IPv6, and IPv4 longer than /24.
  public int longest() {
    long longer = Arrays.stream(four).filter(key -> length(key) > WHOLE_BLOCK).count();
    return Math.max((int) longer, six.size());
  }

  private static int length(long key) {
    return (int) key & ((1 << LENGTH_BITS) - 1);
  }

  @Override
  public Cidr get(int index) {
    if (index >= four.length) {
      return six.get(index - four.length);
    }
    long key = four[index];
    int address = (int) (key >> LENGTH_BITS);
    var bytes = new byte[Integer.BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (address >> (FOUR_MAX - Byte.SIZE * (i + 1)));
    }
    try {
      return new Cidr(InetAddress.getByAddress(bytes), length(key));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 4 bytes", e);
    }
  }

  @Override
  public int size() {
    return four.length + six.size();
  }

  /// Whether two lists have equal blocks at these places; of two like this, without making them.
  public static boolean equal(List<Cidr> one, int at, List<Cidr> other, int otherAt) {
    if (one instanceof CidrBlocks a
        && other instanceof CidrBlocks b
        && at < a.four.length
        && otherAt < b.four.length) {
      return a.four[at] == b.four[otherAt];
    }
    return one.get(at).equals(other.get(otherAt));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CidrBlocks blocks
        ? Arrays.equals(four, blocks.four) && six.equals(blocks.six)
        : super.equals(other);
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }
}
