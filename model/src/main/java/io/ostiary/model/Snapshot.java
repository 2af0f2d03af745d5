package io.ostiary.model;

import java.time.Instant;
import java.util.List;

/// Everything configured at one instant: immutable, whole, versioned; published or refused as one.
///
/// @param version grows by at least one with each snapshot that is published
public record Snapshot(
    long version,
    Instant createdAt,
    GatewaySettings gateway,
    List<Listener> listeners,
    List<Api> apis,
    List<Upstream> upstreams,
    List<Consumer> consumers,
    List<ApiKey> keys,
    KernelSettings kernel,
    List<Ban> bans,
    List<Service> services) {
  public Snapshot {
    Require.between("snapshot.version", version, 1, Long.MAX_VALUE);
    listeners = List.copyOf(listeners);
    apis = List.copyOf(apis);
    upstreams = List.copyOf(upstreams);
    consumers = List.copyOf(consumers);
    keys = List.copyOf(keys);
    bans = List.copyOf(bans);
    services = List.copyOf(services);
    Require.between("snapshot.listeners (count)", listeners.size(), 1, 1000);
  }

  /// Without services.
  public Snapshot(
      long version,
      Instant createdAt,
      GatewaySettings gateway,
      List<Listener> listeners,
      List<Api> apis,
      List<Upstream> upstreams,
      List<Consumer> consumers,
      List<ApiKey> keys,
      KernelSettings kernel,
      List<Ban> bans) {
    this(
        version, createdAt, gateway, listeners, apis, upstreams, consumers, keys, kernel, bans,
        List.of());
  }
}
