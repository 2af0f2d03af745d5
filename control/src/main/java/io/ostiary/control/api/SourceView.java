package io.ostiary.control.api;

import io.ostiary.insight.LiveTick;
import io.ostiary.model.Ban;
import io.ostiary.model.PacketView;
import io.ostiary.model.Peers;
import java.net.InetAddress;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An address with what is known of its packets and its calls.
record SourceView(
    String address,
    @Nullable Long packets,
    @Nullable Long bytes,
    @Nullable Long droppedPackets,
    @Nullable Long packetsPerSecond,
    @Nullable Long bytesPerSecond,
    @Nullable Long droppedPerSecond,
    @Nullable Double share,
    @Nullable Instant lastSeen,
    @Nullable Long calls,
    @Nullable Long callsOver,
    @Nullable String ban) {

  /// Joins three lists by address: packets in all, packets of the last second, calls. The order is
  /// that of the lists, each address at its first place.
  static List<SourceView> join(
      List<PacketView.Source> totals, LiveTick tick, List<Ban> bans, int limit, Instant now) {
    Map<InetAddress, Parts> parts = new LinkedHashMap<>();
    for (var total : totals) {
      parts.computeIfAbsent(total.address(), any -> new Parts()).total = total;
    }
    for (var rate : tick.sources()) {
      parts.computeIfAbsent(rate.address(), any -> new Parts()).rate = rate;
    }
    for (var client : tick.clients()) {
      parts.computeIfAbsent(client.address(), any -> new Parts()).client = client;
    }
    return parts.entrySet().stream()
        .limit(limit)
        .map(entry -> entry.getValue().view(entry.getKey(), bans, now))
        .toList();
  }

  /// When something was seen at this instant of CLOCK_MONOTONIC.
  static Instant wallClock(long nanos, Instant now) {
    return now.minusNanos(Math.max(0, System.nanoTime() - nanos));
  }

  private static final class Parts {
    PacketView.@Nullable Source total;
    LiveTick.@Nullable SourceRate rate;
    LiveTick.@Nullable Client client;

    SourceView view(InetAddress address, List<Ban> bans, Instant now) {
      return new SourceView(
          Peers.text(address),
          total != null ? (Long) total.packets() : rate != null ? (Long) rate.packets() : null,
          total != null ? total.bytes() : null,
          total != null
              ? (Long) total.droppedPackets()
              : rate != null ? (Long) rate.droppedPackets() : null,
          rate != null ? rate.packetsPerSecond() : null,
          rate != null ? rate.bytesPerSecond() : null,
          rate != null ? rate.droppedPerSecond() : null,
          rate != null ? rate.share() : null,
          total != null ? wallClock(total.lastSeenNanos(), now) : null,
          client != null ? client.calls() : null,
          client != null ? client.callsOver() : null,
          ban(address, bans));
    }

    private static @Nullable String ban(InetAddress address, List<Ban> bans) {
      for (var ban : bans) {
        if (ban.source().contains(address)) {
          return ban.id();
        }
      }
      return null;
    }
  }
}
