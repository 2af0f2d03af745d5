package io.ostiary.model;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Blocks of addresses, to be asked whether they hold one: the cost grows with the number of prefix
/// lengths in use, not with that of the blocks. Immutable.
public final class CidrSet {
  private final List<Length> four;
  private final List<Length> six;

  /// All blocks of one prefix length, by their addresses.
  private record Length(int prefix, Set<ByteBuffer> blocks) {}

  public CidrSet(Collection<Cidr> blocks) {
    four = lengths(blocks, 4);
    six = lengths(blocks, 16);
  }

  private static List<Length> lengths(Collection<Cidr> blocks, int bytes) {
    var lengths = new ArrayList<Length>();
    for (var block : blocks) {
      var address = block.address().getAddress();
      if (address.length != bytes) {
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
    for (var length : bytes.length == 4 ? four : six) {
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
