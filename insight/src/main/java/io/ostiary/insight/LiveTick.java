package io.ostiary.insight;

import java.net.InetAddress;
import java.time.Instant;
import java.util.List;

/// What the page Now shows, once a second.
///
/// @param at the end of the second that `point` is about
/// @param groupSeconds how many seconds the lists `apis` to `clients` cover, 60 at most
/// @param apis the busiest first, as are routes, consumers and clients
/// @param upstreams the slowest (p95) first
/// @param answered the upstreams of this one second's calls, the busiest first
/// @param sources of packets, the busiest of the last second first; empty without the kernel side
public record LiveTick(
    Instant at,
    Point point,
    int groupSeconds,
    List<Group> apis,
    List<Group> routes,
    List<Group> consumers,
    List<Group> upstreams,
    List<Answered> answered,
    List<Group> statuses,
    List<Client> clients,
    List<SourceRate> sources,
    List<InterfaceRate> interfaces,
    InsightStatus status) {
  public LiveTick {
    apis = List.copyOf(apis);
    routes = List.copyOf(routes);
    consumers = List.copyOf(consumers);
    upstreams = List.copyOf(upstreams);
    answered = List.copyOf(answered);
    statuses = List.copyOf(statuses);
    clients = List.copyOf(clients);
    sources = List.copyOf(sources);
    interfaces = List.copyOf(interfaces);
  }

  /// Calls that share something: an API, a route (`api/route`), a consumer (its id), an upstream, a
  /// status.
  ///
  /// @param packetsIn on the clients' connections, counted by the kernel; 0 of upstreams and
  ///   statuses
  /// @param name `(other)` stands for all beyond the bounded number that are told apart
  public record Group(
      String name,
      long calls,
      long errors,
      double callsPerSecond,
      Latency latency,
      long requestBytes,
      long responseBytes,
      long packetsIn,
      long packetsOut,
      long resent) {}

  /// @param calls whose last attempt was at this upstream, of one second
  public record Answered(String upstream, long calls) {}

  /// A client address by calls, from a bounded summary.
  ///
  /// @param callsOver by how much `calls` may be too high at most; 0: exact
  public record Client(InetAddress address, long calls, long callsOver) {}

  /// @param share of all packets of that second that the listed sources sent, 0-1
  public record SourceRate(
      InetAddress address,
      long packetsPerSecond,
      long bytesPerSecond,
      long droppedPerSecond,
      double share,
      long packets,
      long droppedPackets) {}

  /// @param mode see [io.ostiary.model.KernelStatus.Interface]
  public record InterfaceRate(
      String name,
      String mode,
      long passedPerSecond,
      long passedBytesPerSecond,
      List<Point.Drop> drops) {
    public InterfaceRate {
      drops = List.copyOf(drops);
    }
  }
}
