package io.ostiary.policies;

import io.ostiary.model.Cidr;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Blocks of addresses, asked in logarithmic time. Immutable.
///
/// Two blocks either nest or share nothing, so without those that lie in another one the rest are
/// disjoint: the only candidate is the last block that starts at or before the address.
final class AddressSet {
  private final Blocks four;
  private final Blocks six;

  AddressSet(List<Cidr> blocks) {
    four = new Blocks(blocks.stream().filter(b -> b.address().getAddress().length == 4).toList());
    six = new Blocks(blocks.stream().filter(b -> b.address().getAddress().length == 16).toList());
  }

  boolean isEmpty() {
    return four.prefixes.length == 0 && six.prefixes.length == 0;
  }

  boolean contains(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == 4
        ? four.contains(word(bytes, 0, 4) << 32, 0)
        : six.contains(word(bytes, 0, 8), word(bytes, 8, 8));
  }

  private static long word(byte[] bytes, int from, int count) {
    long word = 0;
    for (int i = from; i < from + count; i++) {
      word = word << 8 | (bytes[i] & 0xff);
    }
    return word;
  }

  /// One family, as 128 bits with the address on the left.
  private static final class Blocks {
    private final long[] highs;
    private final long[] lows;
    private final int[] prefixes;

    private record Block(long high, long low, int prefix) {
      static Block of(Cidr cidr) {
        byte[] bytes = cidr.address().getAddress();
        return bytes.length == 4
            ? new Block(word(bytes, 0, 4) << 32, 0, cidr.prefix())
            : new Block(word(bytes, 0, 8), word(bytes, 8, 8), cidr.prefix());
      }
    }

    Blocks(List<Cidr> cidrs) {
      var sorted =
          cidrs.stream()
              .map(Block::of)
              .sorted(
                  Comparator.<Block>comparingLong(block -> block.high ^ Long.MIN_VALUE)
                      .thenComparingLong(block -> block.low ^ Long.MIN_VALUE)
                      .thenComparingInt(Block::prefix))
              .toList();
      var kept = new ArrayList<Block>();
      for (var block : sorted) {
        if (kept.isEmpty() || !covers(kept.getLast(), block.high, block.low)) {
          kept.add(block);
        }
      }
      highs = kept.stream().mapToLong(Block::high).toArray();
      lows = kept.stream().mapToLong(Block::low).toArray();
      prefixes = kept.stream().mapToInt(Block::prefix).toArray();
    }

    private static boolean covers(Block block, long high, long low) {
      return covers(block.high, block.low, block.prefix, high, low);
    }

    private static boolean covers(long ownHigh, long ownLow, int prefix, long high, long low) {
      if (prefix == 0) {
        return true;
      }
      if (prefix <= 64) {
        return (ownHigh ^ high) >>> (64 - prefix) == 0;
      }
      return ownHigh == high && (ownLow ^ low) >>> (128 - prefix) == 0;
    }

    boolean contains(long high, long low) {
      int from = 0;
      int to = prefixes.length - 1;
      while (from <= to) {
        int middle = (from + to) >>> 1;
        if (startsBehind(middle, high, low)) {
          to = middle - 1;
        } else {
          from = middle + 1;
        }
      }
      return to >= 0 && covers(highs[to], lows[to], prefixes[to], high, low);
    }

    private boolean startsBehind(int index, long high, long low) {
      int order = Long.compareUnsigned(highs[index], high);
      return order > 0 || (order == 0 && Long.compareUnsigned(lows[index], low) > 0);
    }
  }
}
