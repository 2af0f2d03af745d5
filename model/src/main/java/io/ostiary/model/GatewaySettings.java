package io.ostiary.model;

import io.ostiary.model.observe.Observation;
import java.time.Duration;
import java.util.List;

/// Limits and waits of the data plane, the same for every listener.
///
/// @param headBytesMax request line and fields together; above it 431
/// @param headFieldsMax number of fields; above it 431
/// @param bodyBytesMax of one request; above it 413
/// @param headTimeout from the first byte of a head to its last; above it 408
/// @param bodyTimeout between two reads of a request body; above it 408
/// @param idleTimeout of a client connection between two requests
/// @param connectionAge from which on the next answer is the last of a client's connection; zero:
///   of any age
/// @param drainTimeout how long calls may go on after SIGTERM
/// @param connectionsMax client connections at once; above it accepting pauses
/// @param trustedProxies peers whose `Forwarded` and `X-Forwarded-*` are believed
/// @param observation to whom calls are told while they run
/// @param outbound whom policies may call
/// @param errors what clients are told in the place of problems; the first that fits
public record GatewaySettings(
    int headBytesMax,
    int headFieldsMax,
    long bodyBytesMax,
    Duration headTimeout,
    Duration bodyTimeout,
    Duration idleTimeout,
    Duration connectionAge,
    Duration drainTimeout,
    int connectionsMax,
    List<Cidr> trustedProxies,
    Observation observation,
    OutboundSettings outbound,
    List<ErrorPage> errors) {
  public static final GatewaySettings DEFAULT =
      new GatewaySettings(
          32 * 1024,
          100,
          64L * 1024 * 1024,
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofSeconds(75),
          Duration.ZERO,
          Duration.ofSeconds(30),
          50_000,
          List.of(),
          Observation.NONE,
          OutboundSettings.DEFAULT,
          List.of());

  public GatewaySettings {
    Require.between("limits.head (bytes)", headBytesMax, 1024, 1024 * 1024);
    Require.between("limits.head-fields", headFieldsMax, 10, 10_000);
    Require.between("limits.body (bytes)", bodyBytesMax, 0, Long.MAX_VALUE);
    Require.between("timeouts.head (ms)", headTimeout.toMillis(), 10, 3_600_000);
    Require.between("timeouts.body (ms)", bodyTimeout.toMillis(), 10, 3_600_000);
    Require.between("timeouts.idle (ms)", idleTimeout.toMillis(), 10, 86_400_000);
    Require.between("timeouts.age (ms)", connectionAge.toMillis(), 0, 604_800_000);
    Require.between("timeouts.drain (ms)", drainTimeout.toMillis(), 0, 3_600_000);
    Require.between("limits.connections", connectionsMax, 1, 10_000_000);
    trustedProxies = List.copyOf(trustedProxies);
    errors = List.copyOf(errors);
  }

  /// The same but for what clients are told in the place of problems.
  public GatewaySettings withErrors(List<ErrorPage> told) {
    return new GatewaySettings(
        headBytesMax,
        headFieldsMax,
        bodyBytesMax,
        headTimeout,
        bodyTimeout,
        idleTimeout,
        connectionAge,
        drainTimeout,
        connectionsMax,
        trustedProxies,
        observation,
        outbound,
        told);
  }

  /// The same but for whom is believed about the client.
  public GatewaySettings withTrustedProxies(List<Cidr> trusted) {
    return new GatewaySettings(
        headBytesMax,
        headFieldsMax,
        bodyBytesMax,
        headTimeout,
        bodyTimeout,
        idleTimeout,
        connectionAge,
        drainTimeout,
        connectionsMax,
        trusted,
        observation,
        outbound,
        errors);
  }

  /// The same but for who is told of calls.
  public GatewaySettings withObservation(Observation told) {
    return new GatewaySettings(
        headBytesMax,
        headFieldsMax,
        bodyBytesMax,
        headTimeout,
        bodyTimeout,
        idleTimeout,
        connectionAge,
        drainTimeout,
        connectionsMax,
        trustedProxies,
        told,
        outbound,
        errors);
  }
}
