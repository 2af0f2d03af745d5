package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A program attached to a network interface. Held by a file descriptor and nothing else.
public final class BpfLink implements AutoCloseable {
  /// Where in the interface's path the program runs.
  public enum Hook {
    /// In the driver.
    XDP_NATIVE(37, 1 << 2),
    /// In the kernel, behind the driver.
    XDP_GENERIC(37, 1 << 1),
    /// At traffic control, beside others.
    TCX(46, 0),
    /// The same for what leaves.
    TCX_OUT(47, 0);

    private final int attachType;
    private final int flags;

    Hook(int attachType, int flags) {
      this.attachType = attachType;
      this.flags = flags;
    }
  }

  private static final int EBUSY = 16;
  private static final int ONLY_IF_NONE = 1;
  private static final int INFO_BYTES = 128;

  /// In `struct bpf_link_info`, the same for XDP and tcx.
  private static final long INFO_INTERFACE = 16;

  private final Libbpf library;
  private final int descriptor;
  private boolean closed;

  private BpfLink(Libbpf library, int descriptor) {
    this.library = library;
    this.descriptor = descriptor;
  }

  static BpfLink create(Libbpf library, BpfObject.Program program, Hook hook, int interfaceIndex)
      throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var options = arena.allocate(16, 8);
      options.set(JAVA_LONG, 0, 16);
      options.set(JAVA_INT, 8, hook.flags);
      int descriptor =
          library.number(
              "cannot attach " + program.name(),
              "bpf_link_create",
              program.descriptor(),
              interfaceIndex,
              hook.attachType,
              options);
      return new BpfLink(library, descriptor);
    }
  }

  /// A link that another process made, by a descriptor that is ours.
  static BpfLink held(Libbpf library, int descriptor) {
    return new BpfLink(library, descriptor);
  }

  int descriptor() {
    return descriptor;
  }

  /// Runs another program in the place of this one, from one packet to the next.
  public void update(BpfObject.Program program) throws LibbpfException {
    library.number(
        "cannot take over with " + program.name(),
        "bpf_link_update",
        descriptor,
        program.descriptor(),
        MemorySegment.NULL);
  }

  /// The same error with the kernel's own words. A link is refused without any; the older way to
  /// attach says why. It never displaces a program, and should it succeed after all, it is undone.
  static LibbpfException explained(
      LibbpfException error,
      Libbpf library,
      Transcript transcript,
      BpfObject.Program program,
      Hook hook,
      int interfaceIndex)
      throws LibbpfException {
    if (hook == Hook.TCX || hook == Hook.TCX_OUT || error.errno() == EBUSY || error.isRefused()) {
      return error;
    }
    var said =
        transcript.record(() -> {
          library.number(
              "attach",
              "bpf_xdp_attach",
              interfaceIndex,
              program.descriptor(),
              hook.flags | ONLY_IF_NONE,
              MemorySegment.NULL);
          library.number(
              "detach", "bpf_xdp_detach", interfaceIndex, hook.flags, MemorySegment.NULL);
        });
    return new LibbpfException(
        "cannot attach " + program.name(), error.errno(), Transcript.ofKernel(said));
  }

  /// Whether its interface is still there. Without it the link is an empty shell.
  public boolean alive() throws LibbpfException {
    return interfaceIndex() != 0;
  }

  /// Of the interface it is attached to; 0: that is gone.
  public int interfaceIndex() throws LibbpfException {
    try (var arena = Arena.ofConfined()) {
      var info = arena.allocate(INFO_BYTES, 8);
      library.number(
          "link",
          "bpf_obj_get_info_by_fd",
          descriptor,
          info,
          arena.allocateFrom(JAVA_INT, INFO_BYTES));
      return info.get(JAVA_INT, INFO_INTERFACE);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        library.number("close", "close", descriptor);
      } catch (LibbpfException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
