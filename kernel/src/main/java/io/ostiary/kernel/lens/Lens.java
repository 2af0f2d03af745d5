package io.ostiary.kernel.lens;

import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.DropReason;
import io.ostiary.kernel.shield.LensTables;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.KernelStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/// Watches TCP connections from inside the kernel: those accepted on the ports it is told, and
/// those this process opens. What it has seen of each is read by socket cookie, on any thread,
/// without a system call.
///
/// Shared. Reading is free of locks; attaching, steering and closing take turns.
public final class Lens implements ConnectionLens, AutoCloseable {
  private static final String OBJECT = "/bpf/lens.bpf.o";
  private static final String SOCKET_PROGRAM = "lens_sockops";

  private static final String PRIVILEGE =
      ". Run as root or with CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN";

  /// What each program hangs on, by its name in `lens.bpf.c`.
  private static final Map<String, String> HOOKS =
      Map.of(
          SOCKET_PROGRAM,
          "cgroup/sock_ops",
          "lens_arrived",
          "tp_btf/tcp_probe",
          "lens_sent",
          "tp_btf/net_dev_queue",
          "lens_reset_received",
          "tp_btf/tcp_receive_reset",
          "lens_reset_sent",
          "tp_btf/tcp_send_reset",
          "lens_dropped",
          "tp_btf/kfree_skb");

  /// What came of the attempt to attach.
  public sealed interface Attempt {}

  public record Attached(Lens lens) implements Attempt {}

  /// @param sentence what is missing and how to grant it
  public record Refused(String sentence) implements Attempt {}

  /// @param tracked connections that got a record
  /// @param overwritten of them, those whose record was taken from a connection still open
  /// @param untracked connections that got none, as two processors wanted the same one at once
  public record Totals(long tracked, long overwritten, long untracked) {}

  /// What the running kernel allows, most first. Tried in this order, because asking for a version
  /// says little about kernels that distributions patch.
  enum Ability {
    ALL(1, 1, ""),
    WITHOUT_OWNER(0, 1, "; connections we open are not seen before Linux 6.10"),
    WITHOUT_CAST(0, 0, "; connections we open are not seen before Linux 6.10");

    private final byte owner;
    private final byte cast;
    private final String limit;

    Ability(int owner, int cast, String limit) {
      this.owner = (byte) owner;
      this.cast = (byte) cast;
      this.limit = limit;
    }

    /// `struct lens_settings`.
    byte[] settings() {
      return new byte[] {owner, cast};
    }

    String limit() {
      return limit;
    }
  }

  /// From here on the reasons of the shield; as in `lens.h`.
  private static final int REFUSED = 0x10000;

  private final BpfObject kernel;
  private final ConnectionTable table;
  private final LensControl control;
  private final List<KernelStatus.Program> programs;

  /// Read when the first drop is told: the kernel's whole type information has to be read for it,
  /// for which a start does not wait.
  private volatile @Nullable SocketDropReasons reasons;

  private volatile boolean open = true;

  private Lens(BpfObject kernel, String cgroup, Ability ability)
      throws LibbpfException, IOException {
    var differences =
        LensLayout.differences(kernel.struct(LensLayout.RECORD), kernel.struct(LensLayout.CONTROL));
    if (!differences.isEmpty()) {
      throw new IOException(String.join("; ", differences));
    }
    this.kernel = kernel;
    this.table = new ConnectionTable(kernel.share("lens_records", ConnectionTable.BYTES));
    this.control = new LensControl(kernel.share("lens_control", LensControl.BYTES));
    control.own();
    attach(kernel, cgroup);
    this.programs = status(kernel, "attached to the cgroup " + cgroup + ability.limit());
  }

  /// The tracepoints first: they do nothing until sockops has marked a socket.
  private static void attach(BpfObject kernel, String cgroup) throws LibbpfException {
    var programs = kernel.programs();
    for (var program : programs) {
      if (!program.name().equals(SOCKET_PROGRAM)) {
        kernel.attachTracepoint(program);
      }
    }
    for (var program : programs) {
      if (program.name().equals(SOCKET_PROGRAM)) {
        kernel.attachCgroup(program, cgroup);
      }
    }
  }

  private static List<KernelStatus.Program> status(BpfObject kernel, String why)
      throws LibbpfException {
    var maps = kernel.mapsStatus();
    long bytes = maps.stream().mapToLong(KernelStatus.KernelMap::bytes).sum();
    var status = new ArrayList<KernelStatus.Program>();
    for (var program : kernel.programs()) {
      boolean first = status.isEmpty();
      status.add(
          new KernelStatus.Program(
              program.name(),
              HOOKS.getOrDefault(program.name(), "unknown"),
              true,
              why,
              program.instructions(),
              program.verified(),
              program.machineBytes(),
              first ? bytes : 0,
              first ? maps : List.of()));
    }
    return List.copyOf(status);
  }

