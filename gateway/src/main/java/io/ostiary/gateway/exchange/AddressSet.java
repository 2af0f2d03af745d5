package io.ostiary.gateway.exchange;

import io.ostiary.model.Cidr;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/// Blocks of addresses, asked by address: one look-up for each prefix length in use. Immutable.
public final class AddressSet {
  private final Set<Cidr> blocks;
  private final int[] prefixes4;
  private final int[] prefixes6;

  public AddressSet(Collection<Cidr> all) {
    blocks = new HashSet<>(all);
    var four = new TreeSet<Integer>();
    var six = new TreeSet<Integer>();
    for (var block : all) {
      (block.address().getAddress().length == 4 ? four : six).add(block.prefix());
    }
    prefixes4 = four.stream().mapToInt(i -> i).toArray();
    prefixes6 = six.stream().mapToInt(i -> i).toArray();
  }

  public boolean isEmpty() {
    return blocks.isEmpty();
  }

  public boolean contains(byte[] address) {
    return contains(address, _ -> true);
  }

  /// Whether one of the blocks around this address holds what is asked.
  boolean contains(byte[] address, Predicate<Cidr> holds) {
    for (int prefix : address.length == 4 ? prefixes4 : prefixes6) {
      var block = block(address, prefix);
      if (blocks.contains(block) && holds.test(block)) {
        return true;
      }
    }
    return false;
  }

  private static Cidr block(byte[] address, int prefix) {
    var masked = address.clone();
    for (int i = 0; i < masked.length; i++) {
      masked[i] &= (byte) (0xff << (8 - Math.clamp(prefix - i * 8L, 0, 8)));
    }
    try {
      return new Cidr(InetAddress.getByAddress(masked), prefix);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 4 or 16 bytes", e);
    }
  }
}
