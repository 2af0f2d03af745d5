package io.ostiary.gateway.exchange;

import io.ostiary.gateway.route.HostTable;
import io.ostiary.gateway.route.RouteTable;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.HeadFault;
import io.ostiary.gateway.wire.RequestHead;
import io.ostiary.model.Ending;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Finds the route of one request. Reused with its call; confined to its event loop.
final class Routing {
  /// Why a call goes nowhere.
  record Refusal(Problem problem, Ending ending) {}

  private static final Refusal SLASH =
      new Refusal(
          Problems.of(HeadFault.PATH_ENCODING),
          new Ending.ClientFailed(HeadFault.PATH_ENCODING.code()));
  private static final Refusal NO_ROUTE =
      new Refusal(Problems.NO_ROUTE, new Ending.ClientFailed("no-route"));
  private static final HeaderName HOST = HeaderName.of("Host");
  private static final HeaderName ORIGIN = HeaderName.of("Origin");
  private static final HeaderName ASKED_METHOD = HeaderName.of("Access-Control-Request-Method");

  private final RouteGuard.Asker asker;
  private final RouteTable.Match<RoutePlan> match = new RouteTable.Match<>(this::admits);
  private @Nullable RequestHead asked;
  private @Nullable String allow;
  private boolean preflight;

  /// @param asker asked where a condition is about the client
  Routing(RouteGuard.Asker asker) {
    this.asker = asker;
  }

  private boolean admits(RoutePlan route) {
    var guard = route.guard();
    return guard == null || guard.admits(Objects.requireNonNull(asked), asker);
  }

  /// The route; null: none, and [#pathKnown] says why.
  @Nullable RoutePlan find(HostTable<RoutePlan> hosts, RequestHead head) {
    asked = head;
    preflight = false;
    allow = null;
    if (!hosts.particular()) {
      return find(hosts.every(), head);
    }
    var host = HostTable.name(authority(head));
    for (var table = hosts.next(host, null); table != null; table = hosts.next(host, table)) {
      var route = find(table, head);
      if (route != null) {
        return route;
      }
    }
    return null;
  }

  private static String authority(RequestHead head) {
    if (head.authorityEnd() > head.authorityStart()) {
      return Bytes.text(head.bytes(), head.authorityStart(), head.authorityEnd());
    }
    var host = head.fields().first(HOST);
    return host == null ? "" : host;
  }

  private @Nullable RoutePlan find(RouteTable<RoutePlan> routes, RequestHead head) {
    if (!routes.find(head.bytes(), head.pathStart(), head.pathEnd(), match)) {
      return null;
    }
    var route = match.route(head.method());
    if (route == null && head.method().equals("OPTIONS")) {
      route = preflightRoute(head);
    }
    if (route == null && allow == null) {
      allow = match.allow();
    }
    return route;
  }

  /// A browser asks beforehand (Fetch standard): the policies of the route it will ask decide.
  private @Nullable RoutePlan preflightRoute(RequestHead head) {
    var asked = head.fields().first(ASKED_METHOD);
    if (asked == null || !head.fields().has(ORIGIN)) {
      return null;
    }
    var route = match.route(asked);
    if (route == null) {
      route = match.anyRoute();
    }
    preflight = route != null;
    return route;
  }

  /// Whether the path holds `%2F` and nobody has said that such a path is one: servers disagree on
  /// what it names.
  static boolean refusesSlash(@Nullable RoutePlan route, RequestHead head) {
    return head.encodedSlash() && (route == null || !route.api().encodedSlashes());
  }

  /// Whether the request is a preflight for a route that does not take OPTIONS itself.
  boolean preflight() {
    return preflight;
  }

  /// Of a call to this route, or to none.
  Refusal refusal(@Nullable RoutePlan route, RequestHead head) {
    if (refusesSlash(route, head)) {
      return SLASH;
    }
    return pathKnown() ? methodNotAllowed() : NO_ROUTE;
  }

  /// Whether a route knows the path, though not for this method.
  boolean pathKnown() {
    return allow != null;
  }

  Refusal methodNotAllowed() {
    return new Refusal(
        Problems.methodNotAllowed(allow()), new Ending.ClientFailed("method-not-allowed"));
  }

  String allow() {
    return allow == null ? match.allow() : allow;
  }

  /// The value of the n-th `{name}`, or null.
  @Nullable String parameter(int n, RequestHead head) {
    return n < 0 || n >= match.templateCount()
        ? null
        : Bytes.text(head.bytes(), match.templateStart(n), match.templateEnd(n));
  }
}
