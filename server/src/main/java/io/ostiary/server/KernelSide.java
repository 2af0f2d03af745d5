package io.ostiary.server;

import io.ostiary.insight.NetworkPlace;
import io.ostiary.kernel.Kernel;
import io.ostiary.kernel.balance.Balancer;
import io.ostiary.kernel.capture.CaptureTap;
import io.ostiary.kernel.capture.Captures;
import io.ostiary.kernel.sets.SetLibrary;
import io.ostiary.kernel.shield.BanAction;
import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.ConnectionLens;
import io.ostiary.model.FloodReport;
import io.ostiary.model.KernelMemory;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelSettings.Interfaces;
import io.ostiary.model.KernelStage;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.Listener;
import io.ostiary.model.PacketView;
import io.ostiary.model.RulePast;
import io.ostiary.model.Service;
import io.ostiary.model.ServiceView;
import io.ostiary.model.Snapshot;
import io.ostiary.model.capture.PacketCaptures;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The kernel room as the others see it: there before the first snapshot, loaded when a snapshot
/// asks for it, and silent with one sentence where it cannot run.
///
/// Event loops read the lens, and control-plane threads the packets, through volatile fields;
/// everything else happens in [#apply] and [#close], which take turns.
final class KernelSide implements AutoCloseable, PacketView {
  private static final Logger LOG = LoggerFactory.getLogger(KernelSide.class);

  private volatile @Nullable Kernel kernel;

  /// Why it does not run; empty while nothing is wrong.
  private volatile String kernelMissing = "Packets are not inspected yet.";

  /// How many rules nobody enforces, because the shield cannot run.
  private volatile int notInForce;

  private final Path stagesFolder;
  private final SetLibrary sets;
  private final Path handOver;
  private final Captures captures;
  private final UpstreamAddresses upstreams =
      new UpstreamAddresses(() -> again("upstreams have moved"));
  private final Balancer balancer = new Balancer(this::watched);
  private final LensSide lens = new LensSide();
  private final LoopSide loops;
  private boolean asked;
  private boolean serves;
  private @Nullable CompletableFuture<Kernel.Opened> opening;
  private int controlPort;
  private @Nullable Snapshot applied;

  /// @param stagesFolder where users' own programs are, if the configuration names no folder
  /// @param handOver where programs wait for the next process
  /// @param capturesFolder where captured packets are kept
  /// @param loops event loops between which new connections are to be chosen for
  KernelSide(Path stagesFolder, Path handOver, Path capturesFolder, int loops) {
    this.loops = new LoopSide(loops);
    this.stagesFolder = stagesFolder;
    this.handOver = handOver;
    sets = new SetLibrary(stagesFolder.resolveSibling("sets"), () -> again("sets have changed"));
    captures = new Captures(capturesFolder, new Tap(), Clock.systemUTC());
  }

  /// Where captures take packets from.
  private final class Tap implements Captures.Place {
    @Override
    public @Nullable CaptureTap tap() {
      var running = kernel;
      return running == null ? null : running.captureTap();
    }

    @Override
    public KernelStatus status() {
      return KernelSide.this.status();
    }
  }

  @Override
  public PacketCaptures captures() {
    return captures;
  }

  ConnectionLens lens() {
    return lens;
  }

  LoopSide loops() {
    return loops;
  }

  /// Watches the connections of a snapshot's listeners before these are opened, so that the first
  /// ones have their facts too. Loads the shield meanwhile, for [#apply], if it will have to judge.
  synchronized void prepare(Snapshot snapshot) {
    if (snapshot.kernel().interfaces() instanceof Interfaces.Off) {
      if (!lens.asked()) {
        loops.off();
      }
      return;
    }
    load(judges(snapshot), true);
    loops.loaded();
    var ports = new LinkedHashSet<>(ports(snapshot));
    if (applied != null) {
      ports.addAll(ports(applied));
    }
    lens.watchPorts(ports);
  }

  /// Whether packets are to be judged by anything that the snapshot says.
  static boolean judges(Snapshot snapshot) {
    var settings = snapshot.kernel();
    boolean runs = !(settings.interfaces() instanceof Interfaces.Off);
    return runs
        && !(settings.rules().isEmpty()
            && snapshot.services().isEmpty()
            && snapshot.bans().stream().noneMatch(ban -> ban.place() == Ban.Place.KERNEL));
  }

