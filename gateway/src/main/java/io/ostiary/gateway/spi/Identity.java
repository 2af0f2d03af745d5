package io.ostiary.gateway.spi;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// What whoever vouches for a caller says of it, such as the claims of a token. Unlike a consumer
/// it need not be known to us.
///
/// @param by the policy that recognised it
/// @param subject the caller's name with whoever vouches
/// @param groups of which it is a member
/// @param claims by name; texts, numbers, booleans, lists and maps
public record Identity(String by, String subject, Set<String> groups, Map<String, Object> claims) {
  public Identity {
    groups = Set.copyOf(groups);
    claims = Collections.unmodifiableMap(new LinkedHashMap<>(claims));
  }
}
