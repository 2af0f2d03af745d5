package io.ostiary.model;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The counts of all quotas, and where they are kept. Values are written whole, never as
/// differences, so that nothing is counted twice, however often it is written. Thread-safe.
public final class Tallies {
  /// Where counts survive the process.
  public interface Store {
    Store NONE =
        new Store() {
          @Override
          public List<Tally.Kept> load(String quota) {
            return List.of();
          }

          @Override
          public void save(List<Tally.Kept> changed) {}
        };

    /// @throws RuntimeException where it cannot be known
    List<Tally.Kept> load(String quota);

    /// All of them, or where it throws, none.
    void save(List<Tally.Kept> changed);
  }

  private final Map<String, Tally> all = new ConcurrentHashMap<>();
  private volatile Store store = Store.NONE;

  /// From here on counts are kept there. To be called before the first plan.
  public void open(Store where) {
    store = where;
  }

  /// The same object for the same name, in every plan. Asks the store the first time, so it is for
  /// control-plane threads.
  public Tally tally(String name) {
    return all.computeIfAbsent(name, _ -> new Tally(name, store.load(name)));
  }

  public List<Tally> all() {
    return List.copyOf(all.values());
  }

  /// Keeps what has changed. For one thread at a time.
  ///
  /// @throws RuntimeException where it cannot be kept; the next time tries again
  public void save() {
    for (var tally : all.values()) {
      var changed = tally.changed();
      if (changed.isEmpty()) {
        continue;
      }
      try {
        store.save(changed);
      } catch (RuntimeException e) {
        tally.again(changed);
        throw e;
      }
    }
  }
}
