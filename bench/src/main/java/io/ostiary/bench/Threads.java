package io.ostiary.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/// What the threads of a process have used, by what they do. The scheduler's `schedstat` is exact
/// to the nanosecond, but forgets threads that ended, so compilers that come and go count too
/// little; the whole is [Cpu]'s.
final class Threads {
  /// What a thread does, by how its name begins.
  enum Group {
    LOOP("ostiary-loop"),
    LEDGER("insight-ledger"),
    STORE("insight-store"),
    COMPILERS("C1 Comp", "C2 Comp"),
    GC("VM Thread", "GC "),
    REST("");

    private final String beginning;
    private final String other;

    Group(String beginning) {
      this(beginning, beginning);
    }

    Group(String beginning, String other) {
      this.beginning = beginning;
      this.other = other;
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    private static Group of(String name) {
      for (var group : values()) {
        if (name.startsWith(group.beginning) || name.startsWith(group.other)) {
          return group;
        }
      }
      return REST;
    }
  }

  private Threads() {}

  /// CPU time in nanoseconds since the threads began.
  static Map<Group, Long> of(long pid) throws IOException {
    var sums = new EnumMap<Group, Long>(Group.class);
    try (var threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
      for (var thread : threads) {
        add(thread, sums);
      }
    }
    return sums;
  }

  private static void add(Path thread, Map<Group, Long> sums) throws IOException {
    try {
      var name = Files.readString(thread.resolve("comm")).strip();
      var nanos = Files.readString(thread.resolve("schedstat")).split(" ")[0];
      sums.merge(Group.of(name), Long.parseLong(nanos), Long::sum);
    } catch (IOException e) {
      if (Files.exists(thread)) {
        throw e;
      }
      // It has ended meanwhile.
    }
  }
}
