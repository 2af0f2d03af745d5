package io.ostiary.kernel.balance;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.NetworkNamespace;
import io.ostiary.kernel.libbpf.TestRun;
import io.ostiary.model.KernelStatus;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The loaded programs of `service.bpf.c`, and where they are attached. Confined to one thread at a
/// time.
final class ServicePrograms implements AutoCloseable {
  private static final String OBJECT = "/bpf/service.bpf.o";
  private static final int[] TICK_RATES = {100, 250, 300, 1000};

  /// How many seconds after its start the kernel lets its tick count overflow, to find bugs early.
  private static final long OVERFLOW_SECONDS = 300;

  /// New connections a processor takes in a 16th of a second before it is a flood: 32,000 a second.
  private static final int SYNS_MAX = 2000;

  private static final Map<String, String> HOOKS =
      Map.of(
          "service_ingress", "tcx/ingress",
          "service_egress", "tcx/egress",
          "service_connect4", "cgroup/connect4",
          "service_connect6", "cgroup/connect6",
          "service_release", "cgroup/sock_release",
          "service_asked", "cgroup_skb/egress",
          "service_answered", "cgroup_skb/ingress");

  private static final List<String> CONNECTS =
      List.of("service_release", "service_connect4", "service_connect6");
  private static final List<String> TIMING = List.of("service_asked", "service_answered");

  private final BpfObject object;
  private final MemorySegment control;
  private final TestRun clock;
  private final Map<Integer, List<BpfLink>> links = new HashMap<>();

  /// Programs of local clients, and the group each is attached to.
  private final Map<String, Path> cgroups = new HashMap<>();

  private ServicePrograms(BpfObject object) throws LibbpfException, IOException {
    var differences = ServiceMemory.differences(object);
    if (!differences.isEmpty()) {
      throw new IOException(String.join("; ", differences));
    }
    this.object = object;
    control = object.share("service_control", ServiceMemory.CONTROL_BYTES);
    clock = object.testRun(object.program("service_clock"));
    control.set(JAVA_LONG, ServiceMemory.CONTROL_SEED, new SecureRandom().nextLong());
    control.set(JAVA_LONG, ServiceMemory.CONTROL_NAMESPACE, NetworkNamespace.cookie());
    control.set(JAVA_INT, ServiceMemory.CONTROL_SYNS_MAX, SYNS_MAX);
    int hz = tickRate();
    control.set(JAVA_INT, ServiceMemory.CONTROL_HZ, hz);
    control.set(
        JAVA_INT, ServiceMemory.CONTROL_SECOND, (int) Math.round(Math.log(hz) / Math.log(2)));
  }

  /// Loads and verifies; attaches nothing.
  ///
  /// @param benchmark 0; 1 and 2 put packets back after each run, see `service.bpf.c`
  static ServicePrograms load(int benchmark) throws LibbpfException, IOException {
    byte[] elf;
    try (var stream = ServicePrograms.class.getResourceAsStream(OBJECT)) {
      if (stream == null) {
        throw new IOException(OBJECT + " is not on the class path. Build the kernel room anew");
      }
      elf = stream.readAllBytes();
    }
    var settings = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(benchmark).array();
    var object = BpfObject.load("service", elf, settings);
    try {
      return new ServicePrograms(object);
    } catch (LibbpfException | IOException e) {
      object.close();
      throw e;
    }
  }

  ServiceTables tables() throws LibbpfException {
    return new ServiceTables(object);
  }

  TestRun testRun(String program) {
    return object.testRun(object.program(program));
  }

  /// @param syns new connections a processor takes in a 16th of a second
  void floodAbove(int syns) {
    control.set(JAVA_INT, ServiceMemory.CONTROL_SYNS_MAX, syns);
  }

  /// The kernel's ticks, of which it tells only programs.
  int now() throws LibbpfException {
    clock.run(new byte[64], 1);
    return control.get(JAVA_INT, ServiceMemory.CONTROL_NOW);
  }

  int hz() {
    return control.get(JAVA_INT, ServiceMemory.CONTROL_HZ);
  }

