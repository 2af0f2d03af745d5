package io.ostiary.policies;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;

/// `Vary` (RFC 9110 section 12.5.5): on what the choice of a response has depended.
final class Vary {
  static final HeaderName NAME = HeaderName.of("Vary");

  private Vary() {}

  /// Says that it has depended on this field, too.
  static void add(Headers headers, String field) {
    if (!headers.has(NAME)) {
      headers.add(NAME, field);
      return;
    }
    for (var value : headers.all(NAME)) {
      for (var name : value.split(",")) {
        if (name.strip().equalsIgnoreCase(field) || name.strip().equals("*")) {
          return;
        }
      }
    }
    headers.add(NAME, field);
  }
}
