package io.ostiary.kernel.lens;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Where in the version 2 hierarchy of control groups this process lives. Every socket belongs to
/// the group of the process that made it, and what a listener accepts to the listener's, so a
/// program attached to this group sees our connections and, where the group is our own, no others.
sealed interface Cgroup {
  record Found(Path directory) implements Cgroup {}

  record Missing(String sentence) implements Cgroup {}

  static Cgroup ofThisProcess() {
    try {
      return find(
          Files.readAllLines(Path.of("/proc/self/mountinfo")),
          Files.readAllLines(Path.of("/proc/self/cgroup")));
    } catch (IOException e) {
      return new Missing("cgroup: /proc/self cannot be read (%s)".formatted(e.getMessage()));
    }
  }

  /// @param mounts lines of `/proc/self/mountinfo`
  /// @param memberships lines of `/proc/self/cgroup`
  static Cgroup find(List<String> mounts, List<String> memberships) {
    for (var line : mounts) {
      int dash = line.indexOf(" - ");
      if (dash > 0 && line.startsWith("cgroup2 ", dash + 3)) {
        var fields = line.substring(0, dash).split(" ");
        return new Found(within(unescaped(fields[3]), unescaped(fields[4]), group(memberships)));
      }
    }
    return new Missing(
        "cgroup: no cgroup2 file system is mounted (expected: one in /proc/self/mountinfo)."
            + " Run: mount -t cgroup2 none /sys/fs/cgroup/unified");
  }

  /// The path after `0::`, which names the version 2 hierarchy.
  private static String group(List<String> memberships) {
    return memberships.stream()
        .filter(line -> line.startsWith("0::"))
        .map(line -> line.substring(3))
        .findFirst()
        .orElse("/");
  }

  /// In a container the mount may begin at the container's own group, and a group outside the
  /// cgroup namespace is written with `..`; then the mount's top is the best there is.
  private static Path within(String top, String mountPoint, String group) {
    var mount = Path.of(mountPoint);
    if (group.contains("..")) {
      return mount;
    }
    var relative =
        !top.equals("/") && group.startsWith(top) ? group.substring(top.length()) : group;
    var directory = mount.resolve(relative.replaceFirst("^/+", ""));
    return Files.isDirectory(directory) ? directory : mount;
  }

  /// mountinfo writes blanks as `\040`.
  private static String unescaped(String field) {
    return field.replace("\\040", " ");
  }
}
