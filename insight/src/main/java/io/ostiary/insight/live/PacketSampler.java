package io.ostiary.insight.live;

import io.ostiary.insight.LiveTick.InterfaceRate;
import io.ostiary.insight.LiveTick.SourceRate;
import io.ostiary.insight.Point.Drop;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.PacketView;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Turns the kernel's ever-growing counters into rates by difference. Sampled once a second by its
/// own thread, since asking the kernel may take long; the newest rates are handed over by one
/// volatile field. Counters that fell (programs were attached anew) count from zero.
public final class PacketSampler {
  private static final int SOURCES_ASKED = 1000;
  private static final int SOURCES_SHOWN = 20;

  private final PacketView packets;
  private final Map<String, KernelStatus.Counters> before = new HashMap<>();
  private Map<InetAddress, PacketView.Source> sourcesBefore = Map.of();
  private long sourcesNanos;
  private long sampledNanos;
  private boolean started;
  private volatile PacketRates rates = PacketRates.NONE;
  private volatile KernelStatus status;

  public PacketSampler(PacketView packets) {
    this.packets = packets;
    status = packets.status();
  }

  PacketRates rates() {
    return rates;
  }

  /// The kernel's counters as they were at the last sample.
  public KernelStatus status() {
    return status;
  }

  /// @param nowNanos CLOCK_MONOTONIC
  /// @param watched whether anybody looks: sources are asked for only then, or every 10 s
  public void sample(long nowNanos, boolean watched) {
    var current = packets.status();
    double seconds = started ? Math.max(0.001, (nowNanos - sampledNanos) / 1e9) : 0;
    var interfaces = new ArrayList<InterfaceRate>();
    for (var each : current.interfaces()) {
      interfaces.add(rate(each, seconds));
      before.put(each.name(), each.counters());
    }
    sampledNanos = nowNanos;
    var sources = rates.sources();
    if (!started || watched || nowNanos - sourcesNanos >= 10_000_000_000L) {
      sources = sources(nowNanos);
    }
    started = true;
    status = current;
    rates = total(interfaces, sources);
  }

  private InterfaceRate rate(KernelStatus.Interface each, double seconds) {
    var now = each.counters();
    var old = before.getOrDefault(each.name(), new KernelStatus.Counters(0, 0, List.of()));
    var oldDrops = new HashMap<String, KernelStatus.Drop>();
    old.drops().forEach(drop -> oldDrops.put(drop.reason(), drop));
    var drops = new ArrayList<Drop>();
    for (var drop : now.drops()) {
      var was = oldDrops.getOrDefault(drop.reason(), new KernelStatus.Drop(drop.reason(), 0, 0));
      long count = perSecond(drop.packets(), was.packets(), seconds);
      if (count > 0) {
        drops.add(new Drop(drop.reason(), count, perSecond(drop.bytes(), was.bytes(), seconds)));
      }
    }
    return new InterfaceRate(
        each.name(),
        each.mode(),
        perSecond(now.passedPackets(), old.passedPackets(), seconds),
        perSecond(now.passedBytes(), old.passedBytes(), seconds),
        drops);
  }

  private static long perSecond(long now, long before, double seconds) {
    if (seconds == 0) {
      return 0;
    }
    return Math.round((now >= before ? now - before : now) / seconds);
  }

  private List<SourceRate> sources(long nowNanos) {
    double seconds = started ? Math.max(0.001, (nowNanos - sourcesNanos) / 1e9) : 0;
    var now = new HashMap<InetAddress, PacketView.Source>();
    var list = new ArrayList<SourceRate>();
    long total = 0;
    for (var source : packets.sources(SOURCES_ASKED)) {
      now.put(source.address(), source);
      var was =
          sourcesBefore.getOrDefault(
              source.address(), new PacketView.Source(source.address(), 0, 0, 0, 0));
      long rate = perSecond(source.packets(), was.packets(), seconds);
      total += rate;
      list.add(
          new SourceRate(
              source.address(),
              rate,
              perSecond(source.bytes(), was.bytes(), seconds),
              perSecond(source.droppedPackets(), was.droppedPackets(), seconds),
              0,
              source.packets(),
              source.droppedPackets()));
    }
    sourcesBefore = now;
    sourcesNanos = nowNanos;
    list.sort(
        Comparator.comparingLong(SourceRate::packetsPerSecond)
            .thenComparingLong(SourceRate::packets)
            .reversed());
    double all = Math.max(1, total);
    return list.stream().limit(SOURCES_SHOWN).map(source -> share(source, all)).toList();
  }

  private static SourceRate share(SourceRate source, double total) {
    return new SourceRate(
        source.address(),
        source.packetsPerSecond(),
        source.bytesPerSecond(),
        source.droppedPerSecond(),
        source.packetsPerSecond() / total,
        source.packets(),
        source.droppedPackets());
  }

  private static PacketRates total(List<InterfaceRate> interfaces, List<SourceRate> sources) {
    long passed = 0;
    long bytes = 0;
    var drops = new TreeMap<String, Drop>();
    for (var each : interfaces) {
      passed += each.passedPerSecond();
      bytes += each.passedBytesPerSecond();
      for (var drop : each.drops()) {
        drops.merge(
            drop.reason(),
            drop,
            (a, b) -> new Drop(a.reason(), a.packets() + b.packets(), a.bytes() + b.bytes()));
      }
    }
    return new PacketRates(passed, bytes, List.copyOf(drops.values()), interfaces, sources);
  }
}
