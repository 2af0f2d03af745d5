package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.ostiary.kernel.flood.ShortWay;
import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.KernelStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongBinaryOperator;

/// Reads what the programs counted, adding up what several CPUs saw. Confined to one thread at a
/// time.
final class Meter {
  private static final int INTERFACES = 256;
  private static final int LONGS = 2;

  /// Of the VLAN of a flow, see `meter.h`.
  private static final int VLAN_ID = 0xfff;

  private static final int FLOW_OUT = 0x8000;

  private static final int TOTAL_IN = 0;
  private static final int TOTAL_SOURCES = 1;
  private static final int TOTAL_OUT = 2;

  /// Which numbers of a total say how much was refused, and how much of it found its place by
  /// source: packets, then bytes.
  private static final int REFUSED = 6;

  private static final int PLACED = 8;

  private static final long FLOW_PACKETS = 48;
  private static final long SOURCE_PACKETS = 16;

  private final BpfTable counters;
  private final BpfTable totals;
  private final BpfTable wires;
  private final PerCpuEntries flows;
  private final PerCpuEntries sources;
  private final ShortWay shortWay;
  private final MemorySegment control;
  private final int hz;
  private final int processors;

  /// Which interface counts in which slot; 0 means none has so far.
  private final int[] owners = new int[INTERFACES];

  /// @param shortWay what is in no counter of the programs
  Meter(BpfObject object, MemorySegment control, int hz, MeterSize size, ShortWay shortWay) {
    this.shortWay = shortWay;
    this.control = control;
    this.hz = hz;
    processors = size.processors();
    counters = object.table("counters");
    totals = object.table("totals");
    wires = object.table("wires");
    flows =
        new PerCpuEntries(
            object.table("flows"),
            size.flows(),
            processors,
            ShieldMemory.FLOW_BYTES,
            FLOW_PACKETS,
            Meter::sameFlow);
    sources =
        new PerCpuEntries(
            object.table("sources"),
            size.sources(),
            processors,
            ShieldMemory.SOURCE_BYTES,
            SOURCE_PACKETS,
            (values, a, b) -> same(values, a, b, 16));
  }

  /// Begins to count for an interface, at zero where another one, now gone, had its slot before.
  void claim(int interfaceIndex) throws LibbpfException {
    int slot = slot(interfaceIndex);
    if (owners[slot] != 0 && owners[slot] != interfaceIndex) {
      try (var arena = Arena.ofConfined()) {
        var zeros = arena.allocate(ShieldMemory.COUNTER_BYTES * processors, 8);
        for (int number = 0; number < DropReason.COUNTERS; number++) {
          var key = arena.allocateFrom(JAVA_INT, slot * DropReason.COUNTERS + number);
          counters.write(key, zeros);
        }
        wires.write(
            arena.allocateFrom(JAVA_INT, slot),
            arena.allocate(ShieldMemory.WIRE_BYTES * processors, 8));
      }
      shortWay.forgetInterface(slot);
    }
    owners[slot] = interfaceIndex;
  }

  static int slot(int interfaceIndex) {
    return interfaceIndex & (INTERFACES - 1);
  }

