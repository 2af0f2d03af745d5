package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;

/// The kernel's list of operators. Only what changed is written. Confined to one thread at a time.
final class OperatorTable {
  static final long KEY_BYTES = 20;
  private static final long PORT = 16;

  private final BpfTable table;
  private final Set<Operator> listed = new HashSet<>();

  OperatorTable(BpfObject object) {
    table = object.table("operators");
  }

  /// @param operators at most [Operator#LISTED_MAX]
  void set(Set<Operator> operators) throws LibbpfException {
    for (var gone : Set.copyOf(listed)) {
      if (!operators.contains(gone)) {
        try (var arena = Arena.ofConfined()) {
          table.removeAll(key(arena, gone), 1);
        }
        listed.remove(gone);
      }
    }
    for (var operator : operators) {
      if (!listed.contains(operator)) {
        try (var arena = Arena.ofConfined()) {
          table.write(key(arena, operator), arena.allocateFrom(JAVA_INT, 1));
        }
        listed.add(operator);
      }
    }
  }

  private static MemorySegment key(Arena arena, Operator operator) {
    var key = arena.allocate(KEY_BYTES, 4);
    var address = operator.address().getAddress();
    if (address.length == 4) {
      key.set(JAVA_BYTE, 10, (byte) -1);
      key.set(JAVA_BYTE, 11, (byte) -1);
    }
    MemorySegment.copy(address, 0, key, JAVA_BYTE, PORT - address.length, address.length);
    key.set(JAVA_INT, PORT, operator.port());
    return key;
  }
}
