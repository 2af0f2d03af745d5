package io.ostiary.contract.config;

import io.ostiary.model.Require;
import io.ostiary.model.setting.About;

/// `host:port`, with brackets around an IPv6 address.
@About("host:port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"")
record Address(String host, int port) {
  static Address parse(String text) {
    int colon = text.lastIndexOf(':');
    var host = colon < 0 ? "" : text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (bracketed) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.isEmpty() || (!bracketed && host.indexOf(':') >= 0) || !hostLike(host)) {
      throw wrong(text);
    }
    var digits = text.substring(colon + 1);
    if (digits.isEmpty() || digits.length() > 9 || !digits.chars().allMatch(Address::digit)) {
      throw wrong(text);
    }
    int port = Integer.parseInt(digits);
    if (port < 1 || port > 65_535) {
      throw Require.invalid("address", "port " + digits + " in '" + text + "'", "1-65535");
    }
    return new Address(host, port);
  }

  private static boolean digit(int c) {
    return c >= '0' && c <= '9';
  }

  private static boolean hostLike(String host) {
    return host.length() <= 253
        && host.chars()
            .allMatch(c ->
                digit(c)
                    || (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || ".-_:%".indexOf(c) >= 0);
  }

  private static IllegalArgumentException wrong(String text) {
    return Require.invalid(
        "address", "'" + text + "'", "host:port, such as 127.0.0.1:8080 or [::1]:8080");
  }
}
