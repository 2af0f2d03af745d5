package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.KernelStatus;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Reads what the programs counted: a copy of the per-CPU tables, with what several CPUs saw of one
/// flow added up. Confined to one thread at a time.
final class Meter {
  private static final int FLOWS = 16_384;
  private static final int SOURCES = 8_192;
  private static final int INTERFACES = 256;

  private final BpfTable counters;
  private final BpfTable flows;
  private final BpfTable sources;
  private final BpfTable totals;
  private final MemorySegment control;
  private final int hz;
  private final int processors = possibleProcessors();

  Meter(BpfObject object, MemorySegment control, int hz) throws LibbpfException {
    this.control = control;
    this.hz = hz;
    counters = object.table("counters");
    flows = object.table("flows");
    sources = object.table("sources");
    totals = object.table("totals");
  }

  /// The kernel gives per-CPU values for every CPU that could ever come up.
  private static int possibleProcessors() {
    try {
      var range = Files.readString(Path.of("/sys/devices/system/cpu/possible")).strip();
      var last = range.substring(Math.max(range.lastIndexOf('-'), range.lastIndexOf(',')) + 1);
      return Integer.parseInt(last) + 1;
    } catch (IOException | NumberFormatException e) {
      return Runtime.getRuntime().availableProcessors();
    }
  }

  KernelStatus.Counters counters(int interfaceIndex) throws LibbpfException {
    var passed = counter(interfaceIndex, DropReason.PASSED.number());
    var drops = new ArrayList<KernelStatus.Drop>();
    for (var reason : DropReason.values()) {
      if (reason != DropReason.PASSED) {
        drops.add(drop(reason, counter(interfaceIndex, reason.number())));
      }
    }
    var would = would(interfaceIndex);
    long packets = passed[0];
    long bytes = passed[1];
    for (var drop : would) {
      packets += drop.packets();
      bytes += drop.bytes();
    }
    return new KernelStatus.Counters(packets, bytes, drops);
  }

  List<KernelStatus.Drop> wouldDrop(int interfaceIndex) throws LibbpfException {
    return would(interfaceIndex);
  }

  private List<KernelStatus.Drop> would(int interfaceIndex) throws LibbpfException {
    var drops = new ArrayList<KernelStatus.Drop>();
    for (var reason : DropReason.values()) {
      if (reason != DropReason.PASSED) {
        drops.add(drop(reason, counter(interfaceIndex, reason.number() + DropReason.WOULD)));
      }
    }
    return drops;
  }

  private static KernelStatus.Drop drop(DropReason reason, long[] counted) {
    return new KernelStatus.Drop(reason.word(), counted[0], counted[1]);
  }

