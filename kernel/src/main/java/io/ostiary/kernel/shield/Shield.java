package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.capture.CaptureTap;
import io.ostiary.kernel.flood.Floods;
import io.ostiary.kernel.flood.ShortWay;
import io.ostiary.kernel.libbpf.BpfLink;
import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.Pins;
import io.ostiary.kernel.libbpf.TestRun;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.PacketView.RuleHits;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The loaded programs `shield_xdp` and `shield_tcx` with their tables. Attaching and reading take
/// turns; packets go on meanwhile, and whoever brings rules into force waits for nobody who reads.
///
/// The programs pass everything until [#beat] has run, and again [#SILENCE_SECONDS] after it ran
/// last: when this process hangs or dies, the host is reachable.
public final class Shield implements AutoCloseable {
  /// How long the rules outlive the last beat.
  public static final int SILENCE_SECONDS = 3;

  private static final String OBJECT = "/bpf/shield.bpf.o";

  private static final Map<String, String> HOOKS =
      Map.of(
          "shield_xdp", "xdp",
          "shield_tcx", "tcx/ingress",
          "handshake_xdp", "xdp, behind the shield",
          "handshake_tcx", "tcx/ingress, behind the shield",
          "meter_out", "tcx/egress");

  /// Loaded at once; the others of the object wait until the chain needs them.
  private static final Set<String> PROGRAMS =
      Set.of(
          "shield_xdp",
          "shield_tcx",
          "handshake_xdp",
          "handshake_tcx",
          "meter_out",
          "beat",
          "empty",
          "empty_tcx");

  private final BpfObject object;
  private final MemorySegment control;
  private final TestRun beat;
  private final RuleInstaller installer;
  private final Meter meter;
  private final Chain chain;
  private final CarriedTable carried;
  private final ShortWay shortWay;
  private final Floods floods;
  private final CaptureTap captures;
  private final BanTable bans;
  private final OperatorTable operators;
  private final Inheritance inheritance;
  private final int hz;

  /// Held for a moment only, so that the sign of life never waits for work on the tables.
  private final Object life = new Object();

  /// Held by who changes rules or reads what they decided; taken behind this object's own lock.
  private final Object rules = new Object();

  private final String libraryVersion;

  /// Null: a rule set since may have changed what they take. To ask the kernel takes some ms.
  private volatile @Nullable List<KernelStatus.KernelMap> maps;

  private volatile boolean closed;
  private volatile RuleSetSource inForce = RuleSetSource.empty();

  private Shield(
      BpfObject object,
      MeterSize size,
      byte[] elf,
      Map<String, Integer> settings,
      Inheritance inheritance)
      throws LibbpfException, IOException, InterruptedException {
    var differences = ShieldMemory.differences(object);
    if (!differences.isEmpty()) {
      throw new IOException(String.join("; ", differences));
    }
    this.object = object;
    this.control = object.share(ShieldMemory.CONTROL, ShieldMemory.CONTROL_BYTES);
    this.beat = object.testRun(object.program("beat"));
    this.inheritance = inheritance;
    control.set(JAVA_LONG, ShieldMemory.SEED, inheritance.seed(new SecureRandom().nextLong()));
    hz = TickRate.of(beat, control);
    control.set(JAVA_INT, ShieldMemory.HZ, hz);
    control.set(JAVA_LONG, ShieldMemory.BEAT_TICKS, (long) hz * SILENCE_SECONDS);
    this.shortWay = new ShortWay(object, size.processors());
    this.installer = new RuleInstaller(object, control, hz, size.processors(), shortWay);
    this.bans = new BanTable(object, control, hz);
    this.operators = new OperatorTable(object);
    this.chain = new Chain(object, control, elf, settings);
    this.carried = new CarriedTable(object.table("carried"), chain);
    this.floods = new Floods(object, shortWay, this::floodTicksLeft, size.processors());
    this.meter = new Meter(object, control, hz, size, shortWay);
    control.set(JAVA_INT, ShieldMemory.FLOOD_OPENS, Floods.FLOOD_OPENS);
    chain.put(Chain.COOKIE, object.program("handshake_xdp"), object.program("handshake_tcx"));
    this.captures =
        new CaptureTap(
            object,
            (name, programs) ->
                BpfObject.load(
                    name,
                    elf,
                    opened -> {
                      opened.set(settings);
                      opened.only(programs);
                      chain.shareAll(opened);
                    }),
            control.asSlice(ShieldMemory.CAPTURE, Integer.BYTES),
            size.processors(),
            hz,
            shortWay);
    this.libraryVersion = object.libraryVersion();
  }

