package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// The functions of libbpf and libc by name, through the foreign function API: what a type, an
/// array or a record would wrap stays with the caller. A pointer that is NULL and a result below
/// zero become a [LibbpfException] with the name of the error. Immutable and shared.
public final class Libbpf {
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED = 1;
  private static final int O_RDONLY_DIRECTORY = 0x1_0000;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private final SymbolLookup symbols;
  private final MethodHandle mmap;
  private final MethodHandle munmap;
  private final ConcurrentHashMap<String, MethodHandle> handles = new ConcurrentHashMap<>();

  private Libbpf(SymbolLookup libbpf) {
    symbols = libbpf.or(LINKER.defaultLookup());
    mmap = handle("mmap", ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
    munmap =
        LINKER.downcallHandle(
            symbols.findOrThrow("munmap"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
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

  /// Calls a function that returns a pointer, which may be NULL.
  public MemorySegment pointer(String name, Object... arguments) throws LibbpfException {
    return (MemorySegment) call(name, ADDRESS, arguments).value;
  }

  /// Calls a function that returns a pointer, NULL meaning failure.
  public MemorySegment pointerOrFail(String what, String name, Object... arguments)
      throws LibbpfException {
    var result = call(name, ADDRESS, arguments);
    if (((MemorySegment) result.value).equals(MemorySegment.NULL)) {
      throw new LibbpfException(what, result.errno);
    }
    return (MemorySegment) result.value;
  }

  /// Calls a function that returns a number, which below zero means failure.
  public int number(String what, String name, Object... arguments) throws LibbpfException {
    var result = call(name, JAVA_INT, arguments);
    int value = (Integer) result.value;
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
    long length = (bytes + 4095) & -4096;
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      var memory =
          (MemorySegment)
              mmap.invokeExact(
                  state, MemorySegment.NULL, length, PROT_READ_WRITE, MAP_SHARED, descriptor, 0L);
      if (memory.address() == -1) {
        throw new LibbpfException(what, (int) ERRNO.get(state, 0L));
      }
      return memory.reinterpret(length, Arena.ofAuto(), this::unshare).asSlice(0, bytes);
    } catch (LibbpfException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Shares the memory of a map only while `use` runs.
  public void whileShared(String what, int descriptor, long bytes, Consumer<MemorySegment> use)
      throws LibbpfException {
    long length = (bytes + 4095) & -4096;
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      var memory =
          (MemorySegment)
              mmap.invokeExact(
                  state, MemorySegment.NULL, length, PROT_READ_WRITE, MAP_SHARED, descriptor, 0L);
      if (memory.address() == -1) {
        throw new LibbpfException(what, (int) ERRNO.get(state, 0L));
      }
      use.accept(memory.reinterpret(length, arena, this::unshare).asSlice(0, bytes));
    } catch (LibbpfException | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private void unshare(MemorySegment memory) {
    try {
      int ignored = (int) munmap.invokeExact(memory, memory.byteSize());
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  public int openDirectory(String path) throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var open =
          LINKER.downcallHandle(
              symbols.findOrThrow("open"),
              FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
              Linker.Option.firstVariadicArg(2),
              Linker.Option.captureCallState("errno"));
      var state = arena.allocate(STATE);
      int file = (int) open.invokeExact(state, arena.allocateFrom(path), O_RDONLY_DIRECTORY);
      if (file < 0) {
        throw new LibbpfException(path, (int) ERRNO.get(state, 0L));
      }
      return file;
    } catch (LibbpfException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private record Result(Object value, int errno) {}

  private Result call(String name, MemoryLayout returned, Object... arguments)
      throws LibbpfException {
    var layouts = new MemoryLayout[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      layouts[i] = layoutOf(arguments[i]);
    }
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      var all = new Object[arguments.length + 1];
      all[0] = state;
      System.arraycopy(arguments, 0, all, 1, arguments.length);
      var value = cached(name, returned, layouts).invokeWithArguments(all);
      return new Result(value, (int) ERRNO.get(state, 0L));
    } catch (java.util.NoSuchElementException e) {
      throw new LibbpfException(
          "libbpf.so.1 has no " + name + " (expected: libbpf 1.1 or newer)", 38);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /// Each function is called with arguments of the same types everywhere.
  private MethodHandle cached(String name, MemoryLayout returned, MemoryLayout... arguments) {
    return handles.computeIfAbsent(name, unknown -> handle(name, returned, arguments));
  }

  private MethodHandle handle(String name, MemoryLayout returned, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        symbols.findOrThrow(name),
        FunctionDescriptor.of(returned, arguments),
        Linker.Option.captureCallState("errno"));
  }

  private static ValueLayout layoutOf(Object argument) {
    return switch (argument) {
      case Integer ignored -> JAVA_INT;
      case Long ignored -> JAVA_LONG;
      case MemorySegment ignored -> ADDRESS;
      default -> throw new IllegalArgumentException(argument.getClass().getName());
    };
  }
}
