package io.ostiary.kernel.stage;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class ConnectionApisTest {
  private static final byte[] IPV4 = {(byte) 198, 18, 0, 7};
  private static final byte[] MAPPED = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xff, (byte) 0xff, (byte) 198, 18, 0, 7
  };

  @Test
  void writesWhatProgramsReadAndOnlyWhatChanged() {
    try (var arena = Arena.ofConfined()) {
      var memory = memory(arena);
      var apis = new ConnectionApis(memory);
      long at = (long) ConnectionApis.place(MAPPED, 40_000, 8080) * ConnectionApis.BYTES;

      apis.called(IPV4, 4, 40_000, 8080, "orders");
      assertThat(memory.asSlice(at, 16).toArray(JAVA_BYTE)).isEqualTo(MAPPED);
      assertThat(memory.get(JAVA_INT, at + 20)).isEqualTo(apis.number("orders"));

      apis.called(IPV4, 4, 40_000, 8080, "invoices");
      assertThat(memory.get(JAVA_INT, at + 20))
          .isEqualTo(apis.number("invoices"))
          .isNotEqualTo(apis.number("orders"));
    }
  }

  @Test
  void aCallOfAnotherConnectionTakesThePlaceThatBothShare() {
    try (var arena = Arena.ofConfined()) {
      var memory = memory(arena);
      var apis = new ConnectionApis(memory);
      int place = ConnectionApis.place(MAPPED, 1024, 8080);
      int other = 1025;
      while (ConnectionApis.place(MAPPED, other, 8080) != place) {
        other++;
      }
      apis.called(IPV4, 4, 1024, 8080, "orders");
      apis.called(IPV4, 4, other, 8080, "orders");

      long port = (long) place * ConnectionApis.BYTES + 16;
      assertThat(memory.get(JAVA_SHORT, port)).isEqualTo((short) other);
    }
  }

  /// It is asked for each call.
  @Test
  void makesNoObjectForACall() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (var arena = Arena.ofConfined()) {
      var apis = new ConnectionApis(memory(arena));
      long allocated = Long.MAX_VALUE;
      for (int round = 0; round < 3; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int call = 0; call < 1000; call++) {
          apis.called(IPV4, 4, 40_000 + call % 100, 8080, call % 2 == 0 ? "orders" : "invoices");
        }
        allocated = Math.min(allocated, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(allocated).isLessThan(10_000);
    }
  }

  private static MemorySegment memory(Arena arena) {
    return arena.allocate((long) ConnectionApis.ENTRIES * ConnectionApis.BYTES, 8);
  }
}
