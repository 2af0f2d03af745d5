package io.ostiary.contract.config;

import io.ostiary.model.Api;
import io.ostiary.model.Conditions;
import io.ostiary.model.Route;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Two routes that answer the same method on the same path: one of them would never be asked.
/// Patterns that merely overlap are fine, for the more specific one wins.
final class Overlaps {
  private final Notes notes;
  private final Map<Key, Place> taken = new HashMap<>();

  record Key(String host, String shape, Conditions conditions) {}

  private record Place(int api, String name, Route route) {}

  /// One of the things that a route answers to.
  record Slot(Key key, String method, Route route) {}

  private Overlaps(Notes notes) {
    this.notes = notes;
  }

  static void check(List<Api> apis, Notes notes, KnownApis known) {
    var overlaps = new Overlaps(notes);
    var nodes = Notes.items(notes.at(""), "apis");
    for (int i = 0; i < apis.size(); i++) {
      overlaps.api(apis.get(i), i, known.of(nodes.get(i)).slots(apis.get(i)));
    }
  }

  private void api(Api api, int index, List<Slot> slots) {
    for (var slot : slots) {
      var place = new Place(index, api.name(), slot.route());
      var other = taken.putIfAbsent(slot.key(), place);
      if (other != null && !(other.api() == index && fromDocument(other, slot.route()))) {
        var method = slot.method();
        notes.fault(
            "/apis/" + index + "/path",
            "path: %s %s is answered by api '%s' already, route '%s'"
                .formatted(
                    method.equals("*") ? "every method on" : method,
                    slot.route().path().under(api.path()),
                    other.name(),
                    other.route().id()));
        return;
      }
    }
  }

  /// All that an API answers to. Routes for different hosts, or that ask for different things, do
  /// not meet.
  static List<Slot> slots(Api api) {
    var slots = new ArrayList<Slot>();
    var hosts = api.hosts().isEmpty() ? List.of("") : api.hosts();
    for (var route : api.routes()) {
      var pattern = unnamed(route.path().under(api.path()).text());
      for (var method : route.methods().isEmpty() ? Set.of("*") : route.methods()) {
        for (var host : hosts) {
          var key = new Key(host, method + " " + pattern, route.conditions());
          slots.add(new Slot(key, method, route));
        }
      }
    }
    return slots;
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
  private static boolean fromDocument(Place other, Route route) {
    return other.route().operation() != null && route.operation() != null;
  }
}
