package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.ADDRESS;
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
  private static final int LINE_BYTES = 8192;
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
  @SuppressWarnings({"UnusedMethod", "UnusedVariable"})
  private int print(int level, MemorySegment format, MemorySegment arguments) {
    try (var arena = Arena.ofConfined()) {
      var line = arena.allocate(LINE_BYTES);
      library.number("vsnprintf", "vsnprintf", line, (long) LINE_BYTES, format, arguments);
      add(line.getString(0, StandardCharsets.ISO_8859_1));
    } catch (LibbpfException | RuntimeException e) {
      add(e.getMessage() + "\n");
    }
    return 0;
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

  /// Of a verifier's log, which may be a million lines long, the last line that is not statistics:
  /// why it stopped. Without a log, the last thing said.
  static String ofVerifier(String transcript) {
    var matter = "";
    boolean inLog = false;
    for (var line : transcript.lines().toList()) {
      if (line.contains("-- BEGIN PROG LOAD LOG --")) {
        inLog = true;
        matter = "";
      } else if (line.contains("-- END PROG LOAD LOG --")) {
        return matter;
      } else if (!line.isBlank() && !line.startsWith("processed ") && (inLog || !isNoise(line))) {
        matter = line.strip();
      }
    }
    return matter;
  }

  private static boolean isNoise(String line) {
    return line.contains("failed to load object") || line.startsWith("cannot load");
  }
}
