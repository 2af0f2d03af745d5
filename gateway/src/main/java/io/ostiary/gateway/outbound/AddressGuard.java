package io.ostiary.gateway.outbound;

import io.ostiary.model.Cidr;
import io.ostiary.model.OutboundSettings;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Which addresses may be called. Immutable.
///
/// Private networks may: that is where key sets and webhooks of a company live, and the URLs are an
/// operator's. What is refused by nature is what nobody means by a name: this host, its link, and
/// the metadata services of clouds, which hand out credentials to whoever asks.
final class AddressGuard {
  private static final List<Cidr> BY_NATURE =
      Stream.of(
              "0.0.0.0/8",
              "127.0.0.0/8",
              "169.254.0.0/16",
              "224.0.0.0/3",
              "100.100.100.200",
              "168.63.129.16",
              "192.0.0.192",
              "::/127",
              "fe80::/10",
              "ff00::/8",
              "fd00:ec2::/32")
          .map(Cidr::parse)
          .toList();

  private final OutboundSettings settings;

  AddressGuard(OutboundSettings settings) {
    this.settings = settings;
  }

  boolean admits(InetAddress address) {
    var bytes = plain(address.getAddress());
    return !holds(settings.deny(), bytes)
        && (holds(settings.allow(), bytes) || !holds(BY_NATURE, bytes));
  }

  private static boolean holds(List<Cidr> blocks, byte[] address) {
    return blocks.stream().anyMatch(block -> block.contains(address));
  }

  /// The IPv4 address within an IPv6 one: mapped (RFC 4291), translated (RFC 6052) or 6to4 (RFC
  /// 3056), for whatever stands between would reach it.
  private static byte[] plain(byte[] address) {
    if (address.length != 16) {
      return address;
    }
    boolean mapped =
        zeros(address, 0, 10) && (address[10] & 0xff) == 0xff && (address[11] & 0xff) == 0xff;
    boolean translated =
        address[0] == 0
            && address[1] == 0x64
            && (address[2] & 0xff) == 0xff
            && (address[3] & 0xff) == 0x9b
            && zeros(address, 4, 12);
    if (mapped || translated) {
      return Arrays.copyOfRange(address, 12, 16);
    }
    boolean sixToFour = address[0] == 0x20 && address[1] == 0x02;
    return sixToFour ? Arrays.copyOfRange(address, 2, 6) : address;
  }

  private static boolean zeros(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
