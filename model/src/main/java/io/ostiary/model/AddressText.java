package io.ostiary.model;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;

/// Addresses as others write and compare them: IPv6 shortened as RFC 5952 says, where the JDK
/// writes all eight groups.
public final class AddressText {
  /// No address is longer.
  public static final int LENGTH_MAX = 39;

  private static final int GROUPS = 8;
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.ISO_8859_1);

  private AddressText() {}

  public static String of(InetAddress address) {
    return of(address.getAddress());
  }

  /// @param address 4 or 16 bytes in network order
  public static String of(byte[] address) {
    var text = new byte[LENGTH_MAX];
    return new String(
        text, 0, write(address, address.length, text, 0), StandardCharsets.ISO_8859_1);
  }

  /// With a port: `192.0.2.1:80`, `[2001:db8::1]:80`.
  public static String of(InetAddress address, int port) {
    var text = of(address);
    return (text.indexOf(':') >= 0 ? "[" + text + "]:" : text + ":") + port;
  }

  /// Writes it without leaving anything for the garbage collector.
  ///
  /// @param size of the address, which may be shorter than its array
  /// @param into with room for [#LENGTH_MAX] from `at` on
  /// @return where it ends
  public static int write(byte[] address, int size, byte[] into, int at) {
    if (size == 4) {
      return four(address, 0, into, at);
    }
    return mapped(address)
        ? four(address, 12, into, text("::ffff:", into, at))
        : six(address, into, at);
  }

  /// `::ffff:192.0.2.1` (RFC 5952 section 5). The JDK makes an IPv4 address of it, a packet may
  /// have it.
  private static boolean mapped(byte[] address) {
    for (int i = 0; i < 5; i++) {
      if (group(address, i) != 0) {
        return false;
      }
    }
    return group(address, 5) == 0xffff;
  }

  private static int text(String text, byte[] into, int at) {
    for (int i = 0; i < text.length(); i++) {
      into[at++] = (byte) text.charAt(i);
    }
    return at;
  }

  private static int four(byte[] address, int from, byte[] into, int at) {
    for (int i = 0; i < 4; i++) {
      if (i > 0) {
        into[at++] = '.';
      }
      int number = address[from + i] & 0xff;
      if (number >= 100) {
        into[at++] = (byte) ('0' + number / 100);
      }
      if (number >= 10) {
        into[at++] = (byte) ('0' + number / 10 % 10);
      }
      into[at++] = (byte) ('0' + number % 10);
    }
    return at;
  }

  /// The longest run of zero groups becomes `::`, of equal ones the first.
  private static int six(byte[] address, byte[] into, int at) {
    int from = GROUPS;
    int longest = 1;
    for (int i = 0; i < GROUPS; i++) {
      int run = 0;
      while (i + run < GROUPS && group(address, i + run) == 0) {
        run++;
      }
      if (run > longest) {
        from = i;
        longest = run;
      }
    }
    for (int i = 0; i < GROUPS; i++) {
      if (i == from) {
        at = text("::", into, at);
        i += longest - 1;
        continue;
      }
      if (i > 0 && i != from + longest) {
        into[at++] = ':';
      }
      at = hex(group(address, i), into, at);
    }
    return at;
  }

  private static int hex(int group, byte[] into, int at) {
    for (int shift = group > 0xfff ? 12 : group > 0xff ? 8 : group > 0xf ? 4 : 0;
        shift >= 0;
        shift -= 4) {
      into[at++] = HEX[group >>> shift & 15];
    }
    return at;
  }

  private static int group(byte[] address, int index) {
    return (address[2 * index] & 0xff) << 8 | (address[2 * index + 1] & 0xff);
  }
}
