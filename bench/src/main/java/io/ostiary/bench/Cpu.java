package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Reads what the scheduler counted. `/proc/PID/stat` is used rather than the threads' `schedstat`,
/// because it keeps the time of threads that ended, and a JVM's compiler threads come and go; its
/// grain is 10 ms, 0.3 % of a sample.
final class Cpu {
  private static final long NANOS_PER_TICK = 10_000_000;
  private static final long PAGE_BYTES = 4096;

  private Cpu() {}

  /// CPU time in nanoseconds of a process and all its children, every thread included.
  static long ofTree(long pid) throws IOException {
    long sum = 0;
    for (long process : tree(pid)) {
      var stat = Files.readString(Path.of("/proc/" + process + "/stat"));
      var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      sum += (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * NANOS_PER_TICK;
    }
    return sum;
  }

  /// Resident memory of the tree in bytes.
  static long residentOfTree(long pid) throws IOException {
    long sum = 0;
    for (long process : tree(pid)) {
      var fields = Files.readString(Path.of("/proc/" + process + "/statm")).split(" ");
      sum += Long.parseLong(fields[1]) * PAGE_BYTES;
    }
    return sum;
  }

  /// Time one core spent on anything but idling, in nanoseconds, to a tick.
  static long busyOfCore(int core) throws IOException {
    for (var line : Files.readAllLines(Path.of("/proc/stat"))) {
      if (line.startsWith("cpu" + core + " ")) {
        var fields = line.trim().split("\\s+");
        long busy = 0;
        for (int i : new int[] {1, 2, 3, 6, 7, 8}) {
          busy += Long.parseLong(fields[i]);
        }
        return busy * NANOS_PER_TICK;
      }
    }
    throw new IOException("/proc/stat has no line for core " + core);
  }

  private static List<Long> tree(long pid) {
    var all = new ArrayList<Long>();
    all.add(pid);
    ProcessHandle.of(pid).ifPresent(p -> p.descendants().forEach(child -> all.add(child.pid())));
    return all;
  }
}
