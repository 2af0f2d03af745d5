package io.ostiary.server;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The JVM's own compilers. The launcher lets them stand far back while a start is waited for: most
/// of what is hot then is never run again. Once we serve, what they do pays, and on a busy core
/// they must come to it.
final class CompilerThreads {
  /// How far they stand back behind the calls.
  static final int NICE = 5;

  private static final int PRIO_PROCESS = 0;
  private static final Path THREADS = Path.of("/proc/self/task");

  /// Of the fields behind the name in `/proc/PID/task/TID/stat`, which begin with the third.
  private static final int NICE_FIELD = 19 - 3;

  private static final class Priority {
    static final @Nullable MethodHandle FUNCTION =
        CLibrary.find(
            "setpriority",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT));
  }

  private CompilerThreads() {}

  /// Lets those come forward that stand back further than [#NICE]. Without the right to, they stay.
  static void comeForward() {
    try {
      for (var thread : all()) {
        if (nice(thread) > NICE) {
          raise(Integer.parseInt(String.valueOf(thread.getFileName())));
        }
      }
    } catch (IOException e) {
      System.getLogger("io.ostiary.server")
          .log(
              System.Logger.Level.DEBUG,
              "the compilers stay where they are: {0}",
              String.valueOf(e.getMessage()));
    }
  }

  private static void raise(int thread) {
    var set = Priority.FUNCTION;
    if (set == null) {
      return;
    }
    try {
      // Refused, it stays as nice as it is.
      int ignored = (int) set.invokeExact(PRIO_PROCESS, thread, NICE);
    } catch (Throwable e) {
      throw new IllegalStateException("setpriority cannot be called", e);
    }
  }

  /// Folders of the threads, such as `/proc/self/task/4711`.
  static List<Path> all() throws IOException {
    var found = new ArrayList<Path>();
    try (var threads = Files.newDirectoryStream(THREADS)) {
      for (var thread : threads) {
        var name = read(thread.resolve("comm"));
        if (name.startsWith("C1 Compiler") || name.startsWith("C2 Compiler")) {
          found.add(thread);
        }
      }
    }
    return found;
  }

  static int nice(Path thread) {
    var stat = read(thread.resolve("stat"));
    var fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
    return fields.length > NICE_FIELD ? Integer.parseInt(fields[NICE_FIELD]) : 0;
  }

  /// Empty: the thread has ended.
  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
