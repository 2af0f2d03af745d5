package io.ostiary.policies;

import java.util.regex.Pattern;

/// How hosts are written in settings: a name, an IPv4 address or an IPv6 address in brackets, and
/// maybe a port.
final class HostText {
  private static final Pattern HOST =
      Pattern.compile("([A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}])(:[1-9][0-9]{0,4})?");

  private HostText() {}

  static boolean valid(String text) {
    var matcher = HOST.matcher(text);
    if (!matcher.matches()) {
      return false;
    }
    var port = matcher.group(2);
    return port == null || Integer.parseInt(port.substring(1)) <= 65_535;
  }
}
