package io.ostiary.kernel.capture;

import java.net.Inet6Address;
import java.net.InetAddress;

/// Addresses as people write them: IPv6 shortened as RFC 5952 says.
final class Addresses {
  private Addresses() {}

  static String text(InetAddress address) {
    if (!(address instanceof Inet6Address six)) {
      return address.getHostAddress();
    }
    var bytes = six.getAddress();
    var groups = new int[8];
    for (int i = 0; i < 8; i++) {
      groups[i] = Headers.u16(bytes, 2 * i);
    }
    int best = -1;
    int longest = 1;
    for (int i = 0; i < 8; i++) {
      int zeros = 0;
      while (i + zeros < 8 && groups[i + zeros] == 0) {
        zeros++;
      }
      if (zeros > longest) {
        longest = zeros;
        best = i;
      }
    }
    var text = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      if (i == best) {
        text.append("::");
        i += longest - 1;
      } else {
        text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":");
        text.append(Integer.toHexString(groups[i]));
      }
    }
    return text.toString();
  }
}
