package io.ostiary.insight.store;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// What of the journal is in the kernel's page cache: its newest part, as much of it as is given. A
/// busy journal would otherwise take every page that the machine has free, and then those of files
/// that others need. What is let go of was written to disk before, and is read from there.
///
/// Confined to the store's thread. The C library is asked when the first stretch is full, which a
/// start does not wait for; what the kernel will not do is left as it is (posix_fadvise(2)).
final class JournalPages {
  private static final int O_CLOEXEC = 0x80000; // and read only
  private static final int POSIX_FADV_DONTNEED = 4;

  private final long stretchBytes;
  private final int kept;
  private final ArrayDeque<Stretch> stretches = new ArrayDeque<>();
  private @Nullable Path current;
  private long from;
  private long end;

  /// A part of a segment's file, whole pages but for its end.
  private record Stretch(Path file, long from, long bytes) {}

  private static final class C {
    static final MethodHandle OPEN =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("open"),
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
                Linker.Option.firstVariadicArg(2));
    static final MethodHandle ADVISE =
        find(
            "posix_fadvise",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    static final MethodHandle CLOSE = find("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private static MethodHandle find(String name, FunctionDescriptor type) {
      var linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
    }
  }

  /// @param stretchBytes what is let go of at once
  /// @param keptBytes the newest part, which stays; as much before it may wait for its disk
  JournalPages(long stretchBytes, long keptBytes) {
    this.stretchBytes = stretchBytes;
    kept = Math.toIntExact(keptBytes / stretchBytes);
  }

  /// Tells how long the file is that is written to now.
  void written(Path file, long size) {
    if (!file.equals(current)) {
      finish();
      current = file;
      from = 0;
    }
    end = size;
    if (end - from >= stretchBytes) {
      finish();
    }
  }

  private void finish() {
    if (current == null || end == from) {
      return;
    }
    stretches.add(new Stretch(current, from, end - from));
    from = end;
    int older = stretches.size() - kept;
    if (older > 0) {
      // What is not on disk yet is not let go of, but its writing begins.
      letGo(stretches.stream().skip(older - 1L).findFirst().orElseThrow());
    }
    if (older > kept) {
      letGo(stretches.remove());
    }
  }

  private static void letGo(Stretch stretch) {
    try (var arena = Arena.ofConfined()) {
      int file = (int) C.OPEN.invokeExact(arena.allocateFrom(stretch.file.toString()), O_CLOEXEC);
      if (file < 0) {
        return; // dropped meanwhile, and its pages with it
      }
      int _ = (int) C.ADVISE.invokeExact(file, stretch.from, stretch.bytes, POSIX_FADV_DONTNEED);
      int _ = (int) C.CLOSE.invokeExact(file);
    } catch (Throwable e) {
      throw new IllegalStateException("the C library cannot be called", e);
    }
  }
}
