package io.ostiary.server;

import io.ostiary.kernel.Kernel;
import io.ostiary.kernel.lens.Lens;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.KernelStatus;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The lens as the others see it: there before it is attached, and silent where it cannot be.
///
/// Event loops read it through a volatile field; it is attached and closed by [KernelSide], one
/// thread at a time.
final class LensSide implements ConnectionLens, AutoCloseable {
  private volatile @Nullable Lens lens;
  private volatile String missing = "";
  private boolean asked;

  /// Whether it was to be attached, with or without success.
  boolean asked() {
    return asked;
  }

  void attach() {
    asked = true;
    switch (Lens.attach()) {
      case Lens.Attached(var attached) -> lens = attached;
      case Lens.Refused(var why) -> missing = "Connections are not measured: " + why;
    }
  }

  /// Why it does not run, as a sentence; empty while nothing is wrong.
  String missing() {
    return missing;
  }

  void watchPorts(Set<Integer> ports) {
    var attached = lens;
    if (attached != null) {
      attached.watchPorts(ports);
    }
  }

  /// From now on the shield tells it what it refuses of connections.
  void tellBy(Kernel running) {
    var attached = lens;
    if (attached != null) {
      running.tell(attached.tables());
    }
  }

  @Override
  public boolean read(long cookie, ConnectionFacts into) {
    var attached = lens;
    return attached == null ? NONE.read(cookie, into) : attached.read(cookie, into);
  }

  @Override
  public String dropReason(int number) {
    var attached = lens;
    return attached == null ? NONE.dropReason(number) : attached.dropReason(number);
  }

  List<KernelStatus.Program> programs() {
    var attached = lens;
    return attached == null ? List.of() : attached.programs();
  }

  Map<String, String> verifierLogs() {
    var attached = lens;
    return attached == null ? Map.of() : attached.verifierLogs();
  }

  /// Packets that sockets refused, by the kernel's reason.
  Map<String, Long> drops() {
    var attached = lens;
    return attached == null ? Map.of() : attached.drops();
  }

  @Override
  public void close() {
    var attached = lens;
    lens = null;
    if (attached != null) {
      attached.close();
    }
  }
}
