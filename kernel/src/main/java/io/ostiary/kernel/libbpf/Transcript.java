package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;

/// What libbpf says while something fails: the verifier's log, and the kernel's own words for a
/// refused attachment, which no error number carries. Made at the first failure, never for a start
/// that succeeds. Recordings take turns.
final class Transcript {
  private static final int LEVEL_DEBUG = 2;

  /// The verifier's log comes as one piece of up to 16 MiB, of which only the end matters.
  private static final int HEAD_BYTES = 1 << 10;

  private static final int TAIL_BYTES = 1 << 16;
  private static final int TEXT_MAX = 1 << 20;
  private static final String KERNEL_SAYS = "Kernel error message: ";

  private final Libbpf library;
  private final MemorySegment listener;
  private final StringBuilder text = new StringBuilder();

  Transcript(Libbpf library) {
    this.library = library;
    try {
      var print =
          MethodHandles.lookup()
              .bind(
                  this,
                  "print",
                  MethodType.methodType(
                      int.class, int.class, MemorySegment.class, MemorySegment.class));
      // For ever: another thread may be inside libbpf with it when a recording ends.
      listener =
          Linker.nativeLinker()
              .upcallStub(
                  print,
                  FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS),
                  Arena.global());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  /// Something that libbpf is asked to do.
  interface Attempt {
    void run() throws LibbpfException;
  }

  /// Everything said while `attempt` ran, whether it succeeded or not.
  synchronized String record(Attempt attempt) throws LibbpfException {
    synchronized (text) {
      text.setLength(0);
    }
    library.pointer("libbpf_set_print", listener);
    try {
      attempt.run();
    } catch (LibbpfException expected) {
      add(expected.getMessage() + "\n");
    } finally {
      library.pointer("libbpf_set_print", MemorySegment.NULL);
    }
    synchronized (text) {
      return text.toString();
    }
  }

  /// Other threads may be inside libbpf at the same time.
  private void add(String said) {
    synchronized (text) {
      if (text.length() < TEXT_MAX) {
        text.append(said);
      }
    }
  }

  /// Called by libbpf. A `va_list` that is passed on is a pointer on x86-64 and AArch64.
  @SuppressWarnings("UnusedMethod")
  private int print(int level, MemorySegment format, MemorySegment arguments) {
    if (level >= LEVEL_DEBUG) {
      return 0;
    }
    try (var arena = Arena.ofConfined()) {
      var place = arena.allocate(ADDRESS);
      int length = library.number("vasprintf", "vasprintf", place, format, arguments);
      var line = place.get(ADDRESS, 0).reinterpret(length);
      if (length > HEAD_BYTES + TAIL_BYTES) {
        add(text(line.asSlice(0, HEAD_BYTES)) + "\n");
        line = line.asSlice(length - TAIL_BYTES);
      }
      add(text(line));
      library.pointer("free", place.get(ADDRESS, 0));
    } catch (LibbpfException | RuntimeException e) {
      add(e.getMessage() + "\n");
    }
    return 0;
  }

  private static String text(MemorySegment bytes) {
    return new String(bytes.toArray(JAVA_BYTE), StandardCharsets.ISO_8859_1);
  }

  /// The kernel's sentence about a refused attachment, or an empty text.
  static String ofKernel(String transcript) {
    return transcript
        .lines()
        .filter(line -> line.contains(KERNEL_SAYS))
        .map(line -> line.substring(line.indexOf(KERNEL_SAYS) + KERNEL_SAYS.length()).strip())
        .findFirst()
        .orElse("");
  }
}