  /// Loads and verifies; attaches nothing.
  ///
  /// @throws IOException when the compiled programs are not on the class path or do not fit
  public static Shield load() throws LibbpfException, IOException, InterruptedException {
    return load(Map.of(), null);
  }

  /// Takes over from another process what fits.
  ///
  /// @param pins where it left it
  public static Shield load(Pins pins) throws LibbpfException, IOException, InterruptedException {
    return load(Map.of(), pins);
  }

  /// @param constants of the programs instead of what was compiled, by name; for benchmarks
  public static Shield load(Map<String, Integer> constants)
      throws LibbpfException, IOException, InterruptedException {
    return load(constants, null);
  }

  private static Shield load(Map<String, Integer> constants, @Nullable Pins pins)
      throws LibbpfException, IOException, InterruptedException {
    var inheritance = new Inheritance(pins);
    byte[] elf;
    try (var stream = Shield.class.getResourceAsStream(OBJECT)) {
      if (stream == null) {
        throw new IOException(OBJECT + " is not on the class path. Build the kernel room anew");
      }
      elf = stream.readAllBytes();
    }
    var size = MeterSize.ofThisHost();
    var settings = new HashMap<>(constants);
    settings.put("flow_slots", size.flows());
    settings.put("source_slots", size.sources());
    settings.put("sample_slots", Floods.slots(size.processors()));
    var object =
        BpfObject.load(
            "shield",
            elf,
            opened -> {
              opened.set(settings);
              opened.size("flows", size.flows());
              opened.size("sources", size.sources());
              opened.size("sketches", size.processors());
              opened.size("samples", size.processors() * Floods.slots(size.processors()));
              for (var map : CaptureTap.entries(size.processors()).entrySet()) {
                opened.size(map.getKey(), map.getValue());
              }
              opened.only(PROGRAMS);
              inheritance.take(opened);
            });
    try {
      return new Shield(object, size, elf, settings, inheritance);
    } catch (LibbpfException | IOException | InterruptedException e) {
      object.close();
      throw e;
    }
  }

  /// Says that we are alive. To be called at least once a second.
  public void beat() throws LibbpfException {
    synchronized (life) {
      if (!closed) {
        beat.run(new byte[64], 1);
      }
    }
  }

  /// Forgets what has ended by itself. To be called once a second or so.
  public synchronized void sweep() throws LibbpfException {
    if (!closed) {
      bans.sweep();
    }
  }

  /// Leaves everything to the next process: what is attached goes on without a sign of life for so
  /// long. To be followed by the end of this process, not by [#close].
  public synchronized void handOver(Pins pins, int seconds) throws LibbpfException {
    control.set(JAVA_LONG, ShieldMemory.BEAT_TICKS, (long) hz * seconds);
    beat();
    pins.put(object);
  }

  /// Runs these programs where those of the process before ran, from one packet to the next.
  public synchronized void takeOver(BpfLink link, BpfLink.Hook hook, int interfaceIndex)
      throws LibbpfException {
    meter.claim(interfaceIndex);
    link.update(object.program(hook == BpfLink.Hook.TCX ? "shield_tcx" : "shield_xdp"));
  }

  /// What became of the state of the process before; empty where there was none.
  public String inherited() {
    return inheritance.sentence();
  }

  /// Who is signed in from afar now, instead of who was before.
  public synchronized void spare(Set<Operator> now) throws LibbpfException {
    if (!closed) {
      operators.set(now);
    }
  }

