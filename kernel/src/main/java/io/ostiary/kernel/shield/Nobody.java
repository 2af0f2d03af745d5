package io.ostiary.kernel.shield;

import io.ostiary.model.Cidr;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/// Blocks that no packet comes from, for what is only rehearsed.
final class Nobody {
  private static final Cidr BROADCAST = Cidr.parse("255.255.255.255/32");

  /// The discard prefix of RFC 6666.
  private static final Cidr DISCARD = Cidr.parse("100::/64");

  /// All of 100::/8 is reserved (RFC 4291).
  private static final int RESERVED_BITS = 8;

  private Nobody() {}

  /// One of each family.
  ///
  /// @param lengths6 of IPv6 blocks in use, the longest first: one of these is taken, so that no
  ///   packet is looked up once more for it
  static List<Cidr> blocks(List<Integer> lengths6) {
    int length =
        lengths6.isEmpty() || lengths6.getFirst() < RESERVED_BITS
            ? DISCARD.prefix()
            : lengths6.getFirst();
    var discard = Prefix6.of(DISCARD.address().getAddress(), DISCARD.prefix());
    var bytes = discard.around(Math.min(length, DISCARD.prefix())).address();
    try {
      return List.of(BROADCAST, new Cidr(InetAddress.getByAddress(bytes), length));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 16 bytes", e);
    }
  }
}
