package io.ostiary.policies;

import io.ostiary.model.Consumer;
import io.ostiary.model.Credential;
import io.ostiary.model.Snapshot;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The consumers of a snapshot by what they show. Immutable; one serves all sites of a snapshot.
final class Callers {
  /// That of the last snapshot: plans are compiled one after another, and every site asks for it.
  private static volatile @Nullable Callers last;

  private final List<Consumer> consumers;
  private final Map<String, Caller> names = new HashMap<>();
  private final Map<Credential.Kind, Map<String, Known>> known =
      new EnumMap<>(Credential.Kind.class);

  /// A credential and whose it is.
  record Known(Credential credential, Caller caller) {}

  private Callers(List<Consumer> consumers) {
    this.consumers = consumers;
    for (var kind : Credential.Kind.values()) {
      known.put(kind, new HashMap<>());
    }
    for (var consumer : consumers) {
      var caller = Caller.of(consumer);
      names.putIfAbsent(consumer.name(), caller);
      names.put(consumer.id(), caller);
      consumer.credentials().forEach(credential -> add(credential, caller));
    }
  }

  private void add(Credential credential, Caller caller) {
    var other = kind(credential.kind()).put(credential.id(), new Known(credential, caller));
    if (other != null) {
      throw new IllegalArgumentException(
          "credentials: %s for '%s' and '%s' (expected: each belongs to one consumer)"
              .formatted(credential, other.caller.consumer().name(), caller.consumer().name()));
    }
  }

  private Map<String, Known> kind(Credential.Kind kind) {
    return known.getOrDefault(kind, Map.of());
  }

  @SuppressWarnings("ReferenceEquality") // Comparing ten thousand at each site would cost more.
  static Callers of(Snapshot snapshot) {
    var callers = last;
    if (callers == null || callers.consumers != snapshot.consumers()) {
      callers = new Callers(snapshot.consumers());
      last = callers;
    }
    return callers;
  }

  @Nullable Known find(Credential.Kind kind, String id) {
    return kind(kind).get(id);
  }

  /// The consumer of this id, or of this name.
  @Nullable Caller named(String text) {
    return names.get(text);
  }
}
