package io.ostiary.kernel.libbpf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;

/// A program attached to a network interface. Held by a file descriptor and nothing else.
public final class BpfLink implements AutoCloseable {
  /// Where in the interface's path the program runs.
  public enum Hook {
    /// In the driver.
    XDP_NATIVE(37, 1 << 2),
    /// In the kernel, behind the driver.
    XDP_GENERIC(37, 1 << 1),
    /// At traffic control, beside others.
    TCX(46, 0);

    private final int attachType;
    private final int flags;

    Hook(int attachType, int flags) {
      this.attachType = attachType;
      this.flags = flags;
    }
  }

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