  /// Brings the kernel's part of a snapshot into force.
  ///
  /// @return what is wrong with it; empty when it is in force, and also where the kernel side
  ///   cannot run at all, which its status says
  synchronized List<String> apply(Snapshot snapshot) {
    boolean off = snapshot.kernel().interfaces() instanceof Interfaces.Off;
    if (off && !asked) {
      Kernel.forget(handOver);
      kernelMissing =
          "Packets are not inspected, because the configuration says kernel.interfaces: off.";
      return List.of();
    }
    load(true, judges(snapshot));
    loaded();
    lens.watchPorts(off ? Set.of() : ports(snapshot));
    var running = kernel;
    notInForce = running == null ? snapshot.kernel().rules().size() : 0;
    if (running == null) {
      return List.of();
    }
    var problems = balance(off ? List.of() : snapshot.services());
    if (!problems.isEmpty()) {
      return problems;
    }
    problems =
        running.apply(
            snapshot.kernel(),
            snapshot.bans(),
            neverRefused(snapshot),
            sets.become(snapshot.kernel().sets()));
    if (problems.isEmpty()) {
      if (serves && applied == null) {
        running.rehearse(sets::rehearse);
      }
      applied = snapshot;
      captures.apply(snapshot.kernel().captures());
    } else {
      var before = applied;
      balance(before == null ? List.of() : before.services());
    }
    return problems;
  }

  /// How long ago rules or sets were changed.
  Duration unchanged() {
    return ask(Kernel::unchanged, Duration.ofDays(1));
  }

  /// Enforces a ban at once; waits for no rule set.
  ///
  /// @return what is wrong; empty where it is in force, and also where the kernel side does not run
  List<String> ban(Ban ban) {
    var lasts = Duration.between(ban.since(), ban.until());
    return ask(running -> running.ban(ban.source(), lasts, BanAction.of(ban.action())), List.of());
  }

  void unban(Cidr source) {
    tell(running -> running.unban(source).forEach(problem -> LOG.warn("{}", problem)));
  }

  private List<String> balance(List<Service> services) {
    return balancer.apply(
        services, controlPort > 0 ? List.of(new InetSocketAddress(controlPort)) : List.of());
  }

  /// Where packets from elsewhere come in.
  private Set<Integer> watched() {
    return ask(Kernel::status, off()).interfaces().stream()
        .filter(device -> !device.mode().equals("off") && !device.driver().equals("loopback"))
        .map(KernelStatus.Interface::index)
        .collect(Collectors.toSet());
  }

  @Override
  public ServiceView.View services() {
    return kernel == null
        ? new ServiceView.View("Services do not run. " + kernelMissing, List.of())
        : balancer.services();
  }

  /// Each once, side by side, since each waits for the verifier; the shield is waited for or not.
  private void load(boolean shieldToo, boolean waitedFor) {
    if (shieldToo && !asked) {
      asked = true;
      opening = CompletableFuture.supplyAsync(() -> Kernel.open(handOver, waitedFor));
    }
    if (!lens.asked()) {
      loops.load();
      lens.attach();
    }
  }

  private void loaded() {
    var pending = opening;
    if (pending == null) {
      return;
    }
    opening = null;
    switch (pending.join()) {
      case Kernel.Opened.Running(var running) -> {
        if (controlPort > 0) {
          running.spareAt(controlPort);
        }
        running.ownStages().otherwiseIn(stagesFolder);
        lens.tellBy(running);
        kernel = running;
      }
      case Kernel.Opened.Unavailable(var sentence) -> kernelMissing = sentence;
    }
  }

  private static Set<Integer> ports(Snapshot snapshot) {
    return Listener.ports(snapshot.listeners());
  }

  /// Proxies in front of us speak for many, and without its upstreams the gateway is of no use.
  private Set<Cidr> neverRefused(Snapshot snapshot) {
    var spared = new LinkedHashSet<>(snapshot.gateway().trustedProxies());
    spared.addAll(upstreams.of(snapshot));
    for (var service : snapshot.services()) {
      service.targets().forEach(target -> spared.add(Cidr.parse(target.address())));
    }
    return spared;
  }

  /// What rules are made of has changed, and nothing else: no more than that is applied again.
  private synchronized void again(String what) {
    var snapshot = applied;
    var running = kernel;
    if (snapshot != null && running != null) {
      var spared = neverRefused(snapshot);
      var problems = running.apply(snapshot.kernel(), snapshot.bans(), spared, sets.now());
      problems.forEach(problem -> LOG.warn("{}, and the rules stay: {}", what, problem));
    }
  }

  /// Makes the first change of rules as quick as the next ones; returns at once.
  synchronized void rehearse() {
    serves = true;
    tell(running -> running.rehearse(sets::rehearse));
  }

