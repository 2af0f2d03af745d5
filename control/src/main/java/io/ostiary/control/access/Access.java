package io.ostiary.control.access;

import io.javalin.security.RouteRole;

/// What a route asks of whoever calls it. A route without one of these is refused to everybody.
public enum Access implements RouteRole {
  /// Nothing: health, the web application, signing in.
  ANYONE,

  /// Nothing while the control plane listens on loopback; the role viewer elsewhere.
  LOCAL,

  VIEWER,

  ADMIN,

  /// The role viewer by session cookie alone, since `Authorization` is meant for somebody else.
  VIEWER_BY_SESSION
}
