package io.ostiary.server.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// A control group in which memory runs out, and the kernel ends the process that is to be ended.
record MemoryGroup(Path folder) implements AutoCloseable {
  private static final long LIMIT_MIB = 100;
  private static final String HOARD =
      "echo -500 >/proc/$$/oom_score_adj; echo $$ >%s"
          + " && exec python3 -c 'bytearray(b\"1\") * (%d << 20)'";

  /// Skips the test where none can be made.
  static MemoryGroup open(String name) throws IOException {
    for (var root : List.of("/sys/fs/cgroup/memory", "/sys/fs/cgroup")) {
      var group = Path.of(root, name);
      try {
        Files.createDirectory(group);
        var file = root.endsWith("memory") ? "memory.limit_in_bytes" : "memory.max";
        Files.writeString(group.resolve(file), Long.toString(LIMIT_MIB << 20));
        return new MemoryGroup(group);
      } catch (IOException e) {
        Files.deleteIfExists(group);
      }
    }
    Assumptions.abort("no control group with a memory limit can be made here");
    throw new IOException("aborted");
  }

  private Path members() {
    return folder.resolve("cgroup.procs");
  }

  /// Another in the group wants more than there is; the kernel's first choice falls on this one.
  void exhaust(Process process) throws IOException {
    Files.writeString(members(), Long.toString(process.pid()));
    Files.writeString(Path.of("/proc", "" + process.pid(), "oom_score_adj"), "1000");
    new Host("").run("sh", "-c", HOARD.formatted(members(), 2 * LIMIT_MIB));
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(folder);
  }
}
