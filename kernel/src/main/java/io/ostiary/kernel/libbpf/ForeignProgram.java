package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/// A program that somebody else loaded, held open to be run beside ours.
public final class ForeignProgram implements AutoCloseable {
  private static final int INFO_BYTES = 256;
  private static final long INFO_NAME = 64;

  private final Libbpf library;
  private final int descriptor;

  private ForeignProgram(Libbpf library, int descriptor) {
    this.library = library;
    this.descriptor = descriptor;
  }

  /// @param id as `bpftool prog show` lists it
  public static ForeignProgram byId(int id) throws LibbpfException {
    return byId(Libbpf.load(), id);
  }

  public static ForeignProgram byId(Libbpf library, int id) throws LibbpfException {
    return new ForeignProgram(
        library, library.number("program " + id, "bpf_prog_get_fd_by_id", id));
  }

  /// The first 15 characters of what its author calls it.
  public String name() throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var info = arena.allocate(INFO_BYTES, 8);
      var length = arena.allocateFrom(JAVA_INT, INFO_BYTES);
      library.number("program", "bpf_obj_get_info_by_fd", descriptor, info, length);
      return info.getString(INFO_NAME, StandardCharsets.ISO_8859_1);
    }
  }

  public TestRun testRun() {
    return new TestRun(
        library, new BpfObject.Program("foreign", descriptor, 0, 0, 0, "", MemorySegment.NULL));
  }

  @Override
  public void close() {
    try {
      library.number("close", "close", descriptor);
    } catch (LibbpfException e) {
      throw new IllegalStateException(e);
    }
  }
}
