package io.ostiary.kernel.balance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The top of the control groups that this process can see: a program attached there sees the
/// connects of all local clients.
final class CgroupRoot {
  private CgroupRoot() {}

  static @Nullable Path find() throws IOException {
    return find(Files.readAllLines(Path.of("/proc/self/mountinfo")));
  }

  /// @param mounts lines of `/proc/self/mountinfo`
  static @Nullable Path find(List<String> mounts) {
    for (var line : mounts) {
      int dash = line.indexOf(" - ");
      if (dash > 0 && line.startsWith("cgroup2 ", dash + 3)) {
        return Path.of(line.split(" ")[4].replace("\\040", " "));
      }
    }
    return null;
  }
}
