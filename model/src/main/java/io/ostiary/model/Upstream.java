package io.ostiary.model;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Those who can answer, and how long we wait for them.
///
/// @param health null: targets are taken out only by failing attempts
/// @param connectTimeout until the TCP connection stands
/// @param answerTimeout from the last request byte sent to the first response byte
/// @param idleTimeout between two reads of one response
/// @param connectionsMax connections to one target, over all event loops
/// @param link what is spoken with its targets
/// @param spread how calls spread over the targets, beside `balance`
/// @param outliers when targets are taken out because of how their calls went
/// @param retries what is tried again
/// @param overload how many calls it is given at once
/// @param discovery where more targets are found
public record Upstream(
    String name,
    List<Target> targets,
    Balance balance,
    @Nullable HealthCheck health,
    Duration connectTimeout,
    Duration answerTimeout,
    Duration idleTimeout,
    int connectionsMax,
    UpstreamLink link,
    Spread spread,
    Outliers outliers,
    Retries retries,
    Overload overload,
    Discovery discovery) {
  public Upstream {
    Require.name("upstream.name", name);
    targets = List.copyOf(targets);
    Require.between("upstream.targets (count)", targets.size(), discovery.asks() ? 0 : 1, 10_000);
    Require.between("upstream.timeouts.connect (ms)", connectTimeout.toMillis(), 1, 600_000);
    Require.between("upstream.timeouts.answer (ms)", answerTimeout.toMillis(), 1, 3_600_000);
    Require.between("upstream.timeouts.idle (ms)", idleTimeout.toMillis(), 1, 3_600_000);
    Require.between("upstream.connections", connectionsMax, 1, 1_000_000);
    if (health != null && health.expected().tls() && link.tls() == null) {
      throw Require.invalid("health.tls", "true", "only where the upstream has tls, whose it is");
    }
    if (targets.stream().anyMatch(Target::local)) {
      withSockets(health, link);
    }
    if (health != null
        && health.overHttp2()
        && link.tls() != null
        && link.protocol() == UpstreamLink.Protocol.HTTP1) {
      throw Require.invalid(
          "health.kind", "grpc", "protocol: auto or http2, for over TLS it is agreed upon");
    }
  }

  /// What Unix sockets among the targets leave no room for.
  private static void withSockets(@Nullable HealthCheck health, UpstreamLink link) {
    if (health != null && health.expected().port() != 0) {
      throw Require.invalid(
          "health.port",
          health.expected().port(),
          "none: a target is a Unix socket, without ports");
    }
    var tls = link.tls();
    if (tls != null && tls.serverName() == null) {
      throw Require.invalid(
          "tls.server-name", "none", "a name: a target is a Unix socket, and has no host");
    }
  }

  /// With everything else as it is by default.
  public Upstream(
      String name,
      List<Target> targets,
      Balance balance,
      @Nullable HealthCheck health,
      Duration connectTimeout,
      Duration answerTimeout,
      Duration idleTimeout,
      int connectionsMax,
      UpstreamLink link) {
    this(
        name,
        targets,
        balance,
        health,
        connectTimeout,
        answerTimeout,
        idleTimeout,
        connectionsMax,
        link,
        Spread.DEFAULT,
        Outliers.DEFAULT,
        Retries.DEFAULT,
        Overload.NONE,
        Discovery.NONE);
  }
}
