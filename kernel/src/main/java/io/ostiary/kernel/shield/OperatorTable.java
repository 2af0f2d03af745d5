package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

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
  private final MemorySegment ports;
  private final Set<Operator> listed = new HashSet<>();

  OperatorTable(BpfObject object) throws LibbpfException {
    table = object.table("operators");
    ports =
        object
            .share(ShieldMemory.TABLES, ShieldMemory.TABLES_BYTES)
            .asSlice(ShieldMemory.SESSION_PORTS, ShieldMemory.SESSION_PORTS_BYTES);
  }

  /// The bit of a port is set before an operator is listed with it, and cleared after the last.
  ///
  /// @param operators at most [Operator#LISTED_MAX]
  void set(Set<Operator> operators) throws LibbpfException {
    var both = new HashSet<>(listed);
    both.addAll(operators);
    mark(both);
    list(operators);
    mark(listed);
  }

  private void mark(Set<Operator> operators) {
    var bits = new long[(int) (ShieldMemory.SESSION_PORTS_BYTES / Long.BYTES)];
    for (var operator : operators) {
      bits[operator.port() >> 6] |= 1L << operator.port();
    }
    for (int word = 0; word < bits.length; word++) {
      ports.setAtIndex(JAVA_LONG, word, bits[word]);
    }
  }

  private void list(Set<Operator> operators) throws LibbpfException {
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
