package io.ostiary.gateway;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// Until it is closed, the thread that made it, and every thread that this one starts meanwhile,
/// may do to files what their rights allow, also as root: without `CAP_DAC_OVERRIDE` and
/// `CAP_DAC_READ_SEARCH`, see capabilities(7).
final class WithoutOverride implements AutoCloseable {
  private static final int VERSION_3 = 0x20080522;
  private static final int OVERRIDES = 1 << 1 | 1 << 2;

  private final Arena arena = Arena.ofConfined();

  /// Of this thread.
  private final MemorySegment header = arena.allocateFrom(JAVA_INT, VERSION_3, 0);

  /// Effective, permitted and inheritable ones, of the first 32 and the others.
  private final MemorySegment rights = arena.allocate(JAVA_INT, 6);

  private final int before;

  WithoutOverride() {
    call("capget");
    before = rights.get(JAVA_INT, 0);
    become(before & ~OVERRIDES);
  }

  private void become(int effective) {
    rights.set(JAVA_INT, 0, effective);
    call("capset");
  }

  private void call(String name) {
    try {
      int result = (int) function(name).invokeExact(header, rights);
      if (result != 0) {
        throw new IllegalStateException(name + " failed");
      }
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static MethodHandle function(String name) {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
  }

  @Override
  public void close() {
    become(before);
    arena.close();
  }
}
