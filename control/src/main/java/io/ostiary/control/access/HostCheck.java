package io.ostiary.control.access;

import io.javalin.http.Context;
import io.ostiary.control.http.ApiProblem;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Answers only to names that are ours. A page of another site whose name suddenly resolves to
/// 127.0.0.1 (DNS rebinding) still sends that site's name as Host, and learns nothing here.
public final class HostCheck {
  private final List<String> names;
  private final boolean loopback;

  /// @param names beside IP addresses and localhost
  public HostCheck(List<String> names, boolean loopback) {
    this.names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
    this.loopback = loopback;
  }

  public void check(Context context) {
    var host = context.header("Host");
    if (!ours(host)) {
      throw ApiProblem.of(
          421,
          "unknown-host",
          "Not a name of this console",
          "Host: " + host + " (expected: localhost, an IP address, or a name that is configured)");
    }
  }

  boolean ours(@Nullable String host) {
    if (host == null) {
      return false;
    }
    var name = withoutPort(host).toLowerCase(Locale.ROOT);
    if (name.equals("localhost") || names.contains(name)) {
      return true;
    }
    try {
      var address = InetAddress.ofLiteral(name);
      return !loopback || address.isLoopbackAddress();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /// `[::1]:9080` gives `::1`.
  public static String withoutPort(String host) {
    if (host.startsWith("[")) {
      int end = host.indexOf(']');
      return end < 0 ? host : host.substring(1, end);
    }
    int colon = host.lastIndexOf(':');
    return colon < 0 ? host : host.substring(0, colon);
  }
}
