package io.ostiary.policies;

import io.ostiary.gateway.spi.HeaderName;
import java.util.ArrayList;
import java.util.List;
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
          "ostiary-call",
          "ostiary-consumer",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private HeaderRules() {}

  /// A name that a policy may change.
  ///
  /// @param setting for the message
  static HeaderName changeable(String setting, String name) {
    if (OWNED.contains(name.toLowerCase(Locale.ROOT))) {
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

  /// Every spelling that an upstream might take for `name`: many (CGI, WSGI, PHP) do not tell `-`
  /// from `_`.
  static List<HeaderName> spellings(String name) {
    var spellings = new ArrayList<StringBuilder>(List.of(new StringBuilder()));
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean either = (c == '-' || c == '_') && spellings.size() < 64;
      for (var spelling : List.copyOf(spellings)) {
        if (either) {
          spellings.add(new StringBuilder(spelling).append(c == '-' ? '_' : '-'));
        }
        spelling.append(c);
      }
    }
    return spellings.stream().map(text -> HeaderName.of(text.toString())).toList();
  }
}