  private long[] counter(int interfaceIndex, int number) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var values = arena.allocate(ShieldMemory.COUNTER_BYTES * processors, 8);
      counters.read((interfaceIndex & (INTERFACES - 1)) * DropReason.COUNTERS + number, values);
      return sum(values, 0, 2);
    }
  }

  MeterTotals totals() throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var values = arena.allocate(ShieldMemory.TOTALS_BYTES * processors, 8);
      totals.read(0, values);
      var sum = sum(values, 0, 6);
      return new MeterTotals(sum[0], sum[1], sum[2], sum[3], sum[4], sum[5]);
    }
  }

  private long[] sum(MemorySegment values, long offset, int count) {
    var sum = new long[count];
    long stride = values.byteSize() / processors;
    for (int cpu = 0; cpu < processors; cpu++) {
      for (int i = 0; i < count; i++) {
        sum[i] += values.get(JAVA_LONG, offset + cpu * stride + 8L * i);
      }
    }
    return sum;
  }

  List<MeteredSource> sources() throws LibbpfException {
    var found = new HashMap<InetAddress, MeteredSource>();
    try (var arena = Arena.ofConfined()) {
      long stride = ShieldMemory.SOURCE_BYTES;
      var values = arena.allocate(SOURCES * stride * processors, 8);
      sources.readAll(SOURCES, values);
      for (long at = 0; at < values.byteSize(); at += stride) {
        if (values.get(JAVA_LONG, at + 16) != 0) {
          var source = source(values, at);
          found.merge(source.address(), source, Meter::both);
        }
      }
    }
    return List.copyOf(found.values());
  }

  private MeteredSource source(MemorySegment values, long at) {
    return new MeteredSource(
        address(values, at),
        values.get(JAVA_LONG, at + 16),
        values.get(JAVA_LONG, at + 24),
        values.get(JAVA_LONG, at + 32),
        nanos(values.get(JAVA_INT, at + 40)));
  }

  private static MeteredSource both(MeteredSource a, MeteredSource b) {
    return new MeteredSource(
        a.address(),
        a.packets() + b.packets(),
        a.bytes() + b.bytes(),
        a.droppedPackets() + b.droppedPackets(),
        Math.max(a.lastNanos(), b.lastNanos()));
  }

  /// What makes two entries of different CPUs one flow.
  private record Key(
      InetAddress source,
      int sourcePort,
      InetAddress destination,
      int destinationPort,
      int protocol,
      int vlan,
      int interfaceIndex) {}

  List<MeteredFlow> flows() throws LibbpfException {
    Map<Key, MeteredFlow> found = new HashMap<>();
    try (var arena = Arena.ofConfined()) {
      long stride = ShieldMemory.FLOW_BYTES;
      var values = arena.allocate(FLOWS * stride * processors, 8);
      flows.readAll(FLOWS, values);
      for (long at = 0; at < values.byteSize(); at += stride) {
        if (values.get(JAVA_LONG, at + 48) != 0) {
          var flow = flow(values, at);
          found.merge(key(flow), flow, Meter::both);
        }
      }
    }
    Collection<MeteredFlow> all = found.values();
    return List.copyOf(all);
  }

  private MeteredFlow flow(MemorySegment values, long at) {
    return new MeteredFlow(
        address(values, at),
        Short.toUnsignedInt(values.get(JAVA_SHORT, at + 32)),
        address(values, at + 16),
        Short.toUnsignedInt(values.get(JAVA_SHORT, at + 34)),
        Byte.toUnsignedInt(values.get(JAVA_BYTE, at + 42)),
        Short.toUnsignedInt(values.get(JAVA_SHORT, at + 40)),
        values.get(JAVA_INT, at + 36),
        values.get(JAVA_LONG, at + 48),
        values.get(JAVA_LONG, at + 56),
        nanos(values.get(JAVA_INT, at + 44)),
        nanos(values.get(JAVA_INT, at + 64)),
        values.get(JAVA_INT, at + 68));
  }

  private static Key key(MeteredFlow flow) {
    return new Key(
        flow.source(),
        flow.sourcePort(),
        flow.destination(),
        flow.destinationPort(),
        flow.protocol(),
        flow.vlan(),
        flow.interfaceIndex());
  }

  private static MeteredFlow both(MeteredFlow a, MeteredFlow b) {
    return new MeteredFlow(
        a.source(),
        a.sourcePort(),
        a.destination(),
        a.destinationPort(),
        a.protocol(),
        a.vlan(),
        a.interfaceIndex(),
        a.packets() + b.packets(),
        a.bytes() + b.bytes(),
        Math.min(a.firstNanos(), b.firstNanos()),
        Math.max(a.lastNanos(), b.lastNanos()),
        a.tcpFlags() | b.tcpFlags());
  }

  /// The lower half of a tick count as nanoseconds, measured from the last beat.
  private long nanos(int jiffies) {
    int since = (int) control.get(JAVA_LONG, ShieldMemory.JIFFIES) - jiffies;
    return control.get(JAVA_LONG, ShieldMemory.NANOS) - since * (1_000_000_000L / hz);
  }

  private static InetAddress address(MemorySegment values, long at) {
    var bytes = values.asSlice(at, 16).toArray(JAVA_BYTE);
    try {
      // Of ::ffff:a.b.c.d it makes a.b.c.d.
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("16 bytes are an address", e);
    }
  }
}
