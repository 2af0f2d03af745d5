package io.ostiary.gateway.exchange;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// State of policies that outlives plans, such as the counters of a limit, by key. What two plans
/// in a row did not ask for is let go. Guarded by its own lock; used only while plans are compiled.
public final class SharedState {
  /// One object, and the key that it is held under.
  static final class Held {
    private final Class<?> type;
    private final String key;
    private final Object value;
    private long generation;

    private Held(Class<?> type, String key, Object value) {
      this.type = type;
      this.key = key;
      this.value = value;
    }

    <T> T value(Class<T> type) {
      return type.cast(value);
    }
  }

  private final Map<Class<?>, Map<String, Held>> all = new HashMap<>();
  private long generation;

  /// A plan is about to be compiled.
  public synchronized void begin() {
    generation++;
  }

  /// The plan is in force.
  public synchronized void commit() {
    all.values().forEach(some -> some.values().removeIf(held -> held.generation < generation - 1));
    all.values().removeIf(Map::isEmpty);
  }

  /// The plan was refused: what only it asked for does not age the rest.
  public synchronized void rollBack() {
    generation--;
    held().forEach(held -> held.generation = Math.min(held.generation, generation));
  }

  /// Everything of this type that is held.
  public synchronized <T> List<T> all(Class<T> type) {
    return held().map(held -> held.value).filter(type::isInstance).map(type::cast).toList();
  }

  private Stream<Held> held() {
    return all.values().stream().flatMap(some -> some.values().stream());
  }

  synchronized <T> Held get(String key, Class<T> type, Supplier<T> make) {
    var some = all.computeIfAbsent(type, _ -> new HashMap<>());
    var held = some.computeIfAbsent(key, _ -> new Held(type, key, make.get()));
    held.generation = generation;
    return held;
  }

  /// The plan that is compiled asks for these as well, unless one of them was let go.
  @SuppressWarnings("ReferenceEquality") // Another object may be held under the same key by now.
  synchronized boolean keep(List<Held> some) {
    for (var held : some) {
      if (all.getOrDefault(held.type, Map.of()).get(held.key) != held) {
        return false;
      }
    }
    for (var held : some) {
      held.generation = generation;
    }
    return true;
  }
}
