package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;

/// The kernel's list of what macvlans judge for their carriers, see `carried.h`. Only what changed
/// is written. Confined to one thread at a time.
final class CarriedTable {
  static final long KEY_BYTES = 12;
  private static final long ADDRESS = 4;
  private static final int ADDRESS_BYTES = 6;

  private final BpfTable table;
  private final Chain chain;
  private final Set<Carried> listed = new HashSet<>();

  CarriedTable(BpfTable table, Chain chain) {
    this.table = table;
    this.chain = chain;
  }

  void set(Set<Carried> now) throws LibbpfException {
    for (var gone : Set.copyOf(listed)) {
      if (!now.contains(gone)) {
        try (var arena = Arena.ofConfined()) {
          table.removeAll(key(arena, gone), 1);
        }
        listed.remove(gone);
      }
    }
    for (var one : now) {
      if (!listed.contains(one) && listed.size() < Carried.LISTED_MAX) {
        try (var arena = Arena.ofConfined()) {
          table.write(key(arena, one), arena.allocateFrom(JAVA_INT, 1));
        }
        listed.add(one);
      }
    }
    chain.carries(!listed.isEmpty());
  }

  private static MemorySegment key(Arena arena, Carried of) {
    var key = arena.allocate(KEY_BYTES, Integer.BYTES);
    key.set(JAVA_INT, 0, of.carrier());
    for (int i = 0; i < ADDRESS_BYTES; i++) {
      key.set(JAVA_BYTE, ADDRESS + i, (byte) (of.address() >> (8 * (ADDRESS_BYTES - 1 - i))));
    }
    return key;
  }
}
