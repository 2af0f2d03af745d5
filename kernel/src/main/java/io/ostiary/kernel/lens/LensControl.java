package io.ostiary.kernel.lens;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Set;

/// The block of memory by which Java tells the programs whose connections to watch, and reads how
/// many there were. Shared; every write is one store, and the programs see it with their next look.
/// The offsets are those of `struct lens_control` in `lens.h`.
final class LensControl {
  static final long SEED = 0;
  static final long OWNER_DEVICE = 8;
  static final long OWNER_INODE = 16;
  static final long OWNER = 24;
  static final long TRACKED = 32;
  static final long OVERWRITTEN = 40;
  static final long UNTRACKED = 48;
  static final long PORTS = 56;
  static final long NET = PORTS + 65536 / 8;
  static final long DROPS = NET + 8;
  static final int DROP_REASONS = 256;
  static final long BYTES = DROPS + DROP_REASONS * (long) Long.BYTES;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment memory;

  LensControl(MemorySegment memory) {
    this.memory = memory;
  }

  /// Makes this process the one whose own connections are watched. A process id means something
  /// only within its pid namespace, which is told by the device and inode of its file.
  void own() throws IOException {
    var namespace = Path.of("/proc/self/ns/pid");
    memory.set(ValueLayout.JAVA_LONG, SEED, new SecureRandom().nextLong());
    memory.set(
        ValueLayout.JAVA_LONG, OWNER_DEVICE, (Long) Files.getAttribute(namespace, "unix:dev"));
    memory.set(
        ValueLayout.JAVA_LONG, OWNER_INODE, (Long) Files.getAttribute(namespace, "unix:ino"));
    memory.set(ValueLayout.JAVA_INT, OWNER, (int) ProcessHandle.current().pid());
  }

  void watch(Set<Integer> ports) {
    var bits = new long[65536 / Long.SIZE];
    for (int port : ports) {
      if (port < 1 || port > 65535) {
        throw new IllegalArgumentException("port: %d (expected: 1-65535)".formatted(port));
      }
      bits[port >> 6] |= 1L << (port & 63);
    }
    for (int i = 0; i < bits.length; i++) {
      LONG.setVolatile(memory, PORTS + i * (long) Long.BYTES, bits[i]);
    }
  }

  long seed() {
    return number(SEED);
  }

  Lens.Totals totals() {
    return new Lens.Totals(number(TRACKED), number(OVERWRITTEN), number(UNTRACKED));
  }

  /// Packets that the kernel threw away, by the number of its reason; the last for all higher ones.
  long[] drops() {
    var drops = new long[DROP_REASONS];
    for (int i = 0; i < DROP_REASONS; i++) {
      drops[i] = number(DROPS + i * (long) Long.BYTES);
    }
    return drops;
  }

  private long number(long offset) {
    return (long) LONG.getVolatile(memory, offset);
  }
}