  /// Tells where the control plane listens: whoever is connected there is never refused there.
  synchronized void controlAt(int port) {
    controlPort = port;
    tell(running -> running.spareAt(port));
  }

  /// Where packets of an interface come in, and what the shield said of those that passed.
  NetworkPlace place(int index) {
    return NetworkPlaces.of(status(), index);
  }

  /// What the verifier made of the programs otherwise than at the start before.
  List<String> changedPrograms(Path folder) {
    var logs = new TreeMap<String, String>();
    tell(running -> logs.putAll(running.verifierLogs()));
    logs.putAll(lens.verifierLogs());
    logs.putAll(balancer.verifierLogs());
    logs.putAll(loops.verifierLogs());
    return VerifiedPrograms.keep(folder, status(), logs);
  }

  @Override
  public KernelStatus status() {
    var running = kernel;
    var status = running == null ? off() : running.status();
    var programs = new ArrayList<>(status.programs());
    programs.addAll(lens.programs());
    programs.addAll(balancer.programs());
    programs.addAll(loops.programs());
    var sentence = new StringBuilder(status.sentence()).append(sets.sentence());
    if (notInForce > 0) {
      sentence
          .append(" Not in force: ")
          .append(notInForce == 1 ? "the rule" : "all %,d rules".formatted(notInForce))
          .append(" of kernel.rules.");
    }
    if (running != null) {
      sentence.append(' ').append(KernelMemory.sentence(KernelMemory.bytes(programs)));
    }
    if (!lens.missing().isEmpty() && running != null) {
      sentence.append(' ').append(lens.missing());
    }
    return new KernelStatus(
        status.running(),
        sentence.toString(),
        status.kernelRelease(),
        status.libbpfVersion(),
        status.dryRun(),
        status.rulesVersion(),
        status.interfaces(),
        programs);
  }

  private <T> T ask(Function<Kernel, T> question, T otherwise) {
    var running = kernel;
    return running == null ? otherwise : question.apply(running);
  }

  private void tell(Consumer<Kernel> what) {
    var running = kernel;
    if (running != null) {
      what.accept(running);
    }
  }

  private KernelStatus off() {
    var release = System.getProperty("os.version");
    return new KernelStatus(false, kernelMissing, release, null, false, 0, List.of(), List.of());
  }

  @Override
  public List<Source> sources(int limit) {
    return ask(running -> running.sources(limit), List.of());
  }

  @Override
  public Map<String, Long> socketDrops() {
    return lens.drops();
  }

  @Override
  public Metered metered() {
    return ask(Kernel::metered, Metered.NOTHING);
  }

  @Override
  public List<RuleHits> ruleHits() {
    return ask(Kernel::ruleHits, List.of());
  }

  @Override
  public @Nullable BanHits banned(Cidr source) {
    var running = kernel;
    return running == null ? null : running.banned(source);
  }

  @Override
  public RulePast past(KernelRule rule) {
    return ask(running -> running.past(rule), RulePast.NOTHING);
  }

  @Override
  public Map<String, List<Cidr>> sets() {
    return ask(Kernel::sets, Map.of());
  }

  @Override
  public List<Flow> flows(int limit) {
    return ask(running -> running.flows(limit), List.of());
  }

  @Override
  public List<KernelStage> stages() {
    return ask(Kernel::stages, List.of());
  }

  @Override
  public void called(LedgerSlot call) {
    var running = kernel; // without [#tell]: an object for each call
    if (running != null) {
      running.ownStages().called(call);
    }
  }

  @Override
  public String turnStage(String name, boolean on) {
    var running = kernel;
    return running == null ? PacketView.super.turnStage(name, on) : running.turnStage(name, on);
  }

  /// Ends as [#close] does, but leaves the programs for the next process, and goes on to measure
  /// the connections that are left here until [#close].
  ///
  /// @return empty, or why they could not be left
  synchronized String leave() {
    loops.leave();
    upstreams.close();
    applied = null;
    loaded();
    var running = kernel;
    kernel = null;
    kernelMissing = "The kernel side has ended.";
    var why = running == null ? "" : running.handOver();
    sets.close();
    captures.close();
    balancer.close();
    return why;
  }

  @Override
  public FloodReport flood() {
    return ask(Kernel::flood, FloodReport.NONE);
  }

  @Override
  public synchronized void close() {
    loaded();
    sets.close();
    upstreams.close();
    applied = null;
    captures.close();
    balancer.close();
    var running = kernel;
    kernel = null;
    kernelMissing = "The kernel side has ended.";
    if (running != null) {
      running.close();
    }
    lens.close();
    loops.close();
  }
}
