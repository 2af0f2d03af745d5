package io.ostiary.control.records;

import io.ostiary.model.ApiKey;
import io.ostiary.model.Ban;
import io.ostiary.model.Consumer;
import io.ostiary.model.Credential;
import java.sql.Connection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The records that are in force, in memory: what joins the configuration in a snapshot, so that
/// publishing asks no database. A draft is confined to whoever made it by [#copy]; once in force it
/// is never changed again, and any thread may read it.
public final class LiveRecords {
  private final Map<String, Consumer> consumers;
  private final Map<String, Key> keys;
  private final Map<String, Ban> bans;
  private final Map<String, Credentials.Row> credentials;

  /// @param expiresAt null: never
  public record Key(ApiKey key, @Nullable Instant expiresAt) {}

  private LiveRecords(
      Map<String, Consumer> consumers,
      Map<String, Key> keys,
      Map<String, Ban> bans,
      Map<String, Credentials.Row> credentials) {
    this.consumers = new LinkedHashMap<>(consumers);
    this.keys = new LinkedHashMap<>(keys);
    this.bans = new LinkedHashMap<>(bans);
    this.credentials = new LinkedHashMap<>(credentials);
  }

  public static LiveRecords load(Connection connection, Instant now) {
    var live = new LiveRecords(Map.of(), Map.of(), Map.of(), Map.of());
    Rows.of(
            connection,
            "SELECT id, name, member_of, tags FROM consumer ORDER BY id",
            row ->
                new Consumer(
                    row.getString("id"),
                    row.getString("name"),
                    Set.copyOf(Consumers.read(row.getString("member_of"))),
                    Set.copyOf(Consumers.read(row.getString("tags"))),
                    List.of()))
        .forEach(consumer -> live.consumers.put(consumer.id(), consumer));
    Credentials.all(connection).forEach(live::add);
    Keys.active(connection, now).forEach(live::add);
    Bans.active(connection, now).forEach(live::add);
    return live;
  }

  public LiveRecords copy() {
    return new LiveRecords(consumers, keys, bans, credentials);
  }

  public void add(Consumer consumer) {
    consumers.put(consumer.id(), consumer);
  }

  public void add(Keys.Row key) {
    keys.put(key.id(), new Key(new ApiKey(key.hash(), key.consumer()), key.expiresAt()));
  }

  public void add(Credentials.Row row) {
    credentials.put(row.id(), row);
    change(row.consumer(), own -> own.add(row.credential()));
  }

  public void removeCredential(String id) {
    var removed = credentials.remove(id);
    if (removed != null) {
      change(removed.consumer(), own -> own.remove(removed.credential()));
    }
  }

  /// Whether somebody has this credential already.
  public boolean isTaken(Credential wanted) {
    return credentials.values().stream()
        .map(Credentials.Row::credential)
        .anyMatch(other -> other.kind() == wanted.kind() && other.id().equals(wanted.id()));
  }

  private void change(String id, java.util.function.Consumer<List<Credential>> change) {
    var consumer = consumers.get(id);
    if (consumer != null) {
      var own = new ArrayList<>(consumer.credentials());
      change.accept(own);
      consumers.put(id, new Consumer(id, consumer.name(), consumer.groups(), consumer.tags(), own));
    }
  }

  public void add(Ban ban) {
    bans.put(ban.id(), ban);
  }

  public void removeConsumer(String id) {
    consumers.remove(id);
    keys.values().removeIf(key -> key.key().consumer().equals(id));
    credentials.values().removeIf(row -> row.consumer().equals(id));
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
