package io.ostiary.kernel;

import io.ostiary.kernel.capture.CaptureTap;
import io.ostiary.kernel.flood.FloodWatch;
import io.ostiary.kernel.libbpf.Libbpf;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.BanAction;
import io.ostiary.kernel.shield.LensTables;
import io.ostiary.kernel.shield.RuleSetSource;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.kernel.stage.Stages;
import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.FloodReport;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelSet;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelSettings.Interfaces;
import io.ostiary.model.KernelStage;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.PacketView;
import io.ostiary.model.RulePast;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The shield and the meter on this host's interfaces. Follows interfaces that come and go, and
/// tells the programs twice a second that we are alive; when it falls silent they pass everything.
///
/// Shared by control-plane threads; never called from an event loop.
public final class Kernel implements PacketView, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Kernel.class);
  private static final long BEAT_MILLIS = 500;
  private static final long FOLLOW_MILLIS = 1000;
  private static final KernelStatus.Counters NOTHING = new KernelStatus.Counters(0, 0, List.of());

  private final Shield shield;
  private final Stages stages;
  private final Outgoing outgoing;
  private final Takeover takeover;
  private final Attachments attachments;
  private final OperatorSessions operators = new OperatorSessions();
  private final Thread heart;
  private final Thread follower;
  private final FloodWatch floods;
  private Interfaces wanted = new Interfaces.Off();
  private volatile boolean dryRun;

  /// What the settings in force are about; guarded by `applying`.
  private @Nullable Place watched;

  /// Held while settings are brought into force; taken before this object's own lock, for which a
  /// change of rules does not wait: the follower and readers may hold it for milliseconds.
  private final Object applying = new Object();

  /// When rules or sets changed after the first.
  private volatile long changedNanos = System.nanoTime() - Duration.ofDays(1).toNanos();

  private volatile long rulesVersion;
  private int rounds;

  /// What came in lately, for rules that are not in force yet.
  private final FlowHistory history = new FlowHistory();

  private volatile Map<String, List<Cidr>> sets = Map.of();

  /// Why the programs do not hear from us; empty while they do.
  private volatile String silence = "";

  private volatile boolean closed;

  /// What came of opening it.
  public sealed interface Opened {
    record Running(Kernel kernel) implements Opened {}

    /// @param sentence what is missing and how to grant it
    record Unavailable(String sentence) implements Opened {}
  }

  private Kernel(Shield shield, DeviceProbe probe, Takeover takeover) throws LibbpfException {
    this.shield = shield;
    this.takeover = takeover;
    this.stages = new Stages(shield, Clock.systemUTC());
    this.outgoing = new Outgoing(shield);
    this.attachments = new Attachments(shield, probe, takeover);
    this.floods = new FloodWatch(shield.floods());
    this.heart = Thread.ofPlatform().daemon().name("kernel-heart").unstarted(this::beat);
    this.follower =
        Thread.ofPlatform().daemon().name("kernel-follow").unstarted(this::followOthers);
  }

  /// Loads the programs; they are attached by the first [#apply].
  public static Opened open() {
    return open(Path.of("/sys/fs/bpf/ostiary/process-" + ProcessHandle.current().pid()), true);
  }

  /// Loads the programs; they are attached by the first [#apply].
  ///
  /// @param handOver a folder of the BPF file system for this Ostiary in this network namespace
  /// @param waitedFor whether nothing is served before; otherwise calls come first
  public static Opened open(Path handOver, boolean waitedFor) {
    try {
      var library = Libbpf.load();
      var takeover = new Takeover(handOver, library);
      var shield = ShieldLoading.load(takeover.pins(), waitedFor);
      var kernel = new Kernel(shield, new DeviceProbe(library), takeover);
      takeover.begin();
      kernel.shield.beat();
      kernel.spareOperators();
      kernel.heart.start();
      kernel.follower.start();
      kernel.stages.start();
      return new Opened.Running(kernel);
    } catch (LibbpfException e) {
      return new Opened.Unavailable(Sentences.whyNot(e));
    } catch (IOException e) {
      return new Opened.Unavailable("the kernel side is off: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Opened.Unavailable("the kernel side is off: interrupted while it was loaded");
    }
  }

  /// Takes away what a process before may have left for one that uses the kernel.
  public static void forget(Path handOver) {
    try {
      if (Files.isDirectory(handOver)) {
        new Takeover(handOver, Libbpf.load()).end();
      }
    } catch (LibbpfException e) {
      LOG.debug("without libbpf nothing was left: {}", e.getMessage());
    }
  }

  /// Brings settings and bans into force: interfaces, then rules.
  ///
  /// Peers of SSH sessions are spared on their port without being named.
  ///
  /// @param management sources beside those of the settings that nothing may refuse
  /// @return what is wrong; empty when all of it is in force. The rules before stay otherwise.
  public List<String> apply(
      KernelSettings settings, Collection<Ban> bans, Collection<Cidr> management) {
    return apply(settings, bans, management, KernelSet.inline(settings.sets()));
  }

  /// The same where sets come from files or the web.
  ///
  /// @param sets what the sets of the settings hold, by name
  public List<String> apply(
      KernelSettings settings,
      Collection<Ban> bans,
      Collection<Cidr> management,
      Map<String, List<Cidr>> sets) {
    synchronized (applying) {
      try {
        var place = Place.of(settings);
        // To ask for interfaces takes longer than the rules themselves.
        boolean known = place.equals(watched);
        var chosen = known ? attachments.chosen() : place.choose();
        if (!known && place.named() && !chosen.missing().isEmpty()) {
          return chosen.missing().stream().map(Sentences::unknown).toList();
        }
        var above = chosen.above(place.names());
        var problems = shield.install(RuleSetSource.of(settings, sets, bans, management, above));
        if (problems.isEmpty()) {
          installed(settings, sets, place);
        }
        return problems;
      } catch (LibbpfException e) {
        return List.of("kernel.rules: not in force: " + e.getMessage());
      }
    }
  }

  /// The rules are in force; the rest follows.
  private void installed(KernelSettings settings, Map<String, List<Cidr>> now, Place place) {
    shield.onSilence(settings.safety().onSilence());
    sets = now;
    dryRun = settings.dryRun();
    long version = rulesVersion;
    if (version > 0) {
      changedNanos = System.nanoTime();
    }
    rulesVersion = version + 1;
    synchronized (this) {
      if (!place.equals(watched)) {
        watched = place;
        attachments.name(place.names());
        wanted = settings.interfaces();
        follow();
      }
      stages.apply(settings.stages());
      takeover.end();
    }
  }

  /// How long ago rules or sets were changed.
  public Duration unchanged() {
    return Duration.ofNanos(System.nanoTime() - changedNanos);
  }

  /// Makes the first change of rules as quick as the next ones; returns at once.
  ///
  /// @param before what else a change begins with
  public void rehearse(Runnable before) {
    Rehearsal.begin(before, shield);
  }

  /// What the verifier said of each program: its statistics.
  public Map<String, String> verifierLogs() {
    return shield.verifierLogs();
  }

  /// Where packets can be taken out.
  public CaptureTap captureTap() {
    return shield.captures();
  }

  /// Bans a source at once, as [Shield#ban] says; to be told in the next [#apply] as well where it
  /// is to be listed.
  public List<String> ban(Cidr source, Duration time, BanAction action) {
    try {
      return shield.ban(source, time, action);
    } catch (LibbpfException e) {
      return List.of("ban: %s is not in force: %s".formatted(source, e.getMessage()));
    }
  }

  /// Ends a ban at once.
  public List<String> unban(Cidr source) {
    try {
      shield.unban(source);
      return List.of();
    } catch (LibbpfException e) {
      return List.of("ban: %s still stands: %s".formatted(source, e.getMessage()));
    }
  }

  @Override
  public @Nullable BanHits banned(Cidr source) {
    try {
      var hits = shield.banned(source);
      return new BanHits(hits.packets(), hits.bytes());
    } catch (LibbpfException e) {
      return null;
    }
  }

  /// From now on the lens learns which packets of its connections are refused, and why.
  public void tell(LensTables lens) {
    try {
      shield.tell(lens);
    } catch (LibbpfException e) {
      LOG.warn("calls do not tell what rules refused of them: {}", e.getMessage());
    }
  }

  /// Users' own programs, to be told what they need to know.
  public Stages ownStages() {
    return stages;
  }

  @Override
  public List<KernelStage> stages() {
    return stages.list();
  }

  @Override
  public String turnStage(String name, boolean on) {
    return stages.turn(name, on);
  }

  /// From now on, who is connected to this port is spared for it, as those are who came by SSH.
  public synchronized void spareAt(int port) {
    operators.add(port);
  }

  private synchronized void spareOperators() throws LibbpfException {
    var now = operators.look();
    if (now != null) {
      shield.spare(now);
    }
  }

  private void follow() {
    attachments.follow(wanted);
    outgoing.follow(
        attachments.all().stream()
            .filter(attachment -> attachment.attached() && !attachment.device().loopback())
            .map(attachment -> attachment.device().index())
            .collect(Collectors.toSet()));
    stages.markBehindXdp(
        attachments.all().stream()
            .filter(attachment -> attachment.mode().startsWith("xdp"))
            .map(attachment -> attachment.device().index())
            .collect(Collectors.toSet()));
  }

  /// Nothing but the sign of life: it waits for nobody.
  private void beat() {
    while (!closed) {
      try {
        shield.beat();
        silence = "";
      } catch (LibbpfException e) {
        if (silence.isEmpty()) {
          LOG.warn("the kernel programs were not told that we are alive: {}", e.getMessage());
        }
        silence = "The rules are suspended: " + e.getMessage() + ". ";
      }
      if (!slept(BEAT_MILLIS)) {
        return;
      }
    }
  }

  private void followOthers() {
    while (slept(FOLLOW_MILLIS)) {
      synchronized (this) {
        if (closed) {
          return;
        }
        rounds++;
        try {
          follow();
          spareOperators();
          shield.sweep();
          if (rounds % FlowHistory.STEP_SECONDS == 0) {
            history.add(shield.flows(Integer.MAX_VALUE), shield.totals());
          }
        } catch (LibbpfException e) {
          LOG.warn("the kernel's lists are not up to date: {}", e.getMessage());
        }
      }
    }
  }

  private static boolean slept(long millis) {
    try {
      Thread.sleep(millis);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  @Override
  public synchronized KernelStatus status() {
    boolean attached = attachments.all().stream().anyMatch(Attachment::attached);
    try {
      var interfaces = new ArrayList<KernelStatus.Interface>();
      long would = 0;
      for (var attachment : attachments.all()) {
        var device = attachment.device();
        var counted = shield.counted(device.index());
        would += counted.wouldDrop().stream().mapToLong(KernelStatus.Drop::packets).sum();
        interfaces.add(
            new KernelStatus.Interface(
                device.name(),
                device.index(),
                device.driver(),
                attachment.mode(),
                attachment.why(),
                attachment.facts(),
                attachment.attached() ? counted.counters() : NOTHING));
      }
      return status(
          attached,
          silence
              + Sentences.watching(
                  attachments.all(), wanted, attachments.missing(), dryRun ? would : -1),
          interfaces,
          shield.status(attached, attached ? "" : "attached to no interface"));
    } catch (LibbpfException e) {
      return status(
          false, "The kernel programs cannot be read: " + e.getMessage(), List.of(), List.of());
    }
  }

  private KernelStatus status(
      boolean running,
      String sentence,
      List<KernelStatus.Interface> interfaces,
      List<KernelStatus.Program> programs) {
    return new KernelStatus(
        running,
        sentence,
        System.getProperty("os.version"),
        shield.libraryVersion(),
        dryRun,
        rulesVersion,
        interfaces,
        programs);
  }

  @Override
  public synchronized Metered metered() {
    return outgoing.metered(
        attachments.all().stream().filter(Attachment::attached).map(Attachment::device).toList());
  }

  @Override
  public List<Source> sources(int limit) {
    return read(() -> shield.sources(limit).stream().map(MeterView::of).toList());
  }

  @Override
  public List<RuleHits> ruleHits() {
    return read(shield::ruleHits);
  }

  private interface Reading<T> {
    List<T> rows() throws LibbpfException;
  }

  /// Nothing, where the tables cannot be read.
  private static <T> List<T> read(Reading<T> reading) {
    try {
      return reading.rows();
    } catch (LibbpfException e) {
      return List.of();
    }
  }

  @Override
  public RulePast past(KernelRule rule) {
    return history.past(rule, sets, interfaceNames());
  }

  private synchronized Map<Integer, String> interfaceNames() {
    return attachments.all().stream()
        .map(Attachment::device)
        .collect(Collectors.toMap(NetworkInterfaces.Found::index, NetworkInterfaces.Found::name));
  }

  @Override
  public Map<String, List<Cidr>> sets() {
    return sets;
  }

  @Override
  public List<Flow> flows(int limit) {
    return read(() -> shield.flows(limit).stream().map(MeterView::of).toList());
  }

  @Override
  public FloodReport flood() {
    return floods.report();
  }

  /// Ends as [#close] does, but that the programs go on with the rules as they are until the next
  /// process takes over, or half a minute is over.
  ///
  /// @return empty, or why they could not be left; they are gone then
  public String handOver() {
    end();
    synchronized (this) {
      outgoing.close();
      try {
        takeover.leave(shield, attachments.all());
        return "";
      } catch (LibbpfException | IOException e) {
        takeover.end();
        close();
        return "the kernel programs end with this process: %s (expected: a BPF file system, `mount -t bpf bpf /sys/fs/bpf`)"
            .formatted(e.getMessage());
      }
    }
  }

  private void end() {
    closed = true;
    floods.close();
    heart.interrupt();
    follower.interrupt();
  }

  @Override
  public void close() {
    end();
    synchronized (this) {
      outgoing.close();
      attachments.close();
      takeover.end();
      stages.close();
      shield.close();
    }
  }
}
