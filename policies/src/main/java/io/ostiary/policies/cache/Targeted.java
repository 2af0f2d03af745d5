package io.ostiary.policies.cache;

import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.policies.StructuredFields;
import java.util.List;

/// Fields by which upstreams tell caches of one kind what others need not know, such as
/// `CDN-Cache-Control` (RFC 9213). The first of them that can be read counts in place of
/// `Cache-Control` and `Expires`. Immutable.
///
/// @param fields those that count here, the most important first
public record Targeted(List<HeaderName> fields) {
  public Targeted {
    fields = List.copyOf(fields);
  }

  /// What a response says of how it may be kept.
  ///
  /// @param targeted whether it was said to caches such as this one alone
  record Said(Directives directives, boolean targeted) {}

  Said read(Headers headers) {
    for (int i = 0; i < fields.size(); i++) {
      if (headers.has(fields.get(i))) {
        try {
          var members = StructuredFields.dictionary(String.join(", ", headers.all(fields.get(i))));
          if (!members.isEmpty()) {
            return new Said(Directives.ofMembers(members), true);
          }
        } catch (IllegalArgumentException e) {
          // What cannot be read is as if it were not there (RFC 9213 section 2.1).
        }
      }
    }
    return new Said(Directives.of(headers.all(Names.CACHE_CONTROL)), false);
  }
}
