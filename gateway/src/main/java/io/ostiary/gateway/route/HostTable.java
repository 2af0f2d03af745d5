package io.ostiary.gateway.route;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A route table for each host, and one for every host. Immutable once built.
///
/// The most particular host is asked first: the name itself, then `*.` before ever shorter ends of
/// it, then the table for every host (Kubernetes Gateway API, HTTPRoute hostnames).
///
/// @param <R> what a route is compiled to
public final class HostTable<R> {
  private final RouteTable<R> every = new RouteTable<>();
  private final Map<String, RouteTable<R>> exact = new HashMap<>();

  /// By what follows the asterisk, with its dot.
  private final Map<String, RouteTable<R>> wild = new HashMap<>();

  /// The tables for these hosts, to add a route to each.
  public List<RouteTable<R>> of(List<String> hosts) {
    return hosts.isEmpty() ? List.of(every) : hosts.stream().map(this::table).toList();
  }

  private RouteTable<R> table(String host) {
    return host.startsWith("*.")
        ? wild.computeIfAbsent(host.substring(1), _ -> new RouteTable<>())
        : exact.computeIfAbsent(host, _ -> new RouteTable<>());
  }

  /// Whether hosts are told apart at all.
  public boolean particular() {
    return !exact.isEmpty() || !wild.isEmpty();
  }

  public RouteTable<R> every() {
    return every;
  }

  /// The table to ask after `before`, or first where that is null; null: there is none any more.
  ///
  /// @param host as [#name] gives it
  public @Nullable RouteTable<R> next(String host, @Nullable RouteTable<R> before) {
    boolean passed = before == null;
    var own = exact.get(host);
    if (own != null) {
      if (passed) {
        return own;
      }
      passed = own == before;
    }
    for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      var table = dot == 0 ? null : wild.get(host.substring(dot));
      if (table != null) {
        if (passed) {
          return table;
        }
        passed = table == before;
      }
    }
    return passed ? every : null;
  }

  /// The host of an authority (RFC 9110 section 7.2) in lower case, without port and final dot.
  public static String name(String authority) {
    var name = authority;
    int colon = name.lastIndexOf(':');
    if (colon >= 0 && name.indexOf(']', colon) < 0) {
      name = name.substring(0, colon);
    }
    if (name.endsWith(".")) {
      name = name.substring(0, name.length() - 1);
    }
    return name.toLowerCase(Locale.ROOT);
  }
}
