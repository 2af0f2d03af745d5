package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// The functions of libbpf and libc by name, through the foreign function API: what a type, an
/// array or a record would wrap stays with the caller. A pointer that is NULL and a result below
/// zero become a [LibbpfException] with the name of the error. Immutable and shared.
///
/// Every function is called in one shape, seven words in and one out: integers and pointers travel
/// in the same registers, a callee reads of them what it declares, and the caller clears the stack
/// (System V x86-64 and AArch64 alike). One shape is linked once, which saves a cold start about 5
/// ms for each other shape there would be.
public final class Libbpf {
  private static final int WORDS = 7;
  private static final long PROT_READ_WRITE = 3;
  private static final long MAP_SHARED = 1;
  private static final int MADV_REMOVE = 9;
  private static final int O_RDONLY_DIRECTORY = 0x1_0000;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle CALL =
      LINKER.downcallHandle(
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
              JAVA_LONG),
          Linker.Option.captureCallState("errno"));

  private final SymbolLookup symbols;
  private final ConcurrentHashMap<String, MemorySegment> functions = new ConcurrentHashMap<>();

  private Libbpf(SymbolLookup libbpf) {
    symbols = libbpf.or(LINKER.defaultLookup());
  }

  public static Libbpf load() throws LibbpfException {
    try {
      var library = new Libbpf(SymbolLookup.libraryLookup("libbpf.so.1", Arena.global()));
      // It would print to our standard error; what went wrong reaches us as errno.
      library.pointer("libbpf_set_print", MemorySegment.NULL);
      return library;
    } catch (IllegalArgumentException e) {
      throw new LibbpfException("libbpf.so.1 (Debian package libbpf1)", 2);
    }
  }

  /// Such as `1.1`.
  public String version() throws LibbpfException {
    return text("libbpf_version_string").replaceFirst("^v", "");
  }

  /// Calls a function that returns a pointer, which may be NULL.
  public MemorySegment pointer(String name, Object... arguments) throws LibbpfException {
    return MemorySegment.ofAddress(call(name, arguments).value);
  }

  /// Calls a function that returns a pointer, NULL meaning failure.
  public MemorySegment pointerOrFail(String what, String name, Object... arguments)
      throws LibbpfException {
    var result = call(name, arguments);
    if (result.value == 0) {
      throw new LibbpfException(what, result.errno);
    }
    return MemorySegment.ofAddress(result.value);
  }

  /// Calls a function that returns an `int`, which below zero means failure.
  public int number(String what, String name, Object... arguments) throws LibbpfException {
    var result = call(name, arguments);
    int value = (int) result.value;
    if (value < 0) {
      throw new LibbpfException(what, result.errno);
    }
    return value;
  }

  /// A C string that the library keeps.
  public String text(String name, Object... arguments) throws LibbpfException {
    return pointer(name, arguments).reinterpret(256).getString(0, StandardCharsets.UTF_8);
  }

  /// Shares the memory of a map with the kernel for as long as somebody here can reach it: it is
  /// given back by the garbage collector, so that no event loop ever reads what is gone.
  public MemorySegment share(String what, int descriptor, long bytes) throws LibbpfException {
    long length = wholePages(bytes);
    return map(what, descriptor, length)
        .reinterpret(length, Arena.ofAuto(), this::unshare)
        .asSlice(0, bytes);
  }

  /// Shares the memory of a map until an arena is closed.
  public MemorySegment share(String what, int descriptor, long bytes, Arena arena)
      throws LibbpfException {
    long length = wholePages(bytes);
    return map(what, descriptor, length)
        .reinterpret(length, arena, this::unshare)
        .asSlice(0, bytes);
  }

  /// Shares the memory of a map only while `use` runs.
  public void whileShared(String what, int descriptor, long bytes, Consumer<MemorySegment> use)
      throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      use.accept(share(what, descriptor, bytes, arena));
    }
  }

  private static long wholePages(long bytes) {
    return (bytes + 4095) & -4096;
  }

  private MemorySegment map(String what, int descriptor, long length) throws LibbpfException {
    var result =
        call("mmap", MemorySegment.NULL, length, PROT_READ_WRITE, MAP_SHARED, descriptor, 0L);
    if (result.value == -1) {
      throw new LibbpfException(what, result.errno);
    }
    return MemorySegment.ofAddress(result.value);
  }

  private void unshare(MemorySegment memory) {
    try {
      number("munmap", "munmap", memory, memory.byteSize());
    } catch (LibbpfException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Empties memory that is this process's own; what is read there next is zero. Nothing happens to
  /// memory that the kernel's map is behind, as with a libbpf newer than 1.4: it cannot be emptied.
  void empty(MemorySegment memory, long bytes) throws LibbpfException {
    call("madvise", memory, wholePages(bytes), MADV_REMOVE);
  }

  public int openDirectory(String path) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      return number(path, "open", arena.allocateFrom(path), O_RDONLY_DIRECTORY);
    }
  }

  private record Result(long value, int errno) {}

  private Result call(String name, Object... arguments) throws LibbpfException {
    var function = functions.get(name);
    if (function == null) {
      function =
          symbols
              .find(name)
              .orElseThrow(() ->
                  new LibbpfException(
                      "libbpf.so.1 has no " + name + " (expected: libbpf 1.1 or newer)", 38));
      functions.put(name, function);
    }
    var w = new long[WORDS];
    for (int i = 0; i < arguments.length; i++) {
      w[i] = word(arguments[i]);
    }
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      long value =
          (long) CALL.invokeExact(function, state, w[0], w[1], w[2], w[3], w[4], w[5], w[6]);
      return new Result(value, (int) ERRNO.get(state, 0L));
    } catch (Throwable e) {
      throw new AssertionError(e);
    } finally {
      Reference.reachabilityFence(arguments);
    }
  }

  private static long word(Object argument) {
    return switch (argument) {
      case Integer number -> number;
      case Long number -> number;
      case MemorySegment memory when memory.isNative() -> memory.address();
      default -> throw new IllegalArgumentException(argument.getClass().getName());
    };
  }
}
