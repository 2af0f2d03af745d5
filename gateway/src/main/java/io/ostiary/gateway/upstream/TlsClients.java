package io.ostiary.gateway.upstream;

import io.ostiary.model.UpstreamLink;
import io.ostiary.model.UpstreamTls;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Our sides of TLS with upstreams, one for all that have the same settings, kept over reloads so
/// that sessions can be resumed; and the thread that looks whether their files have changed.
///
/// Guarded by its own lock; never called from an event loop.
final class TlsClients implements AutoCloseable {
  private static final long LOOK_MILLIS = 2000;

  private record Key(UpstreamTls settings, UpstreamLink.Protocol protocol) {}

  private final Map<Key, TlsClient> clients = new HashMap<>();
  private @Nullable Thread watcher;

  /// Null: what is spoken is not encrypted.
  ///
  /// @throws IllegalArgumentException where the files cannot be used
  synchronized @Nullable TlsClient of(UpstreamLink link) {
    var tls = link.tls();
    if (tls == null) {
      return null;
    }
    var key = new Key(tls, link.protocol());
    var known = clients.get(key);
    if (known != null) {
      return known;
    }
    var made = new TlsClient(tls, link.protocol());
    clients.put(key, made);
    return made;
  }

  /// Begins to look after the files.
  synchronized void watch() {
    if (watcher == null && !clients.isEmpty()) {
      watcher = Thread.ofVirtual().name("ostiary-upstream-tls").start(this::lookForEver);
    }
  }

  /// Forgets those that no plan in force needs.
  synchronized void keep(List<UpstreamLink> links) {
    clients
        .keySet()
        .removeIf(key ->
            links.stream()
                .noneMatch(
                    link -> key.settings.equals(link.tls()) && key.protocol == link.protocol()));
    watch();
  }

  private void lookForEver() {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        for (var client : all()) {
          client.refresh();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized List<TlsClient> all() {
    return List.copyOf(clients.values());
  }

  @Override
  public synchronized void close() {
    if (watcher != null) {
      watcher.interrupt();
    }
  }
}
