package io.ostiary.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the kernel side is doing right now, for the kernel page.
///
/// @param sentence one sentence of state: what runs where, or what is missing and how to grant it
/// @param rulesVersion grows with every rule set that came into force
public record KernelStatus(
    boolean running,
    String sentence,
    String kernelRelease,
    @Nullable String libbpfVersion,
    boolean dryRun,
    long rulesVersion,
    List<Interface> interfaces,
    List<Program> programs) {
  public KernelStatus {
    interfaces = List.copyOf(interfaces);
    programs = List.copyOf(programs);
  }

  /// @param mode `xdp-native`, `xdp-generic`, `tcx` or `off`
  /// @param why why this mode and no better one, or why it is off; with the kernel's own message
  public record Interface(
      String name, int index, String driver, String mode, String why, Counters counters) {}

  /// @param instructions after verification
  /// @param memoryBytes of its maps
  public record Program(
      String name,
      String hook,
      boolean attached,
      String why,
      int instructions,
      long memoryBytes,
      List<KernelMap> maps) {
    public Program {
      maps = List.copyOf(maps);
    }
  }

  public record KernelMap(String name, String type, long entriesMax, long bytes) {}

  /// wire packets = passed + the sum over `drops`, always.
  public record Counters(long passedPackets, long passedBytes, List<Drop> drops) {
    public Counters {
      drops = List.copyOf(drops);
    }
  }

  /// @param reason a word of `reason.h`, such as `deny-rule`
  public record Drop(String reason, long packets, long bytes) {}
}
