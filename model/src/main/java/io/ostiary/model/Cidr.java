package io.ostiary.model;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;

/// A block of IP addresses (RFC 4632, RFC 4291 section 2.3). Bits behind the prefix are zero.
///
/// @param address 4 or 16 bytes in network order
/// @param prefix 0-32 or 0-128
public record Cidr(InetAddress address, int prefix) {
  public Cidr {
    var bytes = address.getAddress();
    Require.between("prefix", prefix, 0, bytes.length * 8L);
    var masked = mask(bytes, prefix);
    if (!Arrays.equals(masked, bytes)) {
      throw Require.invalid(
          "cidr",
          AddressText.of(address) + "/" + prefix,
          "no bits behind the prefix: " + AddressText.of(masked) + "/" + prefix);
    }
  }

  /// Reads `198.18.0.0/15`, `2001:db8::/32` or a single address. Never asks a name server, and
  /// takes nothing that could mean another address elsewhere: no short forms, no leading zeros, no
  /// zones.
  public static Cidr parse(String text) {
    var slash = text.indexOf('/');
    var host = slash < 0 ? text : text.substring(0, slash);
    var address = literal(host, text);
    int bits = address.getAddress().length * 8;
    if (slash < 0) {
      return new Cidr(address, bits);
    }
    int prefix;
    try {
      prefix = Integer.parseInt(text.substring(slash + 1));
    } catch (NumberFormatException e) {
      throw Require.invalid("cidr", text, "a prefix length of 0-" + bits + " behind '/'");
    }
    if (prefix < 0 || prefix > bits) {
      throw Require.invalid("cidr", text, "a prefix length of 0-" + bits + " behind '/'");
    }
    return new Cidr(address, prefix);
  }

  private static InetAddress literal(String host, String text) {
    try {
      // Asked for either, the JDK tries IPv4 first, which costs an exception for each of IPv6.
      if (host.indexOf(':') >= 0) {
        if (hasNoZone(host)) {
          return Inet6Address.ofLiteral(host);
        }
      } else if (isWhole(host)) {
        return Inet4Address.ofLiteral(host);
      }
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw Require.invalid("cidr", text, "an address or a block such as 203.0.113.0/24");
  }

  private static boolean hasNoZone(String host) {
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c != ':' && c != '.' && (c > 'f' || Character.digit(c, 16) < 0)) {
        return false;
      }
    }
    return true;
  }

  /// Whether it has four numbers without leading zeros. Others read `1.2.3` as 1.2.0.3, and
  /// `010.1.1.1` as 8.1.1.1.
  private static boolean isWhole(String host) {
    int dots = 0;
    int digits = 0;
    boolean zero = false;
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c == '.') {
        if (digits == 0) {
          return false;
        }
        dots++;
        digits = 0;
      } else if (c < '0' || c > '9' || (zero && digits == 1) || digits == 3) {
        return false;
      } else {
        zero = digits == 0 && c == '0';
        digits++;
      }
    }
    return dots == 3 && digits > 0;
  }

  public boolean contains(InetAddress other) {
    return contains(other.getAddress());
  }

  /// Whether the block holds this address; blocks of the other family never do.
  public boolean contains(byte[] other) {
    var own = address.getAddress();
    if (own.length != other.length) {
      return false;
    }
    int whole = prefix >> 3;
    for (int i = 0; i < whole; i++) {
      if (own[i] != other[i]) {
        return false;
      }
    }
    int rest = prefix & 7;
    return rest == 0 || ((own[whole] ^ other[whole]) & 0xff) >>> (8 - rest) == 0;
  }

  private static byte[] mask(byte[] bytes, int prefix) {
    var masked = bytes.clone();
    for (int i = 0; i < masked.length; i++) {
      int keep = Math.clamp(prefix - i * 8L, 0, 8);
      masked[i] &= (byte) (0xff << (8 - keep));
    }
    return masked;
  }

  @Override
  public String toString() {
    return AddressText.of(address) + "/" + prefix;
  }
}
