package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.Query;
import io.ostiary.insight.InsightView;
import io.ostiary.model.AddressText;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelMemory;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.PacketView;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `flows`, `sources` and `kernel`: what the kernel side sees.
final class PacketsApi {
  private static final String[] FLAGS = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
  private static final int LIST_MAX = 1000;

  private final PacketView packets;
  private final InsightView insight;
  private final SnapshotSource source;
  private final Clock clock;

  PacketsApi(PacketView packets, InsightView insight, SnapshotSource source, Clock clock) {
    this.packets = packets;
    this.insight = insight;
    this.source = source;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(
        Route.get("/api/v1/flows", Access.VIEWER, this::flows),
        Route.get("/api/v1/sources", Access.VIEWER, this::sources),
        Route.get("/api/v1/kernel", Access.VIEWER, this::kernel));
  }

  record Listed<T>(boolean available, String sentence, List<T> items) {}

  record Flows(
      boolean available,
      String sentence,
      Direction in,
      Direction out,
      List<PacketView.Wire> interfaces,
      List<Flow> items) {}

  record Direction(
      long packets,
      long bytes,
      long evictedPackets,
      long evictedBytes,
      long unlistedPackets,
      long unlistedBytes) {
    static Direction of(PacketView.Direction all) {
      return new Direction(
          all.packets(),
          all.bytes(),
          all.evictedPackets(),
          all.evictedBytes(),
          all.unlistedPackets(),
          all.unlistedBytes());
    }
  }

  record Flow(
      String direction,
      String source,
      int sourcePort,
      String destination,
      int destinationPort,
      String protocol,
      int vlan,
      String interfaceName,
      long packets,
      long bytes,
      Instant firstSeen,
      Instant lastSeen,
      List<String> tcpFlags) {}

  record Kernel(
      boolean running,
      String sentence,
      String kernelRelease,
      @Nullable String libbpfVersion,
      boolean dryRun,
      long rulesVersion,
      long memoryBytes,
      long memoryBytesMax,
      List<KernelStatus.Interface> interfaces,
      List<KernelStatus.Program> programs) {}

  private void flows(Context context) {
    var query = Query.of(context, "limit", "source");
    int limit = query.number("limit", 100, 1, LIST_MAX);
    var block = query.parsed("source", Cidr::parse);
    var status = packets.status();
    Map<Integer, String> names =
        status.interfaces().stream()
            .collect(Collectors.toMap(one -> one.index(), one -> one.name(), (a, b) -> a));
    var now = clock.instant();
    var flows =
        packets.flows(block == null ? limit : LIST_MAX * 10).stream()
            .filter(flow -> block == null || block.contains(flow.source()))
            .limit(limit)
            .map(flow -> flow(flow, names, now))
            .toList();
    var metered = packets.metered();
    context.json(
        new Flows(
            status.running(),
            status.sentence(),
            Direction.of(metered.in()),
            Direction.of(metered.out()),
            metered.interfaces(),
            flows));
  }

  private static Flow flow(PacketView.Flow flow, Map<Integer, String> names, Instant now) {
    return new Flow(
        flow.outgoing() ? "out" : "in",
        AddressText.of(flow.source()),
        flow.sourcePort(),
        AddressText.of(flow.destination()),
        flow.destinationPort(),
        protocol(flow.protocol()),
        flow.vlan(),
        names.getOrDefault(flow.interfaceIndex(), "#" + flow.interfaceIndex()),
        flow.packets(),
        flow.bytes(),
        SourceView.wallClock(flow.firstSeenNanos(), now),
        SourceView.wallClock(flow.lastSeenNanos(), now),
        flags(flow.tcpFlags()));
  }

  private static String protocol(int number) {
    return switch (number) {
      case 1 -> "icmp";
      case 6 -> "tcp";
      case 17 -> "udp";
      case 58 -> "icmpv6";
      default -> Integer.toString(number);
    };
  }

  private static List<String> flags(int bits) {
    var flags = new ArrayList<String>();
    for (int i = 0; i < FLAGS.length; i++) {
      if ((bits >> i & 1) != 0) {
        flags.add(FLAGS[i]);
      }
    }
    return flags;
  }

  private void sources(Context context) {
    int limit = Query.of(context, "limit").number("limit", 100, 1, LIST_MAX);
    var status = packets.status();
    var views =
        SourceView.join(
            packets.sources(limit),
            insight.live().latest(),
            source.live().bans(),
            limit,
            clock.instant());
    context.json(new Listed<>(status.running(), status.sentence(), views));
  }

  private void kernel(Context context) {
    Query.of(context);
    var status = packets.status();
    context.json(
        new Kernel(
            status.running(),
            status.sentence(),
            status.kernelRelease(),
            status.libbpfVersion(),
            status.dryRun(),
            status.rulesVersion(),
            KernelMemory.bytes(status.programs()),
            KernelMemory.BYTES_MAX,
            status.interfaces(),
            status.programs()));
  }
}
