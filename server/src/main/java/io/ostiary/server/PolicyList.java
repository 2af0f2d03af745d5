package io.ostiary.server;

import io.ostiary.gateway.spi.Policy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/// The policies on the class path, ours and a user's own alike.
///
/// @param all in the order of their names
public record PolicyList(List<Policy<?>> all) {
  public PolicyList {
    all = List.copyOf(all);
  }

  public static PolicyList load() {
    var byName = new TreeMap<String, Policy<?>>();
    for (Policy<?> policy : ServiceLoader.load(Policy.class)) {
      var other = byName.put(policy.name(), policy);
      if (other != null) {
        throw new UserError(
            "policy '%s': found in %s and in %s (expected: once). Remove one of them"
                .formatted(policy.name(), other.getClass(), policy.getClass()));
      }
    }
    return new PolicyList(List.copyOf(byName.values()));
  }

  /// The settings record of each policy by its name.
  public Map<String, Class<? extends Record>> settings() {
    var settings = new LinkedHashMap<String, Class<? extends Record>>();
    all.forEach(policy -> settings.put(policy.name(), policy.settings()));
    return settings;
  }
}