  /// The rate at which the ticks seen so far make the time since the start.
  private int tickRate() throws LibbpfException, IOException {
    double uptime = Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
    long ticks = now() & 0xffff_ffffL;
    int best = TICK_RATES[0];
    double smallest = Double.MAX_VALUE;
    for (int rate : TICK_RATES) {
      double lap = (double) (1L << 32) / rate;
      double since = (ticks + OVERFLOW_SECONDS * rate) % (1L << 32) / (double) rate;
      double error = Math.abs(Math.IEEEremainder(since - uptime, lap));
      if (error < smallest) {
        smallest = error;
        best = rate;
      }
    }
    return best;
  }

  /// Attaches to the interfaces that are not attached yet, and lets go of the others.
  ///
  /// @param interfaces their numbers
  /// @return what could not be attached, as sentences
  List<String> follow(Set<Integer> interfaces) {
    var problems = new ArrayList<String>();
    links
        .entrySet()
        .removeIf(entry -> {
          boolean gone = !interfaces.contains(entry.getKey()) || !alive(entry.getValue());
          if (gone) {
            entry.getValue().forEach(BpfLink::close);
          }
          return gone;
        });
    for (int index : interfaces) {
      if (!links.containsKey(index)) {
        try {
          links.put(index, attach(index));
        } catch (LibbpfException e) {
          problems.add("interface %d: %s".formatted(index, e.getMessage()));
        }
      }
    }
    return problems;
  }

  private static boolean alive(List<BpfLink> links) {
    try {
      for (var link : links) {
        if (!link.alive()) {
          return false;
        }
      }
      return true;
    } catch (LibbpfException e) {
      return false;
    }
  }

  private List<BpfLink> attach(int index) throws LibbpfException {
    // The way back first: no connection is made that could not be answered.
    var egress =
        object.attachInterface(object.program("service_egress"), BpfLink.Hook.TCX_OUT, index);
    try {
      return List.of(
          egress,
          object.attachInterface(object.program("service_ingress"), BpfLink.Hook.TCX, index));
    } catch (LibbpfException e) {
      egress.close();
      throw e;
    }
  }

  /// Turns connects of processes in this group, and of this network namespace, to targets.
  void attachLocal(Path group) throws LibbpfException {
    attach(CONNECTS, group);
  }

  /// Times the answers that these processes get. It looks at each of their packets.
  void attachTiming(Path group) throws LibbpfException {
    attach(TIMING, group);
  }

  boolean timed() {
    return cgroups.containsKey(TIMING.getFirst());
  }

  private void attach(List<String> names, Path group) throws LibbpfException {
    for (var name : names) {
      object.attachCgroup(object.program(name), group.toString());
      cgroups.put(name, group);
    }
  }

  Set<Integer> interfaces() {
    return Set.copyOf(links.keySet());
  }

  /// For the kernel page. The memory of all maps stands with the first program.
  List<KernelStatus.Program> status() {
    var maps = object.mapsStatus();
    long bytes = maps.stream().mapToLong(KernelStatus.KernelMap::bytes).sum();
    var status = new ArrayList<KernelStatus.Program>();
    for (var program : object.programs()) {
      var hook = HOOKS.get(program.name());
      if (hook == null) {
        continue;
      }
      boolean local = hook.startsWith("cgroup");
      var cgroup = cgroups.get(program.name());
      boolean attached = local ? cgroup != null : !links.isEmpty();
      boolean first = status.isEmpty();
      status.add(
          new KernelStatus.Program(
              program.name(),
              hook,
              attached,
              cgroup == null ? "" : "attached to the cgroup " + cgroup,
              program.instructions(),
              program.verified(),
              program.machineBytes(),
              first ? bytes : 0,
              first ? maps : List.of()));
    }
    return status;
  }

  Map<String, String> verifierLogs() {
    return object.verifierLogs();
  }

  long memoryBytes() {
    return object.mapsStatus().stream().mapToLong(KernelStatus.KernelMap::bytes).sum();
  }

  @Override
  public void close() {
    links.values().forEach(pair -> pair.forEach(BpfLink::close));
    links.clear();
    object.close();
  }
}
