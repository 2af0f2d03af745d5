package io.ostiary.contract.config;

import io.ostiary.contract.tree.Fault;
import io.ostiary.contract.tree.Json;
import io.ostiary.contract.tree.Node;
import io.ostiary.model.Api;
import io.ostiary.model.ApiKey;
import io.ostiary.model.Ban;
import io.ostiary.model.Consumer;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.Listener;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Service;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Upstream;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Everything of a snapshot that people write into files: bound, checked and consistent. Immutable.
public final class Configuration {
  private final GatewaySettings gateway;
  private final List<Listener> listeners;
  private final List<Api> apis;
  private final List<Upstream> upstreams;
  private final KernelSettings kernel;
  private final List<Service> services;
  private final Node root;
  private final PolicyPlaces places;

  Configuration(
      GatewaySettings gateway,
      List<Listener> listeners,
      List<Api> apis,
      List<Upstream> upstreams,
      KernelSettings kernel,
      List<Service> services,
      Node root,
      PolicyPlaces places) {
    this.gateway = gateway;
    this.listeners = List.copyOf(listeners);
    this.apis = List.copyOf(apis);
    this.upstreams = List.copyOf(upstreams);
    this.kernel = kernel;
    this.services = List.copyOf(services);
    this.root = root;
    this.places = places;
  }

  public GatewaySettings gateway() {
    return gateway;
  }

  public List<Listener> listeners() {
    return listeners;
  }

  public List<Api> apis() {
    return apis;
  }

  public List<Upstream> upstreams() {
    return upstreams;
  }

  public KernelSettings kernel() {
    return kernel;
  }

  public List<Service> services() {
    return services;
  }

  /// The part about the kernel as it was written, as JSON: what [ConfigReader#kernel] reads again.
  public String kernelText() {
    var written = root.child("kernel");
    return written == null ? "{}" : Json.text(written);
  }

  /// The snapshot that this configuration gives together with the records of the database.
  public Snapshot snapshot(
      long version,
      Instant createdAt,
      List<Consumer> consumers,
      List<ApiKey> keys,
      List<Ban> bans) {
    return snapshot(version, createdAt, kernel, consumers, keys, bans);
  }

  /// @param kernel in force instead of what is written, where that waits or was rolled back
  public Snapshot snapshot(
      long version,
      Instant createdAt,
      KernelSettings kernel,
      List<Consumer> consumers,
      List<ApiKey> keys,
      List<Ban> bans) {
    return new Snapshot(
        version, createdAt, gateway, listeners, apis, upstreams, consumers, keys, kernel, bans,
        services);
  }

  /// A fault at the place where a policy of this configuration was written, for whoever finds out
  /// later that it cannot be compiled.
  ///
  /// @param use the very object from this configuration, not an equal one; null: the whole file is
  ///   to blame
  public Fault fault(@Nullable PolicyUse use, String message) {
    return places.fault(use, message);
  }
}
