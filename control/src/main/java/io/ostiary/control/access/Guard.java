package io.ostiary.control.access;

import io.javalin.http.Context;
import io.ostiary.control.http.ApiProblem;
import io.ostiary.control.records.Actor;
import io.ostiary.control.records.Role;
import io.ostiary.control.records.Team;
import io.ostiary.model.AddressText;
import java.net.InetAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Stands before every route: finds out who asks and whether they may. Deny is the default.
///
/// A browser sends the cookie on its own, so cookie requests must also prove that our own page made
/// them: by `Sec-Fetch-Site` and `Origin`, which pages cannot forge, and, for changes, by a header
/// that another site cannot set without asking us first.
public final class Guard {
  /// The header that every change with a cookie carries.
  public static final String CHANGE_HEADER = "Ostiary-Request";

  private static final String PRINCIPAL = "ostiary.principal";
  private static final String BEARER = "Bearer ";
  private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");

  private final AdminToken token;
  private final Sessions sessions;
  private final SessionCookie cookie;
  private final boolean loopback;

  /// @param loopback whether the control plane listens on a loopback address
  public Guard(AdminToken token, Sessions sessions, SessionCookie cookie, boolean loopback) {
    this.token = token;
    this.sessions = sessions;
    this.cookie = cookie;
    this.loopback = loopback;
  }

  /// Lets the request pass or throws a problem.
  public void check(Context context) {
    var access = access(context);
    switch (access) {
      case ANYONE -> {}
      case LOCAL -> {
        if (!loopback) {
          require(authenticate(context), Role.VIEWER, context);
        }
      }
      case VIEWER -> require(authenticate(context), Role.VIEWER, context);
      case ADMIN -> require(authenticate(context), Role.ADMIN, context);
      case VIEWER_BY_SESSION -> {
        if (!"same-origin".equals(context.header("Sec-Fetch-Site"))) {
          throw crossSite("Sec-Fetch-Site", context.header("Sec-Fetch-Site"));
        }
        require(bySession(context), Role.VIEWER, context);
      }
    }
  }

  /// Who asks; only behind [#check].
  public static Principal principal(Context context) {
    Principal principal = context.attribute(PRINCIPAL);
    if (principal == null) {
      throw new IllegalStateException("no principal: the route asks for none");
    }
    return principal;
  }

  private static Access access(Context context) {
    for (var role : context.routeRoles()) {
      if (role instanceof Access access) {
        return access;
      }
    }
    throw ApiProblem.of(403, "forbidden", "Not allowed", "this route has no role, so it is closed");
  }

  private static void require(@Nullable Principal principal, Role needed, Context context) {
    if (principal == null) {
      throw ApiProblem.of(
          401,
          "sign-in-required",
          "Sign in first",
          "no valid session and no valid token (expected: the session cookie, or Authorization:"
              + " Bearer with the content of DATA/admin.token)");
    }
    if (!principal.actor().role().covers(needed)) {
      throw ApiProblem.of(
          403,
          "forbidden",
          "Not allowed",
          "role: " + principal.actor().role().text() + " (expected: " + needed.text() + ")");
    }
    context.attribute(PRINCIPAL, principal);
  }

  private @Nullable Principal authenticate(Context context) {
    var authorization = context.header("Authorization");
    if (authorization == null) {
      return bySession(context);
    }
    if (authorization.startsWith(BEARER)
        && token.matches(authorization.substring(BEARER.length()).strip())) {
      return new Principal(admin(context), null);
    }
    return null;
  }

  private @Nullable Principal bySession(Context context) {
    var secret = cookie.read(context);
    if (secret == null) {
      return null;
    }
    checkSameOrigin(context);
    checkChangeHeader(context);
    return sessions
        .use(secret)
        .map(session ->
            new Principal(
                new Actor(
                    session.who(),
                    session.role(),
                    session.team(),
                    AddressText.of(address(context))),
                session))
        .orElse(null);
  }

  private static void checkChangeHeader(Context context) {
    boolean change = !SAFE.contains(context.req().getMethod());
    boolean byTry = context.routeRoles().contains(Access.VIEWER_BY_SESSION);
    if (change && !byTry && !"1".equals(context.header(CHANGE_HEADER))) {
      throw ApiProblem.of(
          403,
          "cross-site",
          "The request does not come from the console",
          CHANGE_HEADER + ": " + context.header(CHANGE_HEADER) + " (expected: 1)");
    }
  }

  /// Refuses what another site's page made a browser send.
  static void checkSameOrigin(Context context) {
    var site = context.header("Sec-Fetch-Site");
    if (site != null && !site.equals("same-origin") && !site.equals("none")) {
      throw crossSite("Sec-Fetch-Site", site);
    }
    var origin = context.header("Origin");
    if (origin != null && !origin.equals(context.scheme() + "://" + context.host())) {
      throw crossSite("Origin", origin);
    }
  }

  private static ApiProblem crossSite(String header, @Nullable String seen) {
    return ApiProblem.of(
        403,
        "cross-site",
        "The request does not come from the console",
        header + ": " + seen + " (expected: this address, by the console's own page)");
  }

  static Actor admin(Context context) {
    return new Actor("admin", Role.ADMIN, Team.DEFAULT, AddressText.of(address(context)));
  }

  static InetAddress address(Context context) {
    // Jetty writes IPv6 addresses in brackets.
    return InetAddress.ofLiteral(HostCheck.withoutPort(context.ip()));
  }
}
