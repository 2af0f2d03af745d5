package io.ostiary.kernel.stage;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.KernelStage;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// The counters of each slot, `struct stage_counter` of `chain.h`. Confined to one thread at a
/// time.
final class StageCounters {
  private static final int MET = 0;
  private static final int ANSWERED = 1;
  private static final int DROPPED = 2;
  private static final int MODIFIED = 3;
  private static final int MARKED = 4;
  private static final int REASONS = 5;
  private static final int WORDS = REASONS + About.REASONS;

  private final BpfTable table;

  StageCounters(BpfTable table) {
    this.table = table;
  }

  KernelStage.Counts read(int slot, List<String> words) throws LibbpfException {
    var sums = new long[WORDS];
    try (var arena = Arena.ofConfined()) {
      int processors = table.processors();
      var values = arena.allocate((long) WORDS * Long.BYTES * processors, 8);
      table.lookup(arena.allocateFrom(JAVA_INT, slot), values);
      for (int i = 0; i < WORDS * processors; i++) {
        sums[i % WORDS] += values.getAtIndex(JAVA_LONG, i);
      }
    }
    var reasons = new ArrayList<KernelStage.Reason>();
    for (int i = 0; i < About.REASONS; i++) {
      if (sums[REASONS + i] > 0) {
        reasons.add(new KernelStage.Reason(words.get(i), sums[REASONS + i]));
      }
    }
    // Read while packets arrive: a packet may be met and not yet answered.
    return new KernelStage.Counts(
        sums[MET],
        sums[ANSWERED] - sums[DROPPED],
        sums[DROPPED],
        sums[MODIFIED],
        sums[MARKED],
        Math.max(0, sums[MET] - sums[ANSWERED]),
        reasons);
  }

  /// For a slot that gets another program.
  void clear(int slot) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      table.write(
          arena.allocateFrom(JAVA_INT, slot),
          arena.allocate((long) WORDS * Long.BYTES * table.processors(), 8));
    }
  }
}
