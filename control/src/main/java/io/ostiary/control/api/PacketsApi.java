package io.ostiary.control.api;

import io.javalin.http.Context;
import io.ostiary.control.SnapshotSource;
import io.ostiary.control.access.Access;
import io.ostiary.control.http.Query;
import io.ostiary.insight.InsightView;
import io.ostiary.model.AddressText;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelMemory;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.PacketView;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `flows`, `sources`, `kernel` and `rules`: what the kernel side sees and is told.
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
        Route.get("/api/v1/kernel", Access.VIEWER, this::kernel),
        Route.get("/api/v1/rules", Access.VIEWER, this::rules));
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

  record Rules(
      @Nullable String file,
      boolean dryRun,
      String interfaces,
      long rulesVersion,
      List<String> management,
      List<Rule> items) {}

  /// @param conditions what it asks for beside the others, in the words of the file
  record Rule(
      int number,
      String action,
      List<String> from,
      List<String> to,
      List<String> toPorts,
      List<String> protocols,
      List<String> conditions,
      @Nullable Long packetsPerSecond,
      @Nullable Long connectionsPerSecond,
      @Nullable String per,
      @Nullable Hits hits) {}

  /// @param droppedPackets of `packets`; in dry-run: would have been
  record Hits(
      long packets, long bytes, long droppedPackets, long droppedBytes, @Nullable Instant last) {}

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

  private void rules(Context context) {
    Query.of(context);
    var state = source.state();
    var running = state.running();
    var settings = running == null ? KernelSettings.OFF : running.kernel();
    var rules = new ArrayList<Rule>();
    var hits = packets.ruleHits();
    boolean fit = hits.size() == settings.rules().size();
    for (int i = 0; i < settings.rules().size(); i++) {
      rules.add(
          RuleView.of(
              i + 1, settings.rules().get(i), fit ? hits(hits.get(i), clock.instant()) : null));
    }
    context.json(
        new Rules(
            state.file(),
            settings.dryRun(),
            interfaces(settings.interfaces()),
            packets.status().rulesVersion(),
            settings.management().stream().map(Cidr::toString).toList(),
            rules));
  }

  private static String interfaces(KernelSettings.Interfaces interfaces) {
    return switch (interfaces) {
      case KernelSettings.Interfaces.Auto() -> "auto";
      case KernelSettings.Interfaces.Off() -> "off";
      case KernelSettings.Interfaces.Named(var names) -> String.join(", ", names);
    };
  }

  private static Hits hits(PacketView.RuleHits hits, Instant now) {
    return new Hits(
        hits.packets(),
        hits.bytes(),
        hits.droppedPackets(),
        hits.droppedBytes(),
        hits.lastNanos() == 0 ? null : SourceView.wallClock(hits.lastNanos(), now));
  }
}
