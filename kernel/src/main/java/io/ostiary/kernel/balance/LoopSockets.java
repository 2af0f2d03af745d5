package io.ostiary.kernel.balance;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.Libbpf;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Listening sockets of event loops at one address, between which the kernel program `least_loaded`
/// chooses for each new connection by the work that the loops say they have.
///
/// Loops tell from their own threads, by one locked addition in shared memory; the program reads it
/// with the next SYN.
public final class LoopSockets implements AutoCloseable {
  public static final int LOOPS_MAX = 64;

  private static final String OBJECT = "/bpf/reuseport.bpf.o";
  private static final int SOL_SOCKET = 1;
  private static final int SO_ATTACH_REUSEPORT_EBPF = 52;
  private static final long LOAD_BYTES = 16;
  private static final long GIVEN = 0;
  private static final long LOAD = 8;
  private static final VarHandle LONG = JAVA_LONG.varHandle();

  private final BpfObject object;
  private final MemorySegment loads;
  private final int loops;

  private LoopSockets(BpfObject object, int loops) throws LibbpfException {
    this.object = object;
    this.loops = loops;
    loads = object.share("loop_loads", LOOPS_MAX * LOAD_BYTES);
  }

  /// Loads and verifies; chooses nothing before [#attach].
  public static LoopSockets load(int loops) throws LibbpfException, IOException {
    if (loops < 1 || loops > LOOPS_MAX) {
      throw new IllegalArgumentException("loops: " + loops + " (expected: 1-" + LOOPS_MAX + ")");
    }
    byte[] elf;
    try (var stream = LoopSockets.class.getResourceAsStream(OBJECT)) {
      if (stream == null) {
        throw new IOException(OBJECT + " is not on the class path. Build the kernel room anew");
      }
      elf = stream.readAllBytes();
    }
    var settings = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(loops).array();
    var object = BpfObject.load("reuseport", elf, settings);
    try {
      return new LoopSockets(object, loops);
    } catch (LibbpfException e) {
      object.close();
      throw e;
    }
  }

  /// @param descriptors the listening sockets, one for each loop in their order; bound to one
  ///   address with SO_REUSEPORT
  public void attach(int... descriptors) throws LibbpfException {
    if (descriptors.length != loops) {
      throw new IllegalArgumentException(
          "sockets: " + descriptors.length + " (expected: one for each of " + loops + " loops)");
    }
    var library = Libbpf.load();
    var sockets = object.table("loop_sockets");
    try (var arena = Arena.ofConfined()) {
      for (int loop = 0; loop < loops; loop++) {
        sockets.write(
            arena.allocateFrom(JAVA_INT, loop),
            arena.allocateFrom(JAVA_LONG, Integer.toUnsignedLong(descriptors[loop])));
      }
      var program = arena.allocateFrom(JAVA_INT, object.program("least_loaded").descriptor());
      library.number(
          "the choice between event loops",
          "setsockopt",
          descriptors[0],
          SOL_SOCKET,
          SO_ATTACH_REUSEPORT_EBPF,
          program,
          4);
    }
  }

  /// Told by a loop that has accepted a connection.
  public void accepted(int loop) {
    add(loop, GIVEN, -1);
    add(loop, LOAD, 1);
  }

  /// Told by a loop whose connection has ended.
  public void ended(int loop) {
    add(loop, LOAD, -1);
  }

  /// Told by a loop that has more to do, or less than before.
  public void working(int loop, int more) {
    add(loop, LOAD, more);
  }

  /// Forgets what was given and never accepted, as SYNs of invented clients are. To be called about
  /// once a second.
  public void settle() {
    for (int loop = 0; loop < loops; loop++) {
      LONG.setVolatile(loads, loop * LOAD_BYTES + GIVEN, 0L);
    }
  }

  long load(int loop, boolean given) {
    return (long) LONG.getVolatile(loads, loop * LOAD_BYTES + (given ? GIVEN : LOAD));
  }

  private void add(int loop, long field, long more) {
    LONG.getAndAdd(loads, loop * LOAD_BYTES + field, more);
  }

  /// The sockets keep the program, which chooses by what it was told last until they close.
  @Override
  public void close() {
    object.close();
  }
}
