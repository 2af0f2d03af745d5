package io.ostiary.model;

import java.net.InetAddress;

/// Addresses as others write and compare them: IPv6 shortened as RFC 5952 says, where the JDK
/// writes all eight groups.
public final class AddressText {
  private static final int GROUPS = 8;

  private AddressText() {}

  public static String of(InetAddress address) {
    var bytes = address.getAddress();
    return bytes.length == 4 ? address.getHostAddress() : six(bytes);
  }

  private static String six(byte[] bytes) {
    int from = GROUPS;
    int longest = 1;
    for (int i = 0; i < GROUPS; i++) {
      int run = 0;
      while (i + run < GROUPS && group(bytes, i + run) == 0) {
        run++;
      }
      if (run > longest) {
        from = i;
        longest = run;
      }
    }
    var text = new StringBuilder(39);
    for (int i = 0; i < GROUPS; i++) {
      if (i == from) {
        text.append("::");
        i += longest - 1;
        continue;
      }
      if (i > 0 && i != from + longest) {
        text.append(':');
      }
      text.append(Integer.toHexString(group(bytes, i)));
    }
    return text.toString();
  }

  private static int group(byte[] bytes, int index) {
    return (bytes[2 * index] & 0xff) << 8 | (bytes[2 * index + 1] & 0xff);
  }
}
