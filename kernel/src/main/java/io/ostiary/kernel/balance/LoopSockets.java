package io.ostiary.kernel.balance;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.Libbpf;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.LoopChoice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Listening sockets of event loops, between which the kernel program `least_loaded` chooses for
/// each new connection by the work that the loops say they have. The sockets of one address are a
/// group, with a program of its own; what the loops say is one table for all of them.
///
/// Loops tell from their own threads, in shared memory; the program reads it with the next SYN.
/// Groups come and go under a lock.
public final class LoopSockets implements LoopChoice, AutoCloseable {
  public static final int LOOPS_MAX = 64;

  private static final String OBJECT = "/bpf/reuseport.bpf.o";
  private static final String PROGRAM = "least_loaded";
  private static final String LOADS = "loop_loads";
  private static final int SOL_SOCKET = 1;
  private static final int SO_ATTACH_REUSEPORT_EBPF = 52;
  private static final long LOAD_BYTES = 64;
  private static final long GIVEN = 0;
  private static final long OPEN = 8;
  private static final long WEIGHT = 16;
  private static final VarHandle LONG = JAVA_LONG.varHandle();

  /// What a connection weighs at a loop that has nothing to do.
  private static final long AT_REST = 16;

  /// A loop that never rests is not shut out: 20 connections weigh as one of an idle loop.
  private static final double BUSIEST = 0.95;

  private final byte[] elf;
  private final BpfObject table;
  private final MemorySegment loads;
  private final int loops;
  private final List<BpfObject> groups = new ArrayList<>();
  private @Nullable BpfObject spare;

  private LoopSockets(byte[] elf, BpfObject table, int loops) throws LibbpfException {
    this.elf = elf;
    this.table = table;
    this.loops = loops;
    spare = table;
    loads = table.share(LOADS, LOOPS_MAX * LOAD_BYTES);
    for (int loop = 0; loop < loops; loop++) {
      set(loop, WEIGHT, AT_REST);
    }
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
    var table = BpfObject.load("reuseport", elf, settings(loops));
    try {
      return new LoopSockets(elf, table, loops);
    } catch (LibbpfException e) {
      table.close();
      throw e;
    }
  }

  /// The choice for so many loops, or the one that says why the kernel does not choose.
  public static LoopChoice choose(int loops) {
    if (loops < 2) {
      return LoopChoice.none("there is one");
    }
    if (loops > LOOPS_MAX) {
      return LoopChoice.none("the kernel chooses between %d at most".formatted(LOOPS_MAX));
    }
    try {
      return load(loops);
    } catch (LibbpfException | IOException e) {
      return LoopChoice.none(String.valueOf(e.getMessage()));
    }
  }

  private static byte[] settings(int loops) {
    return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(loops).array();
  }

  @Override
  public String sentence() {
    return "new connections go to the event loop with the least work (sk_reuseport)";
  }

  @Override
  public boolean runs() {
    return true;
  }

  @Override
  public synchronized Chosen attach(List<Integer> descriptors) {
    if (descriptors.size() != loops) {
      throw new IllegalArgumentException(
          "sockets: " + descriptors.size() + " (expected: one for each of " + loops + " loops)");
    }
    try {
      var group = spare == null ? another() : spare;
      spare = null;
      try {
        attach(group, descriptors);
      } catch (LibbpfException e) {
        over(group);
        throw e;
      }
      groups.add(group);
      return () -> ended(group);
    } catch (LibbpfException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private BpfObject another() throws LibbpfException {
    int shared = table.descriptor(LOADS);
    return BpfObject.load(
        "reuseport",
        elf,
        opened -> {
          opened.set(settings(loops));
          opened.reuse(LOADS, shared);
        });
  }

  private static void attach(BpfObject group, List<Integer> descriptors) throws LibbpfException {
    var sockets = group.table("loop_sockets");
    try (var arena = Arena.ofConfined()) {
      for (int loop = 0; loop < descriptors.size(); loop++) {
        sockets.write(
            arena.allocateFrom(JAVA_INT, loop),
            arena.allocateFrom(JAVA_LONG, Integer.toUnsignedLong(descriptors.get(loop))));
      }
      var program = arena.allocateFrom(JAVA_INT, group.program(PROGRAM).descriptor());
      Libbpf.load()
          .number(
              "the choice between event loops",
              "setsockopt",
              descriptors.getFirst(),
              SOL_SOCKET,
              SO_ATTACH_REUSEPORT_EBPF,
              program,
              4);
    }
  }

  private synchronized void ended(BpfObject group) {
    groups.remove(group);
    over(group);
  }

  /// The table's own program waits for the next group.
  private void over(BpfObject group) {
    if (group == table) {
      spare = table;
    } else {
      group.close();
    }
  }

  @Override
  public void accepted(int loop, int open) {
    LONG.getAndAdd(loads, loop * LOAD_BYTES + GIVEN, -1L);
    set(loop, OPEN, open);
  }

  @Override
  public void closed(int loop, int open) {
    set(loop, OPEN, open);
  }

  @Override
  public void looked(int loop, long waiting, double share) {
    set(loop, GIVEN, waiting);
    set(loop, WEIGHT, Math.round(AT_REST / (1 - Math.clamp(share, 0, BUSIEST))));
  }

  private void set(int loop, long field, long value) {
    LONG.setVolatile(loads, loop * LOAD_BYTES + field, value);
  }

  long given(int loop) {
    return (long) LONG.getVolatile(loads, loop * LOAD_BYTES + GIVEN);
  }

  /// The program as the kernel has it.
  public synchronized List<KernelStatus.Program> programs() {
    var program = table.program(PROGRAM);
    var maps = table.mapsStatus();
    return List.of(
        new KernelStatus.Program(
            program.name(),
            "sk_reuseport",
            !groups.isEmpty(),
            "chooses for %d listeners between %d event loops".formatted(groups.size(), loops),
            program.instructions(),
            program.verified(),
            program.machineBytes(),
            maps.stream().mapToLong(KernelStatus.KernelMap::bytes).sum(),
            maps));
  }

  /// What the verifier said.
  public java.util.Map<String, String> verifierLogs() {
    return table.verifierLogs();
  }

  /// Lets another process choose between the same sockets, which may stand in one table only. The
  /// kernel's hash chooses until it does.
  public synchronized void leave() {
    for (var group : groups) {
      var sockets = group.table("loop_sockets");
      try (var arena = Arena.ofConfined()) {
        for (int loop = 0; loop < loops; loop++) {
          sockets.remove(arena.allocateFrom(JAVA_INT, loop));
        }
      } catch (LibbpfException e) {
        throw new IllegalStateException("the choice between event loops cannot be left", e);
      }
    }
  }

  /// The sockets keep their programs, which choose by what they were told last until they close.
  @Override
  public void close() {
    table.close();
  }
}
