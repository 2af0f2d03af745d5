package io.ostiary.policies;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import org.jspecify.annotations.Nullable;

/// The field Authorization (RFC 9110 section 11.6.2).
final class Bearer {
  static final HeaderName AUTHORIZATION = HeaderName.of("Authorization");

  private Bearer() {}

  /// What stands behind the scheme, or null where another one or none is used.
  static @Nullable String of(Headers headers, String scheme) {
    var value = headers.first(AUTHORIZATION);
    int length = scheme.length();
    return value != null
            && value.length() > length
            && value.charAt(length) == ' '
            && value.regionMatches(true, 0, scheme, 0, length)
        ? value.substring(length + 1).strip()
        : null;
  }

  /// Whether there are two, of which nobody could say which one an upstream reads.
  static boolean repeated(Headers headers) {
    return headers.repeated(AUTHORIZATION);
  }
}
