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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The pages of files that this process has mapped and only reads: the start-up cache, and the code
/// of native libraries. The kernel puts 16 of them before us for each one that is read, and they
/// stay, though most of what a start reads is never read again. Letting go of them loses nothing:
/// they are in the kernel's own cache, and what is read again comes back by itself, without a disk.
final class FilePages {
  /// Smaller ones are not worth a system call.
  private static final long BYTES_MIN = 1 << 20;

  private static final int MADV_DONTNEED = 4;

  /// `55d0-55e0 r-xp 00001000 fe:00 1234 /usr/lib/libc.so.6`
  private static final Pattern AREA =
      Pattern.compile("([0-9a-f]+)-([0-9a-f]+) (\\S{4}) \\S+ \\S+ \\S+ *(.*)");

  private FilePages() {}

  /// @param resident bytes of it that count as ours
  record Area(long start, long bytes, String file, long resident) {}

  private static final class Advice {
    static final @Nullable MethodHandle FUNCTION =
        CLibrary.find(
            "madvise",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT));
  }

  /// Lets go of all of them.
  static void letGo() {
    var advise = Advice.FUNCTION;
    if (advise == null) {
      return;
    }
    try {
      var areas = areas(Files.readString(Path.of("/proc/self/smaps"), StandardCharsets.ISO_8859_1));
      for (var area : areas) {
        // What the kernel will not let go of stays, and is looked at again the next time.
        int ignored = (int) advise.invokeExact(area.start, area.bytes, MADV_DONTNEED);
      }
    } catch (IOException e) {
      System.getLogger("io.ostiary.server")
          .log(System.Logger.Level.DEBUG, "/proc/self/smaps cannot be read: {0}", e.getMessage());
    } catch (Throwable e) {
      throw new IllegalStateException("madvise cannot be called", e);
    }
  }

  /// Those that cannot be written to and of which no page is a copy of our own: where a linker
  /// wrote addresses before it took away the right to write, there is more than in the file.
  ///
  /// @param smaps as `/proc/self/smaps` has it
  static List<Area> areas(String smaps) {
    var found = new ArrayList<Area>();
    @Nullable Area area = null;
    for (var line : smaps.split("\n")) {
      if (!line.endsWith(" kB")) {
        var head = AREA.matcher(line);
        area = head.matches() ? area(head) : area;
      } else if (area != null && line.startsWith("Rss:")) {
        long resident = kilobytes(line) << 10;
        area = resident < BYTES_MIN ? null : new Area(area.start, area.bytes, area.file, resident);
      } else if (area != null && line.startsWith("Anonymous:")) {
        if (kilobytes(line) == 0) {
          found.add(area);
        }
        area = null;
      }
    }
    return found;
  }

  /// `Rss: 2956 kB`
  private static long kilobytes(String line) {
    return Long.parseLong(line.substring(line.indexOf(':') + 1, line.length() - 3).strip());
  }

  private static @Nullable Area area(Matcher head) {
    var rights = head.group(3);
    if (!head.group(4).startsWith("/") || !rights.startsWith("r-")) {
      return null;
    }
    long start = Long.parseUnsignedLong(head.group(1), 16);
    long end = Long.parseUnsignedLong(head.group(2), 16);
    return new Area(start, end - start, head.group(4), 0);
  }
}
