package io.ostiary.control.records;

import io.ostiary.model.ApiKey;
import io.ostiary.model.Ban;
import io.ostiary.model.Consumer;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// The records that are in force, in memory: what joins the configuration in a snapshot, so that
/// publishing asks no database. A draft is confined to whoever made it by [#copy]; once in force it
/// is never changed again, and any thread may read it.
public final class LiveRecords {
  private final Map<String, Consumer> consumers;
  private final Map<String, Key> keys;
  private final Map<String, Ban> bans;

  /// @param expiresAt null: never
  public record Key(ApiKey key, @Nullable Instant expiresAt) {}

  private LiveRecords(
      Map<String, Consumer> consumers, Map<String, Key> keys, Map<String, Ban> bans) {
    this.consumers = new LinkedHashMap<>(consumers);
    this.keys = new LinkedHashMap<>(keys);
    this.bans = new LinkedHashMap<>(bans);
  }

  public static LiveRecords load(Handle handle, Instant now) {
    var live = new LiveRecords(Map.of(), Map.of(), Map.of());
    handle
        .createQuery("SELECT id, name FROM consumer ORDER BY id")
        .map((row, context) -> new Consumer(row.getString("id"), row.getString("name")))
        .forEach(consumer -> live.consumers.put(consumer.id(), consumer));
    Keys.active(handle, now).forEach(live::add);
    Bans.active(handle, now).forEach(live::add);
    return live;
  }

  public LiveRecords copy() {
    return new LiveRecords(consumers, keys, bans);
  }

  public void add(Consumer consumer) {
    consumers.put(consumer.id(), consumer);
  }

  public void add(Keys.Row key) {
    keys.put(key.id(), new Key(new ApiKey(key.hash(), key.consumer()), key.expiresAt()));
  }

  public void add(Ban ban) {
    bans.put(ban.id(), ban);
  }

  public void removeConsumer(String id) {
    consumers.remove(id);
    keys.values().removeIf(key -> key.key().consumer().equals(id));
  }

  public void removeKey(String id) {
    keys.remove(id);
  }

  public void removeBan(String id) {
    bans.remove(id);
  }

  /// Takes out what has ended; the ids of the bans among it.
  public List<String> removeEnded(Instant now) {
    keys.values().removeIf(key -> key.expiresAt() != null && !key.expiresAt().isAfter(now));
    var ended =
        bans.values().stream().filter(ban -> !ban.until().isAfter(now)).map(Ban::id).toList();
    ended.forEach(bans::remove);
    return ended;
  }

  /// When the next key or ban ends, or null.
  public @Nullable Instant nextEnd() {
    return Stream.concat(
            bans.values().stream().map(Ban::until),
            keys.values().stream().map(Key::expiresAt).filter(end -> end != null))
        .min(Instant::compareTo)
        .orElse(null);
  }

  public @Nullable Consumer consumer(String id) {
    return consumers.get(id);
  }

  public List<Consumer> consumers() {
    return List.copyOf(consumers.values());
  }

  public List<ApiKey> keys() {
    return keys.values().stream().map(Key::key).toList();
  }

  public List<Ban> bans() {
    return List.copyOf(bans.values());
  }
}
