package io.ostiary.gateway.exchange;

import io.ostiary.gateway.route.RouteTable;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.RequestHead;
import org.jspecify.annotations.Nullable;

/// Finds the route of one request. Reused with its call; confined to its event loop.
final class Routing {
  private static final HeaderName ORIGIN = HeaderName.of("Origin");
  private static final HeaderName ASKED_METHOD = HeaderName.of("Access-Control-Request-Method");

  private final RouteTable.Match<RoutePlan> match = new RouteTable.Match<>();
  private boolean preflight;

  /// The route; null: none, and [#pathKnown] says why.
  @Nullable RoutePlan find(RouteTable<RoutePlan> routes, RequestHead head) {
    preflight = false;
    if (!routes.find(head.bytes(), head.pathStart(), head.pathEnd(), match)) {
      return null;
    }
    var route = match.route(head.method());
    return route == null && head.method().equals("OPTIONS") ? preflightRoute(head) : route;
  }

  /// A browser asks beforehand (Fetch standard): the policies of the route it will ask decide.
  private @Nullable RoutePlan preflightRoute(RequestHead head) {
    var asked = head.fields().first(ASKED_METHOD);
    if (asked == null || !head.fields().has(ORIGIN)) {
      return null;
    }
    preflight = true;
    var route = match.route(asked);
    return route == null ? match.anyRoute() : route;
  }

  /// Whether the request is a preflight for a route that does not take OPTIONS itself.
  boolean preflight() {
    return preflight;
  }

  boolean pathKnown() {
    return match.found();
  }

  String allow() {
    return match.allow();
  }

  /// The value of the n-th `{name}`, or null.
  @Nullable String parameter(int n, RequestHead head) {
    return n < 0 || n >= match.templateCount()
        ? null
        : Bytes.text(head.bytes(), match.templateStart(n), match.templateEnd(n));
  }
}
