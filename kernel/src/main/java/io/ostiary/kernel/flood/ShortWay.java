package io.ostiary.kernel.flood;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// What `refuse.h` refused in floods, which the programs count nowhere else: by interface, and once
/// more by rule. Who tells of packets adds it. Thread-safe for readers; the two that forget are
/// called by one thread at a time.
public final class ShortWay {
  private static final VarHandle LONG = JAVA_LONG.varHandle();

  private final MemorySegment sketches;
  private final int processors;
  private volatile Volume forgotten = Volume.NONE;

  /// @throws IOException when Java and the program lay memory out differently
  public ShortWay(BpfObject object, int processors) throws LibbpfException, IOException {
    var differences = SketchMemory.differences(object);
    if (!differences.isEmpty()) {
      throw new IOException(String.join("; ", differences));
    }
    this.processors = processors;
    sketches = object.share("sketches", processors * SketchMemory.SKETCH_BYTES);
  }

  /// Since the programs were loaded.
  public Volume all() {
    var sum = forgotten;
    for (int slot = 0; slot < SketchMemory.INTERFACES; slot++) {
      sum = sum.plus(on(slot));
    }
    return sum;
  }

  /// @param slot the interface's number modulo 256
  public Volume on(int slot) {
    return sum(SketchMemory.REFUSED_ON + slot * SketchMemory.COUNTER_BYTES);
  }

  /// Nothing for rules beyond the first 64, where the short way is not taken.
  ///
  /// @param set which of the two rule sets
  public Volume by(int set, int rule) {
    return rule < SketchMemory.WORD_RULES ? sum(at(set, rule)) : Volume.NONE;
  }

  /// Begins at zero for an interface whose number another one had.
  public void forgetInterface(int slot) {
    forgotten = forgotten.plus(on(slot));
    clear(SketchMemory.REFUSED_ON + slot * SketchMemory.COUNTER_BYTES, 1);
  }

  /// Begins at zero for a rule set in which no packet counts.
  public void forgetRules(int set) {
    clear(at(set, 0), SketchMemory.WORD_RULES);
  }

  /// Packets that the last seconds do not hold because of it: they had taken enough in that tick.
  public long leftOut() {
    long sum = 0;
    for (int cpu = 0; cpu < processors; cpu++) {
      sum += read(cpu, SketchMemory.LEFT_OUT);
    }
    return sum;
  }

  /// What one CPU refused.
  long packets(int cpu) {
    long sum = 0;
    for (int slot = 0; slot < SketchMemory.INTERFACES; slot++) {
      sum += read(cpu, SketchMemory.REFUSED_ON + slot * SketchMemory.COUNTER_BYTES);
    }
    return sum;
  }

  private static long at(int set, int rule) {
    return SketchMemory.REFUSED_BY
        + ((long) set * SketchMemory.WORD_RULES + rule) * SketchMemory.COUNTER_BYTES;
  }

  private Volume sum(long counter) {
    long packets = 0;
    long bytes = 0;
    for (int cpu = 0; cpu < processors; cpu++) {
      packets += read(cpu, counter);
      bytes += read(cpu, counter + Long.BYTES);
    }
    return new Volume(packets, bytes);
  }

  private long read(int cpu, long at) {
    return (long) LONG.getAcquire(sketches, cpu * SketchMemory.SKETCH_BYTES + at);
  }

  private void clear(long at, int counters) {
    for (int cpu = 0; cpu < processors; cpu++) {
      sketches
          .asSlice(cpu * SketchMemory.SKETCH_BYTES + at, counters * SketchMemory.COUNTER_BYTES)
          .fill((byte) 0);
    }
  }
}
