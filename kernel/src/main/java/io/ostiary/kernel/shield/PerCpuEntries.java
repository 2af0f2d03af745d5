package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// A direct-mapped table of which each CPU has its own. A key has the same slot on every CPU, so
/// what belongs together stands side by side in a copy, and only what is shown is decoded. Confined
/// to one thread at a time.
final class PerCpuEntries {
  private final BpfTable table;
  private final int slots;
  private final int processors;
  private final long stride;
  private final long packetsAt;
  private final SameKey sameKey;
  private @Nullable MemorySegment copy;

  /// @param stride bytes of an entry
  /// @param packetsAt where in it the packets are counted; 0 means the entry is free
  PerCpuEntries(
      BpfTable table, int slots, int processors, long stride, long packetsAt, SameKey sameKey) {
    this.table = table;
    this.slots = slots;
    this.processors = processors;
    this.stride = stride;
    this.packetsAt = packetsAt;
    this.sameKey = sameKey;
  }

  interface SameKey {
    boolean test(MemorySegment values, long a, long b);
  }

  /// Makes one of the entries of several CPUs with the same key.
  interface Decoder<T> {
    T decode(MemorySegment values, List<Long> places);
  }

  /// Those with the most packets, the busiest first.
  <T> List<T> busiest(int limit, Decoder<T> decoder) throws LibbpfException {
    if (limit <= 0) {
      return List.of();
    }
    var values = copy();
    var heap = new PriorityQueue<Counted>(Comparator.comparingLong(Counted::packets));
    for (int slot = 0; slot < slots; slot++) {
      for (int cpu = 0; cpu < processors; cpu++) {
        long at = place(slot, cpu);
        if (packets(values, at) == 0 || isCounted(values, slot, cpu)) {
          continue;
        }
        long packets = 0;
        for (int other = cpu; other < processors; other++) {
          long also = place(slot, other);
          packets += sameKey.test(values, at, also) ? packets(values, also) : 0;
        }
        if (heap.size() < limit || packets > heap.element().packets()) {
          heap.add(new Counted(packets, slot, cpu));
        }
        if (heap.size() > limit) {
          heap.remove();
        }
      }
    }
    var found = new ArrayList<T>(heap.size());
    while (!heap.isEmpty()) {
      found.add(decoder.decode(values, places(values, heap.remove())));
    }
    return List.copyOf(found.reversed());
  }

  private record Counted(long packets, int slot, int cpu) {}

  private List<Long> places(MemorySegment values, Counted counted) {
    var places = new ArrayList<Long>();
    long first = place(counted.slot(), counted.cpu());
    for (int cpu = counted.cpu(); cpu < processors; cpu++) {
      long at = place(counted.slot(), cpu);
      if (packets(values, at) != 0 && sameKey.test(values, first, at)) {
        places.add(at);
      }
    }
    return places;
  }

  /// Whether an earlier CPU's entry already stands for this one.
  private boolean isCounted(MemorySegment values, int slot, int cpu) {
    for (int earlier = 0; earlier < cpu; earlier++) {
      long at = place(slot, earlier);
      if (packets(values, at) != 0 && sameKey.test(values, at, place(slot, cpu))) {
        return true;
      }
    }
    return false;
  }

  private MemorySegment copy() throws LibbpfException {
    var values = copy;
    if (values == null) {
      values = Arena.ofAuto().allocate(slots * stride * processors, 8);
      copy = values;
    }
    table.read(0, slots, values);
    return values;
  }

  private long place(int slot, int cpu) {
    return ((long) slot * processors + cpu) * stride;
  }

  private long packets(MemorySegment values, long at) {
    return values.get(JAVA_LONG, at + packetsAt);
  }
}
