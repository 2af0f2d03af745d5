package io.ostiary.kernel;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.PatientThread;
import io.ostiary.kernel.libbpf.Pins;
import io.ostiary.kernel.shield.Shield;
import java.io.IOException;
import java.util.concurrent.ExecutionException;

/// Loads the shield, for which the verifier takes up to half a second of a processor.
final class ShieldLoading {
  private ShieldLoading() {}

  /// @param pins where a process before left its own
  /// @param waitedFor whether nothing is served before; otherwise calls come first
  static Shield load(Pins pins, boolean waitedFor)
      throws LibbpfException, IOException, InterruptedException {
    if (waitedFor) {
      return Shield.load(pins);
    }
    try {
      return PatientThread.call("kernel-load", () -> Shield.load(pins));
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case LibbpfException refused -> throw refused;
        case IOException missing -> throw missing;
        case null, default -> throw new IllegalStateException("the shield cannot be loaded", e);
      }
    }
  }
}
