package io.ostiary.control.access;

import io.javalin.http.Context;
import org.jspecify.annotations.Nullable;

/// The cookie that names a session. It ends with the browser; its session ends earlier.
///
/// Over TLS it has the prefix `__Host-`, which ties it to this host. Without TLS (loopback) the
/// prefix is not allowed; there its path keeps it from most of what other ports of the host serve,
/// since cookies do not know ports.
public final class SessionCookie {
  private final boolean tls;

  public SessionCookie(boolean tls) {
    this.tls = tls;
  }

  String name() {
    return tls ? "__Host-ostiary-session" : "ostiary-session";
  }

  @Nullable String read(Context context) {
    return context.cookie(name());
  }

  void set(Context context, String secret) {
    context.res().addHeader("Set-Cookie", name() + "=" + secret + attributes());
  }

  void clear(Context context) {
    context.res().addHeader("Set-Cookie", name() + "=; Max-Age=0" + attributes());
  }

  private String attributes() {
    return tls
        ? "; Path=/; Secure; HttpOnly; SameSite=Strict"
        : "; Path=/api/v1; HttpOnly; SameSite=Strict";
  }
}
