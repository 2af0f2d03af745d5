package io.ostiary.model;

import java.util.List;

/// How much memory the maps of all kernel programs may take together.
public final class KernelMemory {
  /// With 100,000 blocks in the rules, on a host of two processors; a test holds us to it.
  public static final long BYTES_MAX = 64L << 20;

  private KernelMemory() {}

  public static long bytes(List<KernelStatus.Program> programs) {
    return programs.stream().mapToLong(KernelStatus.Program::memoryBytes).sum();
  }

  /// `All maps take 40.1 of at most 64 MiB.`
  public static String sentence(long bytes) {
    double taken = bytes / (double) (1 << 20);
    return bytes <= BYTES_MAX
        ? "All maps take %.1f of at most %d MiB.".formatted(taken, BYTES_MAX >> 20)
        : "All maps take %.1f MiB (expected: at most %d)".formatted(taken, BYTES_MAX >> 20)
            + ": tables grow with the number of processors and the rules.";
  }
}
