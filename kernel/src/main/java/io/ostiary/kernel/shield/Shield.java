package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.TestRun;
import io.ostiary.model.KernelStatus;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The loaded programs `shield_xdp` and `shield_tcx` with their tables. Attaching, installing rules
/// and reading take turns; packets go on meanwhile.
///
/// The programs pass everything until [#beat] has run, and again [#SILENCE_SECONDS] after it ran
/// last: when this process hangs or dies, the host is reachable.
public final class Shield implements AutoCloseable {
  /// How long the rules outlive the last beat.
  public static final int SILENCE_SECONDS = 3;

  private static final String OBJECT = "/bpf/shield.bpf.o";
  private static final int[] TICK_RATES = {100, 250, 300, 1000};
  private static final long CALIBRATION_MILLIS = 60;
  private static final Map<String, String> HOOKS =
      Map.of("shield_xdp", "xdp", "shield_tcx", "tcx/ingress");

  private final BpfObject object;
  private final MemorySegment control;
  private final TestRun beat;
  private final RuleInstaller installer;
  private final Meter meter;
  private final List<BpfObject.Program> programs;
  private boolean closed;

  private Shield(BpfObject object) throws LibbpfException, IOException, InterruptedException {
    var differences = ShieldMemory.differences(object);
    if (!differences.isEmpty()) {
      throw new IOException(String.join("; ", differences));
    }
    this.object = object;
    this.programs = object.programs();
    this.control = object.share("shield_control", ShieldMemory.CONTROL_BYTES);
    this.beat = object.testRun(object.program("beat"));
    control.set(JAVA_LONG, ShieldMemory.SEED, new SecureRandom().nextLong());
    int hz = calibrate();
    control.set(JAVA_INT, ShieldMemory.HZ, hz);
    control.set(JAVA_LONG, ShieldMemory.BEAT_TICKS, (long) hz * SILENCE_SECONDS);
    this.installer = new RuleInstaller(object, control, hz);
    this.meter = new Meter(object, control, hz);
  }

  /// Loads and verifies; attaches nothing.
  ///
  /// @throws IOException when the compiled programs are not on the class path or do not fit
  public static Shield load() throws LibbpfException, IOException, InterruptedException {
    return load(0);
  }

  /// @param randomSources 0; for benchmarks 1 or 2, see `shield.bpf.c`
  static Shield load(int randomSources) throws LibbpfException, IOException, InterruptedException {
    byte[] elf;
    try (var stream = Shield.class.getResourceAsStream(OBJECT)) {
      if (stream == null) {
        throw new IOException(OBJECT + " is not on the class path. Build the kernel room anew");
      }
      elf = stream.readAllBytes();
    }
    var object = BpfObject.load("shield", elf, new byte[] {(byte) randomSources, 0, 0, 0});
    try {
      return new Shield(object);
    } catch (LibbpfException | IOException | InterruptedException e) {
      object.close();
      throw e;
    }
  }

  /// The kernel's tick rate, which it tells nobody: the number of jiffies between two moments.
  private int calibrate() throws LibbpfException, InterruptedException {
    beat();
    long jiffies = control.get(JAVA_LONG, ShieldMemory.JIFFIES);
    long nanos = control.get(JAVA_LONG, ShieldMemory.NANOS);
    Thread.sleep(CALIBRATION_MILLIS);
    beat();
    double seconds = (control.get(JAVA_LONG, ShieldMemory.NANOS) - nanos) / 1e9;
    double rate = (control.get(JAVA_LONG, ShieldMemory.JIFFIES) - jiffies) / seconds;
    int best = TICK_RATES[0];
    for (int candidate : TICK_RATES) {
      if (Math.abs(Math.log(rate / candidate)) < Math.abs(Math.log(rate / best))) {
        best = candidate;
      }
    }
    return best;
  }

  /// Says that we are alive. To be called at least once a second.
  public synchronized void beat() throws LibbpfException {
    if (!closed) {
      beat.run(new byte[64], 1);
    }
  }

  /// Brings a rule set into force, whole.
  ///
  /// @return what is wrong with it; empty when it is in force
  public synchronized List<String> install(RuleSetSource source) throws LibbpfException {
    return switch (RuleCompiler.compile(source)) {
      case RuleCompiler.Outcome.Refused(var problem) -> List.of(problem);
      case RuleCompiler.Outcome.Compiled(var tables) -> {
        installer.install(tables);
        yield List.of();
      }
    };
  }

  /// @throws LibbpfException with EBUSY where another XDP program is attached, with EOPNOTSUPP
  ///   where the driver cannot
  public synchronized BpfLink attach(BpfLink.Hook hook, int interfaceIndex) throws LibbpfException {
    var name = hook == BpfLink.Hook.TCX ? "shield_tcx" : "shield_xdp";
    return object.attachInterface(object.program(name), hook, interfaceIndex);
  }

  /// Packets and bytes of one interface by verdict, since the programs were loaded.
  public synchronized KernelStatus.Counters counters(int interfaceIndex) throws LibbpfException {
    return meter.counters(interfaceIndex);
  }

  /// What dry-run would have dropped.
  public synchronized List<KernelStatus.Drop> wouldDrop(int interfaceIndex) throws LibbpfException {
    return meter.wouldDrop(interfaceIndex);
  }

  public synchronized List<MeteredSource> sources() throws LibbpfException {
    return meter.sources();
  }

  public synchronized List<MeteredFlow> flows() throws LibbpfException {
    return meter.flows();
  }

  /// packets = sum over [#flows] + evicted + unlisted, at any moment.
  public synchronized MeterTotals totals() throws LibbpfException {
    return meter.totals();
  }

  /// Runs one of the programs without an interface, for tests and benchmarks.
  TestRun testRun(String program) throws LibbpfException {
    return object.testRun(object.program(program));
  }

  /// For the kernel page. The memory of all maps stands with the first program.
  public List<KernelStatus.Program> status(boolean attached, String why) throws LibbpfException {
    var maps = object.mapsStatus();
    long bytes = maps.stream().mapToLong(KernelStatus.KernelMap::bytes).sum();
    var status = new ArrayList<KernelStatus.Program>();
    for (var program : programs) {
      var hook = HOOKS.get(program.name());
      if (hook != null) {
        boolean first = status.isEmpty();
        status.add(
            new KernelStatus.Program(
                program.name(),
                hook,
                attached,
                why,
                program.instructions(),
                first ? bytes : 0,
                first ? maps : List.of()));
      }
    }
    return status;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      object.close();
    }
  }
}
