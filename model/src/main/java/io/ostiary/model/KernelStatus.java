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
      String name,
      int index,
      String driver,
      String mode,
      String why,
      Device device,
      Counters counters) {
    public Interface(
        String name, int index, String driver, String mode, String why, Counters counters) {
      this(name, index, driver, mode, why, Device.UNKNOWN, counters);
    }
  }

  /// What decides about the mode, as it was when the programs were attached.
  ///
  /// @param mtu 0: not known, as all numbers here
  /// @param merging features that are on and join packets before the programs see them, such as
  ///   `rx-gro-hw`; native XDP of some drivers is refused because of them
  /// @param others programs of others on the same interface
  public record Device(
      int mtu,
      int receiveQueues,
      int transmitQueues,
      List<String> merging,
      List<OtherProgram> others) {
    public static final Device UNKNOWN = new Device(0, 0, 0, List.of(), List.of());

    public Device {
      merging = List.copyOf(merging);
      others = List.copyOf(others);
    }
  }

  /// A program that is not ours.
  ///
  /// @param mode `xdp-native`, `xdp-generic`, `xdp-offload` or `tcx`
  public record OtherProgram(String name, int id, String mode) {}

  /// @param instructions as the kernel keeps them
  /// @param verified instructions the verifier looked at, on every way through the program
  /// @param machineBytes of the code made of them
  /// @param memoryBytes of its maps
  public record Program(
      String name,
      String hook,
      boolean attached,
      String why,
      int instructions,
      int verified,
      int machineBytes,
      long memoryBytes,
      List<KernelMap> maps) {
    public Program {
      maps = List.copyOf(maps);
    }

    public Program(
        String name,
        String hook,
        boolean attached,
        String why,
        int instructions,
        long memoryBytes,
        List<KernelMap> maps) {
      this(name, hook, attached, why, instructions, 0, 0, memoryBytes, maps);
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