  /// Whose packets are judged on another interface than the one they come in at first, from now on.
  public synchronized void carry(Set<Carried> now) throws LibbpfException {
    if (!closed) {
      carried.set(now);
    }
  }

  /// What holds while this process is silent.
  public void onSilence(KernelSettings.OnSilence what) {
    int number =
        switch (what) {
          case OPEN -> 0;
          case KEEP -> 1;
          case CLOSED -> 2;
        };
    control.set(JAVA_INT, ShieldMemory.ON_SILENCE, number);
  }

  /// From now on the lens learns which packets of its connections are refused, and why.
  public synchronized void tell(LensTables lens) throws LibbpfException {
    if (!closed) {
      object.table("told_tuples").putMap(0, lens.tuples());
      object.table("told_records").putMap(0, lens.records());
      control.set(JAVA_LONG, ShieldMemory.LENS_SEED, lens.seed());
    }
  }

  /// Brings a rule set into force, whole.
  ///
  /// @return what is wrong with it; empty when it is in force
  public List<String> install(RuleSetSource source) throws LibbpfException {
    synchronized (rules) {
      var problems = installer.install(source, source.interfaces());
      if (problems.isEmpty()) {
        problems = bans.list(source.bans());
        inForce = source;
        maps = null;
      }
      return problems;
    }
  }

  /// Exchanges the rules in force for equal ones. The first rule sets of a process took several
  /// times as long as those after them. No packet is judged otherwise, and nothing is counted twice
  /// or lost.
  ///
  /// @param more whether they are to spare, in addition, who cannot send; to be taken back by a
  ///   call without it
  public void rehearse(boolean more) throws LibbpfException {
    synchronized (rules) {
      if (!closed) {
        installer.rehearse(inForce, inForce.interfaces(), more);
      }
    }
  }

  /// What each rule of the set in force decided, in their order, since it was first part of one.
  public List<RuleHits> ruleHits() throws LibbpfException {
    var hits = new ArrayList<RuleHits>();
    List<RuleHitCounters.Hits> all;
    synchronized (rules) {
      all = installer.hits();
    }
    for (var counted : all) {
      hits.add(counted.of(hits.size()));
    }
    return List.copyOf(hits);
  }

  /// Refuses a source, or holds it to a rate, from now on; takes microseconds and waits for no rule
  /// set. Ends by itself. Another ban of the same prefix is replaced, and of several that hold an
  /// address the longest prefix decides. Management and sessions are spared by the program.
  ///
  /// @return what is wrong; empty when it is in force
  public List<String> ban(Cidr source, Duration time, BanAction action) throws LibbpfException {
    return bans.ban(source, time, action);
  }

  /// Ends a ban, however it came; nothing happens where there is none.
  public void unban(Cidr source) throws LibbpfException {
    bans.unban(source);
  }

  /// What a ban has dropped; nothing where there is none.
  public BanHits banned(Cidr source) throws LibbpfException {
    return bans.hits(source);
  }

  /// @throws LibbpfException with EBUSY where another XDP program is attached, with EOPNOTSUPP
  ///   where the driver cannot
  public synchronized BpfLink attach(BpfLink.Hook hook, int interfaceIndex) throws LibbpfException {
    var name = hook == BpfLink.Hook.TCX ? "shield_tcx" : "shield_xdp";
    meter.claim(interfaceIndex);
    synchronized (rules) {
      if (inForce.rules().stream().anyMatch(rule -> !rule.match().interfaces().isEmpty())) {
        // It may be one that a rule names, under a number that was not known.
        installer.install(inForce, inForce.interfaces());
      }
    }
    return object.attachInterface(object.program(name), hook, interfaceIndex);
  }

  /// Packets and bytes of one interface by verdict, since the programs were loaded.
  public synchronized KernelStatus.Counters counters(int interfaceIndex) throws LibbpfException {
    return meter.counters(interfaceIndex).counters();
  }

