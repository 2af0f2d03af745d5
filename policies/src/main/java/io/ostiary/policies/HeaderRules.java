package io.ostiary.policies;

import io.ostiary.gateway.spi.HeaderName;
import java.util.Locale;
import java.util.Set;

/// What policies know about names of header fields.
final class HeaderRules {
  /// The field in which the upstream is told who calls: the consumer's id.
  static final String CONSUMER = "Ostiary-Consumer";

  /// Fields that frame a message or belong to one hop (RFC 9110 section 7.6.1, RFC 9112 section 6),
  /// and those that only the gateway may say.
  private static final Set<String> OWNED =
      Set.of(
          "connection",
          "content-length",
          "host",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private HeaderRules() {}

  /// Whether the name is the gateway's own.
  static boolean owned(String name) {
    var lower = name.toLowerCase(Locale.ROOT);
    return OWNED.contains(lower) || lower.startsWith("ostiary-");
  }

  /// A name that a policy may change.
  ///
  /// @param setting for the message
  static HeaderName changeable(String setting, String name) {
    if (owned(name)) {
      throw new IllegalArgumentException(
          setting
              + ": "
              + name
              + " (expected: a field that neither frames the message nor belongs to one hop;"
              + " the gateway owns this one)");
    }
    try {
      return HeaderName.of(name);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(setting + ": " + e.getMessage(), e);
    }
  }
}
