package io.ostiary.kernel.stage;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.KernelStage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// A look into a stage's own map: a few entries that are not zero.
final class Peek {
  private static final int SHOWN_MAX = 8;
  private static final int LOOKED_MAX = 2048;

  private Peek() {}

  static List<KernelStage.Entry> at(BpfTable table) throws LibbpfException {
    var shown = new ArrayList<KernelStage.Entry>();
    if (!table.listed()) {
      return shown;
    }
    try (var arena = Arena.ofConfined()) {
      int copies = table.perCpu() ? table.processors() : 1;
      var key = arena.allocate(table.keyBytes(), 8);
      var value = arena.allocate((long) table.valueStride() * copies, 8);
      boolean there = table.nextKey(MemorySegment.NULL, key);
      for (int i = 0; there && i < LOOKED_MAX && shown.size() < SHOWN_MAX; i++) {
        if (table.lookup(key, value) && value.mismatch(arena.allocate(value.byteSize())) != -1) {
          shown.add(
              new KernelStage.Entry(
                  text(key, table.keyBytes()),
                  sum(value, table.valueBytes(), table.valueStride(), copies)));
        }
        there = table.nextKey(key, key);
      }
    }
    return shown;
  }

  private static String sum(MemorySegment value, int bytes, int stride, int copies) {
    if (!isNumber(bytes)) {
      return text(value, bytes);
    }
    long sum = 0;
    for (int i = 0; i < copies; i++) {
      sum += number(value.asSlice((long) i * stride), bytes);
    }
    return Long.toUnsignedString(sum);
  }

  private static String text(MemorySegment memory, int bytes) {
    if (isNumber(bytes)) {
      return Long.toUnsignedString(number(memory, bytes));
    }
    return HexFormat.of().formatHex(memory.asSlice(0, Math.min(bytes, 32)).toArray(JAVA_BYTE))
        + (bytes > 32 ? "..." : "");
  }

  private static boolean isNumber(int bytes) {
    return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
  }

  private static long number(MemorySegment memory, int bytes) {
    return switch (bytes) {
      case 1 -> memory.get(JAVA_BYTE, 0) & 0xffL;
      case 2 -> memory.get(JAVA_SHORT_UNALIGNED, 0) & 0xffffL;
      case 4 -> memory.get(JAVA_INT_UNALIGNED, 0) & 0xffff_ffffL;
      default -> memory.get(JAVA_LONG_UNALIGNED, 0);
    };
  }
}