  /// Loads the programs and attaches them. They watch no port before [#watchPorts] names one.
  public static Attempt attach() {
    return switch (Cgroup.ofThisProcess()) {
      case Cgroup.Missing(var sentence) -> attachPrivately(sentence);
      case Cgroup.Found(var directory) -> attach(directory.toString());
    };
  }

  /// @param sentence what to say where we may not mount it ourselves
  private static Attempt attachPrivately(String sentence) {
    try (var cgroup = PrivateCgroup.mount()) {
      return cgroup.own() instanceof Cgroup.Found(var directory)
          ? attach(directory.toString())
          : new Refused(sentence);
    } catch (LibbpfException | IOException e) {
      return new Refused(sentence);
    }
  }

  private static Attempt attach(String cgroup) {
    var attempt = attach(cgroup, Ability.ALL);
    for (var ability : List.of(Ability.WITHOUT_OWNER, Ability.WITHOUT_CAST)) {
      if (!(attempt instanceof Refused(var sentence)) || sentence.contains(PRIVILEGE)) {
        return attempt;
      }
      attempt = attach(cgroup, ability);
    }
    return attempt;
  }

  static Attempt attach(String cgroup, Ability ability) {
    try {
      var kernel = BpfObject.load("lens", object(), ability.settings());
      try {
        return new Attached(new Lens(kernel, cgroup, ability));
      } catch (LibbpfException | IOException e) {
        kernel.close();
        throw e;
      }
    } catch (LibbpfException e) {
      return new Refused(sentence(e));
    } catch (IOException e) {
      return new Refused("the lens is not usable: %s".formatted(e.getMessage()));
    }
  }

  private static byte[] object() throws IOException {
    try (var stream = Lens.class.getResourceAsStream(OBJECT)) {
      if (stream == null) {
        throw new IOException(OBJECT + " is not on the class path. Build the kernel room anew");
      }
      return stream.readAllBytes();
    }
  }

  private static String sentence(LibbpfException e) {
    return e.isRefused()
        ? e.getMessage() + PRIVILEGE
        : e.getMessage() + " (expected: Linux 5.17 or newer with BTF, libbpf 1.1 or newer)";
  }

  @Override
  public boolean read(long cookie, ConnectionFacts into) {
    if (open) {
      return table.read(cookie, into);
    }
    into.clear();
    return false;
  }

  /// From now on, connections accepted on these local ports are tracked, and on no others. Those
  /// that have a record keep it.
  public void watchPorts(Set<Integer> ports) {
    control.watch(ports);
  }

  /// For the shield, which knows what it refuses of these connections.
  public LensTables tables() {
    return new LensTables(
        kernel.table("lens_tuples"), kernel.table("lens_records"), control.seed());
  }

  public Totals totals() {
    return control.totals();
  }

  /// What the kernel dropped of packets for the watched ports and of tracked connections since the
  /// lens was attached, by its own reasons; none that dropped nothing.
  public Map<String, Long> drops() {
    if (!open) {
      return Map.of();
    }
    var drops = new TreeMap<String, Long>();
    var counts = control.drops();
    for (int reason = 0; reason < counts.length; reason++) {
      if (counts[reason] != 0) {
        drops.merge(dropReason(reason), counts[reason], Long::sum);
      }
    }
    return drops;
  }

  @Override
  public String dropReason(int number) {
    if (number >= REFUSED) {
      return DropReason.of(number - REFUSED).word();
    }
    var known = reasons;
    return (known == null ? readReasons() : known).word(number);
  }

  private synchronized SocketDropReasons readReasons() {
    var known = reasons;
    if (known != null) {
      return known;
    }
    Map<String, Integer> constants;
    try {
      constants = kernel.kernelEnum(SocketDropReasons.ENUM);
    } catch (LibbpfException e) {
      LoggerFactory.getLogger(Lens.class)
          .warn("why the kernel drops packets is told by numbers: {}", e.getMessage());
      constants = Map.of();
    }
    var read = SocketDropReasons.of(constants);
    reasons = read;
    return read;
  }

  /// For the kernel page. The memory of all maps stands with the first program.
  public List<KernelStatus.Program> programs() {
    if (open) {
      return programs;
    }
    return programs.stream().map(Lens::detached).toList();
  }

  /// What the verifier said of each program: its statistics.
  public Map<String, String> verifierLogs() {
    return kernel.verifierLogs();
  }

  private static KernelStatus.Program detached(KernelStatus.Program program) {
    return new KernelStatus.Program(
        program.name(),
        program.hook(),
        false,
        "closed",
        program.instructions(),
        program.verified(),
        program.machineBytes(),
        0,
        List.of());
  }

  /// Takes the programs away. Connections are not touched; reading finds nothing any more.
  @Override
  public synchronized void close() {
    open = false;
    kernel.close();
  }
}
