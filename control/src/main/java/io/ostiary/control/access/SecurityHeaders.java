package io.ostiary.control.access;

import io.javalin.http.Context;

/// Fields that every answer carries, so that a browser helps to protect the console.
public final class SecurityHeaders {
  /// Scripts, fonts and requests only from this address. Styles may be inline: the console's
  /// component library and the documentation viewer write `style` elements and attributes while
  /// they run, and a nonce does not cover attributes. Inline styles alone cannot run code.
  ///
  /// The console shows the documentation viewer in a frame of this same address; nobody else may.
  private static final String CONTENT_SECURITY =
      String.join(
          "; ",
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self' 'unsafe-inline'",
          "img-src 'self' data: blob:",
          "font-src 'self' data:",
          "connect-src 'self'",
          "frame-src 'self'",
          "worker-src 'self' blob:",
          "manifest-src 'self'",
          "form-action 'none'",
          "base-uri 'none'",
          "frame-ancestors 'self'");

  private SecurityHeaders() {}

  public static void set(Context context) {
    context.header("Content-Security-Policy", CONTENT_SECURITY);
    context.header("X-Content-Type-Options", "nosniff");
    context.header("X-Frame-Options", "SAMEORIGIN");
    context.header("Referrer-Policy", "no-referrer");
    context.header("Cross-Origin-Opener-Policy", "same-origin");
    context.header("Cross-Origin-Resource-Policy", "same-origin");
    context.header(
        "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    if (context.path().startsWith("/api/")) {
      context.header("Cache-Control", "no-store");
    }
  }
}
