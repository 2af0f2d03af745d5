package io.ostiary.kernel.lens;

import io.ostiary.kernel.libbpf.Libbpf;
import io.ostiary.kernel.libbpf.LibbpfException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The hierarchy of control groups, mounted for the moment of attaching where this process cannot
/// see it: `ip netns exec` hides it behind a new `/sys`. What is attached stays when it is
/// unmounted. Needs CAP_SYS_ADMIN.
public record PrivateCgroup(Libbpf library, Path mountPoint) implements AutoCloseable {
  private static final int DETACH = 2;

  /// @throws LibbpfException when it may not be mounted
  public static PrivateCgroup mount() throws LibbpfException, IOException {
    var library = Libbpf.load();
    var directory = Files.createTempDirectory("ostiary-cgroup");
    try (var arena = Arena.ofConfined()) {
      library.number(
          "cannot mount cgroup2",
          "mount",
          arena.allocateFrom("none"),
          arena.allocateFrom(directory.toString()),
          arena.allocateFrom("cgroup2"),
          0L,
          MemorySegment.NULL);
      return new PrivateCgroup(library, directory);
    } catch (LibbpfException e) {
      Files.delete(directory);
      throw e;
    }
  }

  /// This process's own group within it.
  Cgroup own() throws IOException {
    return Cgroup.find(
        List.of("1 1 0:1 / %s rw - cgroup2 none rw".formatted(mountPoint)),
        Files.readAllLines(Path.of("/proc/self/cgroup")));
  }

  @Override
  public void close() throws LibbpfException, IOException {
    try (var arena = Arena.ofConfined()) {
      library.number(
          "cannot unmount cgroup2", "umount2", arena.allocateFrom(mountPoint.toString()), DETACH);
    }
    Files.delete(mountPoint);
  }
}
