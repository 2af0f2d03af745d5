package io.ostiary.gateway.exchange;

import io.ostiary.gateway.route.HostTable;
import io.ostiary.gateway.spi.UnroutedWatch;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.Snapshot;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A snapshot compiled. Immutable; swapped by one write; an exchange ends under the plan it began
/// with.
///
/// @param pages null: problems are told as they are
public record Plan(
    Snapshot snapshot,
    HostTable<RoutePlan> routes,
    List<UpstreamHandle> upstreams,
    Bans bans,
    List<UnroutedWatch> unrouted,
    @Nullable ErrorPages pages,
    Terms terms) {
  /// The same plan with other bans.
  public Plan with(Bans others) {
    return new Plan(snapshot, routes, upstreams, others, unrouted, pages, terms);
  }

  /// The waits of the settings in nanoseconds.
  ///
  /// @param age 0: any
  public record Waits(long head, long body, long idle, long age) {
    public static Waits of(GatewaySettings settings) {
      return new Waits(
          settings.headTimeout().toNanos(),
          settings.bodyTimeout().toNanos(),
          settings.idleTimeout().toNanos(),
          settings.connectionAge().toNanos());
    }
  }

  public Waits waits() {
    return terms.waits();
  }

  public AddressSet trustedProxies() {
    return terms.trustedProxies();
  }

  public GatewaySettings settings() {
    return snapshot.gateway();
  }

  public long version() {
    return snapshot.version();
  }
}
