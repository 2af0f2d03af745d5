package io.ostiary.contract.config;

import io.ostiary.model.Api;
import io.ostiary.model.Conditions;
import io.ostiary.model.Route;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Two routes that answer the same method on the same path: one of them would never be asked.
/// Patterns that merely overlap are fine, for the more specific one wins.
final class Overlaps {
  private static final Set<String> EVERY = Set.of("*");

  private final Notes notes;
  private final List<Api> apis;
  private final Map<Slot, Slot> taken;

  /// One of the things that a route answers to; equal to one of the same meaning. Its path is not
  /// put together, for there are ten thousand of them at each reading.
  ///
  /// @param api its number
  /// @param prefix of the API's path, without the names of templates
  /// @param rest of the route's, the same
  /// @param hash of host, method and the whole path
  private record Slot(
      int api,
      Route route,
      String host,
      String method,
      String prefix,
      String rest,
      Conditions conditions,
      int hash) {
    static Slot of(int api, Route route, String host, String method, String prefix, String rest) {
      int hash = prefix.hashCode();
      for (int i = 0; i < rest.length(); i++) {
        hash = 31 * hash + rest.charAt(i);
      }
      hash = (hash * 31 + host.hashCode()) * 31 + method.hashCode();
      return new Slot(api, route, host, method, prefix, rest, route.conditions(), hash);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Slot slot
          && hash == slot.hash
          && host.equals(slot.host)
          && method.equals(slot.method)
          && conditions.equals(slot.conditions)
          && (prefix + rest).equals(slot.prefix + slot.rest);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  private Overlaps(List<Api> apis, Notes notes) {
    this.apis = apis;
    this.notes = notes;
    taken = HashMap.newHashMap(apis.stream().mapToInt(api -> api.routes().size()).sum());
  }

  static void check(List<Api> apis, Notes notes) {
    var overlaps = new Overlaps(apis, notes);
    for (int i = 0; i < apis.size(); i++) {
      overlaps.api(apis.get(i), i);
    }
  }

  /// All that an API answers to. Routes for different hosts, or that ask for different things, do
  /// not meet.
  private void api(Api api, int index) {
    var hosts = api.hosts().isEmpty() ? List.of("") : api.hosts();
    var prefix = api.path().equals("/") ? "" : unnamed(api.path());
    for (var route : api.routes()) {
      var path = route.path().text();
      var rest = path.equals("/") && !prefix.isEmpty() ? "" : unnamed(path);
      for (var method : route.methods().isEmpty() ? EVERY : route.methods()) {
        for (var host : hosts) {
          if (!take(Slot.of(index, route, host, method, prefix, rest))) {
            return;
          }
        }
      }
    }
  }

  private boolean take(Slot slot) {
    var other = taken.putIfAbsent(slot, slot);
    if (other == null || (other.api == slot.api && fromDocument(other.route, slot.route))) {
      return true;
    }
    var method = slot.method;
    notes.fault(
        "/apis/" + slot.api + "/path",
        "path: %s %s is answered by api '%s' already, route '%s'"
            .formatted(
                method.equals("*") ? "every method on" : method,
                slot.route.path().under(apis.get(slot.api).path()),
                apis.get(other.api).name(),
                other.route.id()));
    return false;
  }

  /// Without the names of its templates, which say nothing of what it answers to.
  private static String unnamed(String pattern) {
    int open = pattern.indexOf('{');
    if (open < 0) {
      return pattern;
    }
    var unnamed = new StringBuilder(pattern.length());
    int kept = 0;
    while (open >= 0) {
      int close = pattern.indexOf('}', open);
      int slash = pattern.indexOf('/', open);
      if (close >= 0 && (slash < 0 || slash > close)) {
        unnamed.append(pattern, kept, open + 1);
        kept = close;
      }
      open = pattern.indexOf('{', Math.max(kept, open + 1));
    }
    return unnamed.append(pattern, kept, pattern.length()).toString();
  }

  /// Both from one document, whose reader has judged it.
  private static boolean fromDocument(Route other, Route route) {
    return other.operation() != null && route.operation() != null;
  }
}
