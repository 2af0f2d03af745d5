package io.ostiary.kernel.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the scheduler counted.
final class Core {
  private static final long NANOS_PER_TICK = 10_000_000;

  private Core() {}

  /// Time a core spent on anything but idling, in nanoseconds, to a tick.
  static long busy(int core) throws IOException {
    for (var line : Files.readAllLines(Path.of("/proc/stat"))) {
      if (line.startsWith("cpu" + core + " ")) {
        var fields = line.strip().split("\\s+");
        long ticks = 0;
        for (int field : new int[] {1, 2, 3, 6, 7, 8}) {
          ticks += Long.parseLong(fields[field]);
        }
        return ticks * NANOS_PER_TICK;
      }
    }
    throw new IOException("/proc/stat: no line for core " + core);
  }

  /// CPU time of a process with its ended children, to a tick.
  static long ofProcess(String pid) throws IOException {
    var stat = Files.readString(Path.of("/proc", pid, "stat"));
    var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    long ticks = 0;
    for (int field = 11; field <= 14; field++) {
      ticks += Long.parseLong(fields[field]);
    }
    return ticks * NANOS_PER_TICK;
  }

  /// CPU time of one thread, to the nanosecond.
  static long ofThread(long pid) throws IOException {
    var counted = Files.readString(Path.of("/proc/" + pid + "/schedstat"));
    return Long.parseLong(counted.split(" ")[0]);
  }

  /// The kernel's thread that receives for a device, pinned to a core.
  static long receiver(String device, int core) throws IOException, InterruptedException {
    Files.writeString(Path.of("/sys/class/net", device, "threaded"), "1");
    var found = -1L;
    try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (var process : processes) {
        if (comm(process).startsWith("napi/" + device + "-")) {
          found = Math.max(found, Long.parseLong(process.getFileName().toString()));
        }
      }
    }
    if (found < 0) {
      throw new IOException(device + ": no receiving thread (expected: Linux 5.12 or newer)");
    }
    Commands.run("taskset", "-p", "-c", "" + core, "" + found);
    return found;
  }

  private static String comm(Path process) {
    try {
      return Files.readString(process.resolve("comm")).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
