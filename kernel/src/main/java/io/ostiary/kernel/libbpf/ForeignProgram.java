package io.ostiary.kernel.libbpf;

import java.lang.foreign.MemorySegment;

/// A program that somebody else loaded, held open to be run beside ours.
public final class ForeignProgram implements AutoCloseable {
  private final Libbpf library;
  private final int descriptor;

  private ForeignProgram(Libbpf library, int descriptor) {
    this.library = library;
    this.descriptor = descriptor;
  }

  /// @param id as `bpftool prog show` lists it
  public static ForeignProgram byId(int id) throws LibbpfException {
    var library = Libbpf.load();
    return new ForeignProgram(
        library, library.number("program " + id, "bpf_prog_get_fd_by_id", id));
  }

  public TestRun testRun() {
    return new TestRun(
        library, new BpfObject.Program("foreign", descriptor, 0, MemorySegment.NULL));
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