  /// Both in one reading.
  public synchronized MeteredInterface counted(int interfaceIndex) throws LibbpfException {
    return meter.counters(interfaceIndex);
  }

  /// What dry-run let pass though a rule would have dropped it.
  public synchronized List<KernelStatus.Drop> wouldDrop(int interfaceIndex) throws LibbpfException {
    return meter.counters(interfaceIndex).wouldDrop();
  }

  /// The busiest first. Addresses that share a slot of the table with a busier one are not listed.
  public synchronized List<MeteredSource> sources(int limit) throws LibbpfException {
    return meter.sources(limit);
  }

  /// The busiest first.
  public synchronized List<MeteredFlow> flows(int limit) throws LibbpfException {
    return meter.flows(limit);
  }

  /// Counts from now on what leaves an interface, beside other programs there.
  public synchronized BpfLink attachOut(int interfaceIndex) throws LibbpfException {
    meter.claim(interfaceIndex);
    return object.attachInterface(
        object.program("meter_out"), BpfLink.Hook.TCX_OUT, interfaceIndex);
  }

  /// What came in: packets = sum over its flows + evicted + unlisted.
  public synchronized MeterTotals totals() throws LibbpfException {
    return meter.totals();
  }

  /// The same of what left.
  public synchronized MeterTotals sentTotals() throws LibbpfException {
    return meter.sentTotals();
  }

  /// What left an interface, and what was merged there before it was counted.
  public synchronized MeteredWire wire(int interfaceIndex) throws LibbpfException {
    return meter.wire(interfaceIndex);
  }

  /// The same of the list of sources, in which what is not IP does not stand.
  public synchronized MeterTotals sourceTotals() throws LibbpfException {
    return meter.sourceTotals();
  }

  /// Whether two interfaces would count into the same counters.
  public static boolean collide(int oneIndex, int otherIndex) {
    return oneIndex != otherIndex && Meter.slot(oneIndex) == Meter.slot(otherIndex);
  }

  /// Where programs are put that packets meet besides these.
  public Chain chain() {
    return chain;
  }

  ShortWay shortWay() {
    return shortWay;
  }

  /// Who sends how much, and whether a SYN flood is on.
  public Floods floods() {
    return floods;
  }

  private long floodTicksLeft() {
    return control.get(JAVA_LONG, ShieldMemory.FLOOD_UNTIL)
        - control.get(JAVA_LONG, ShieldMemory.JIFFIES);
  }

  /// Where packets can be taken out, with the verdicts of these programs.
  public CaptureTap captures() {
    return captures;
  }

  public String libraryVersion() {
    return libraryVersion;
  }

  /// What the verifier said of each program: its statistics.
  public Map<String, String> verifierLogs() {
    return object.verifierLogs();
  }

  /// What all maps take, as the kernel counts it.
  public synchronized long memoryBytes() {
    long listed = maps().stream().mapToLong(KernelStatus.KernelMap::bytes).sum();
    synchronized (rules) {
      return listed + installer.unlistedBytes();
    }
  }

  private List<KernelStatus.KernelMap> maps() {
    var known = maps;
    if (known == null) {
      known = object.mapsStatus();
      maps = known;
    }
    return known;
  }

  /// Runs one of the programs without an interface, for tests and benchmarks.
  public TestRun testRun(String program) {
    return object.testRun(object.program(program));
  }

  /// For the kernel page. The memory of all maps stands with the first program.
  public synchronized List<KernelStatus.Program> status(boolean attached, String why) {
    var status = new ArrayList<KernelStatus.Program>();
    for (var program : object.programs()) {
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
                program.verified(),
                program.machineBytes(),
                first ? memoryBytes() : 0,
                first ? maps() : List.of()));
      }
    }
    return status;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      synchronized (life) {
        synchronized (rules) {
          closed = true;
        }
      }
      bans.close();
      synchronized (rules) {
        installer.close();
      }
      captures.close();
      chain.close();
      object.close();
    }
  }
}
