package io.ostiary.model;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Blocks of addresses, to be asked whether they hold one. Blocks of IPv4 are searched by halves;
/// for those of IPv6 the cost grows with the number of prefix lengths in use. Immutable.
public final class CidrSet {
  /// The first and the last address of each block that lies in no other, in their order.
  private final long[] firsts;

  private final long[] lasts;
  private final List<Length> six;

  /// All blocks of one prefix length, by their addresses.
  private record Length(int prefix, Set<ByteBuffer> blocks) {}

  public CidrSet(Collection<Cidr> blocks) {
    long[] keys =
        blocks.stream()
            .filter(block -> block.address().getAddress().length == Integer.BYTES)
            .mapToLong(block -> number(block.address().getAddress()) << Byte.SIZE | block.prefix())
            .sorted()
            .toArray();
    var first = new long[keys.length];
    var last = new long[keys.length];
    int count = 0;
    for (long key : keys) { // a block comes before those that lie in it
      long address = key >>> Byte.SIZE;
      if (count == 0 || address > last[count - 1]) {
        first[count] = address;
        last[count++] = address + (1L << (Integer.SIZE - (key & 255))) - 1;
      }
    }
    firsts = Arrays.copyOf(first, count);
    lasts = Arrays.copyOf(last, count);
    six = lengths(blocks);
  }

  private static long number(byte[] address) {
    return (address[0] & 255L) << 24
        | (address[1] & 255) << 16
        | (address[2] & 255) << 8
        | (address[3] & 255);
  }

  private static List<Length> lengths(Collection<Cidr> blocks) {
    var lengths = new ArrayList<Length>();
    for (var block : blocks) {
      var address = block.address().getAddress();
      if (address.length == Integer.BYTES) {
        continue;
      }
      var length =
          lengths.stream().filter(one -> one.prefix == block.prefix()).findFirst().orElse(null);
      if (length == null) {
        length = new Length(block.prefix(), new HashSet<>());
        lengths.add(length);
      }
      length.blocks.add(ByteBuffer.wrap(address));
    }
    return List.copyOf(lengths);
  }

  public boolean contains(InetAddress address) {
    var bytes = address.getAddress();
    if (bytes.length == Integer.BYTES) {
      long number = number(bytes);
      int at = Arrays.binarySearch(firsts, number);
      return at >= 0 || (at < -1 && number <= lasts[-at - 2]);
    }
    for (var length : six) {
      if (length.blocks.contains(ByteBuffer.wrap(masked(bytes, length.prefix)))) {
        return true;
      }
    }
    return false;
  }

  private static byte[] masked(byte[] bytes, int prefix) {
    var masked = bytes.clone();
    for (int i = 0; i < masked.length; i++) {
      masked[i] &= (byte) (0xff << (8 - Math.clamp(prefix - i * 8L, 0, 8)));
    }
    return masked;
  }
}
