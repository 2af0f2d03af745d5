package io.ostiary.policies;

import io.ostiary.gateway.spi.HeaderName;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Names of fields that a policy changes, each made once: ten thousand routes set the same few.
/// Shared.
final class HeaderNames {
  private static final int KEPT_MAX = 256;

  private final Map<String, HeaderName> known = new ConcurrentHashMap<>();

  /// As [HeaderRules#changeable].
  HeaderName changeable(String setting, String name) {
    var before = known.get(name);
    if (before != null) {
      return before;
    }
    var made = HeaderRules.changeable(setting, name);
    if (known.size() < KEPT_MAX) {
      known.put(name, made);
    }
    return made;
  }
}