  MeteredInterface counters(int interfaceIndex) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      long stride = ShieldMemory.COUNTER_BYTES * processors;
      var values = arena.allocate(DropReason.COUNTERS * stride, 8);
      counters.read(slot(interfaceIndex) * DropReason.COUNTERS, DropReason.COUNTERS, values);
      long denied = DropReason.DENY_RULE.number() * stride;
      var more = shortWay.on(slot(interfaceIndex));
      add(values, denied, more.packets());
      add(values, denied + Long.BYTES, more.bytes());
      var drops = new ArrayList<KernelStatus.Drop>();
      var would = new ArrayList<KernelStatus.Drop>();
      long packets = sum(values, 0, 0, LONGS);
      long bytes = sum(values, 0, 8, LONGS);
      for (var reason : DropReason.values()) {
        if (reason != DropReason.PASSED) {
          drops.add(drop(reason, values, reason.number() * stride));
          would.add(drop(reason, values, (reason.number() + DropReason.WOULD) * stride));
          packets += would.getLast().packets();
          bytes += would.getLast().bytes();
        }
      }
      return new MeteredInterface(
          new KernelStatus.Counters(packets, bytes, drops), List.copyOf(would));
    }
  }

  private static void add(MemorySegment values, long at, long more) {
    values.set(JAVA_LONG, at, values.get(JAVA_LONG, at) + more);
  }

  private KernelStatus.Drop drop(DropReason reason, MemorySegment values, long at) {
    return new KernelStatus.Drop(
        reason.word(), sum(values, at, 0, LONGS), sum(values, at, 8, LONGS));
  }

  /// Of one entry, over all CPUs.
  private long sum(MemorySegment values, long at, long member, int longs) {
    long sum = 0;
    for (int cpu = 0; cpu < processors; cpu++) {
      sum += values.get(JAVA_LONG, at + member + (long) cpu * longs * Long.BYTES);
    }
    return sum;
  }

  /// What was refused is counted once, in a place of its own, and is no flow that is listed.
  MeterTotals totals() throws LibbpfException {
    var of = totals(TOTAL_IN);
    addRefusedAtOnce(of);
    return new MeterTotals(
        of[0] + of[REFUSED],
        of[1] + of[REFUSED + 1],
        of[2],
        of[3],
        of[4] + of[REFUSED],
        of[5] + of[REFUSED + 1]);
  }

  /// Of the list of sources: the packets in it, what was evicted, what was not listed.
  MeterTotals sourceTotals() throws LibbpfException {
    var in = totals(TOTAL_IN);
    addRefusedAtOnce(in);
    var of = totals(TOTAL_SOURCES);
    return new MeterTotals(
        of[0],
        of[1],
        of[2],
        of[3],
        of[4] + in[REFUSED] - in[PLACED],
        of[5] + in[REFUSED + 1] - in[PLACED + 1]);
  }

  private void addRefusedAtOnce(long[] of) {
    var more = shortWay.all();
    of[REFUSED] += more.packets();
    of[REFUSED + 1] += more.bytes();
  }

  MeterTotals sentTotals() throws LibbpfException {
    var of = totals(TOTAL_OUT);
    return new MeterTotals(of[0], of[1], of[2], of[3], of[4], of[5]);
  }

  MeteredWire wire(int interfaceIndex) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      int longs = (int) (ShieldMemory.WIRE_BYTES / Long.BYTES);
      var values = arena.allocate(ShieldMemory.WIRE_BYTES * processors, 8);
      wires.read(slot(interfaceIndex), 1, values);
      var sums = new long[longs];
      for (int i = 0; i < longs; i++) {
        sums[i] = sum(values, 0, (long) i * Long.BYTES, longs);
      }
      return new MeteredWire(sums[0], sums[1], sums[2], sums[3]);
    }
  }

  private long[] totals(int entry) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      int longs = (int) (ShieldMemory.TOTALS_BYTES / Long.BYTES);
      var values = arena.allocate(ShieldMemory.TOTALS_BYTES * processors, 8);
      totals.read(entry, 1, values);
      var sums = new long[longs];
      for (int i = 0; i < longs; i++) {
        sums[i] = sum(values, 0, (long) i * Long.BYTES, longs);
      }
      return sums;
    }
  }

  List<MeteredSource> sources(int limit) throws LibbpfException {
    return sources.busiest(
        limit,
        (values, places) ->
            new MeteredSource(
                address(values, places.getFirst()),
                sum(values, places, SOURCE_PACKETS),
                sum(values, places, 24),
                sum(values, places, 32),
                nanos(values, places, 40, Math::max)));
  }

  List<MeteredFlow> flows(int limit) throws LibbpfException {
    return flows.busiest(limit, this::flow);
  }

  private MeteredFlow flow(MemorySegment values, List<Long> places) {
    long at = places.getFirst();
    int flags = 0;
    for (long place : places) {
      flags |= values.get(JAVA_INT, place + 68);
    }
    return new MeteredFlow(
        address(values, at),
        Short.toUnsignedInt(values.get(JAVA_SHORT, at + 32)),
        address(values, at + 16),
        Short.toUnsignedInt(values.get(JAVA_SHORT, at + 34)),
        values.get(JAVA_BYTE, at + 43),
        Byte.toUnsignedInt(values.get(JAVA_BYTE, at + 42)),
        values.get(JAVA_SHORT, at + 40) & VLAN_ID,
        (values.get(JAVA_SHORT, at + 40) & FLOW_OUT) != 0,
        values.get(JAVA_INT, at + 36),
        sum(values, places, FLOW_PACKETS),
        sum(values, places, 56),
        nanos(values, places, 44, Math::min),
        nanos(values, places, 64, Math::max),
        flags);
  }

  /// Addresses, ports, interface, VLAN, protocol and family: the first 44 bytes.
  private static boolean sameFlow(MemorySegment values, long a, long b) {
    return same(values, a, b, 40) && values.get(JAVA_INT, a + 40) == values.get(JAVA_INT, b + 40);
  }

  private static boolean same(MemorySegment values, long a, long b, int bytes) {
    for (int at = 0; at < bytes; at += Long.BYTES) {
      if (values.get(JAVA_LONG, a + at) != values.get(JAVA_LONG, b + at)) {
        return false;
      }
    }
    return true;
  }

  private static long sum(MemorySegment values, List<Long> places, long member) {
    return places.stream().mapToLong(at -> values.get(JAVA_LONG, at + member)).sum();
  }

  /// The lower half of a tick count as nanoseconds, measured from the last beat.
  private long nanos(
      MemorySegment values, List<Long> places, long member, LongBinaryOperator which) {
    long beat = control.get(JAVA_LONG, ShieldMemory.JIFFIES);
    return places.stream()
        .mapToLong(at -> {
          int since = (int) beat - values.get(JAVA_INT, at + member);
          return control.get(JAVA_LONG, ShieldMemory.NANOS) - since * (1_000_000_000L / hz);
        })
        .reduce(which)
        .orElse(0);
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
