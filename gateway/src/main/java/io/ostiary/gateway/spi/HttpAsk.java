package io.ostiary.gateway.spi;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/// A call to another service.
///
/// @param uri `http` or `https`, without user and fragment
/// @param fields besides those that frame the message, which are not for policies to say
/// @param body sent as UTF-8; empty: none
/// @param limit for all of it, from the name's resolution to the last byte
/// @param bytesMax of the answer's body; a longer one fails
/// @param repeatable whether it may be sent a second time where a kept connection turns out dead
public record HttpAsk(
    String method,
    URI uri,
    List<Field> fields,
    String body,
    Duration limit,
    int bytesMax,
    boolean repeatable) {
  public HttpAsk {
    fields = List.copyOf(fields);
    check("url", uri);
  }

  public static HttpAsk get(URI uri, Duration limit, int bytesMax) {
    var accept = List.of(Field.of("Accept", "application/json"));
    return new HttpAsk("GET", uri, accept, "", limit, bytesMax, true);
  }

  /// @param setting for the message
  /// @throws IllegalArgumentException where this cannot be called
  public static void check(String setting, URI uri) {
    var scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    boolean known = scheme.equals("http") || scheme.equals("https");
    if (!known
        || uri.getHost() == null
        || uri.getRawUserInfo() != null
        || uri.getRawFragment() != null) {
      throw new IllegalArgumentException(
          setting + ": " + uri + " (expected: http:// or https://, a host, no user and no '#')");
    }
  }
}
