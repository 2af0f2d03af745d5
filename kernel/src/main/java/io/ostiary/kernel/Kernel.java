package io.ostiary.kernel;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.MeteredFlow;
import io.ostiary.kernel.shield.MeteredSource;
import io.ostiary.kernel.shield.RuleSetSource;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelSettings.Interfaces;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.PacketView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The shield and the meter on this host's interfaces. Follows interfaces that come and go, and
/// tells the programs twice a second that we are alive; when it falls silent they pass everything.
///
/// Shared by control-plane threads; never called from an event loop.
public final class Kernel implements PacketView, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Kernel.class);
  private static final long BEAT_MILLIS = 500;

  private final Shield shield;
  private final Map<Integer, Attachment> attachments = new LinkedHashMap<>();
  private final Thread heart;
  private Interfaces wanted = new Interfaces.Off();
  private List<String> missing = List.of();
  private boolean dryRun;
  private long rulesVersion;
  private volatile boolean closed;

  /// What came of opening it.
  public sealed interface Opened {
    record Running(Kernel kernel) implements Opened {}

    /// @param sentence what is missing and how to grant it
    record Unavailable(String sentence) implements Opened {}
  }

  private Kernel(Shield shield) {
    this.shield = shield;
    this.heart = Thread.ofPlatform().daemon().name("kernel-heart").unstarted(this::beat);
  }

  /// Loads the programs; they are attached by the first [#apply].
  public static Opened open() {
    try {
      var kernel = new Kernel(Shield.load());
      kernel.heart.start();
      return new Opened.Running(kernel);
    } catch (LibbpfException e) {
      return new Opened.Unavailable(sentence(e));
    } catch (IOException e) {
      return new Opened.Unavailable("the kernel side is off: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Opened.Unavailable("the kernel side is off: interrupted while it was loaded");
    }
  }

  private static String sentence(LibbpfException e) {
    if (e.isRefused()) {
      return "Packets are not inspected, because this process may not load kernel programs (%s): run it as root, or grant CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON (systemd: AmbientCapabilities=)."
          .formatted(e.getMessage());
    }
    return "Packets are not inspected: %s (expected: Linux 6.6 or newer with BTF, and libbpf 1.1 or newer; on Debian: apt-get install libbpf1)."
        .formatted(e.getMessage());
  }

  /// Brings settings and bans into force: interfaces, then rules.
  ///
  /// @param management sources beside those of the settings that nothing may refuse
  /// @return what is wrong; empty when all of it is in force. The rules before stay otherwise.
  public synchronized List<String> apply(
      KernelSettings settings, Collection<Ban> bans, Collection<Cidr> management) {
    var spared = new ArrayList<>(settings.management());
    spared.addAll(management);
    try {
      var chosen = NetworkInterfaces.choose(settings.interfaces());
      if (settings.interfaces() instanceof Interfaces.Named && !chosen.missing().isEmpty()) {
        return chosen.missing().stream().map(Kernel::unknown).toList();
      }
      var problems =
          shield.install(new RuleSetSource(settings.rules(), bans, spared, settings.dryRun()));
      if (!problems.isEmpty()) {
        return problems;
      }
      wanted = settings.interfaces();
      dryRun = settings.dryRun();
      rulesVersion++;
      follow();
      return List.of();
    } catch (LibbpfException e) {
      return List.of("kernel.rules: not in force: " + e.getMessage());
    }
  }

  private static String unknown(String name) {
    return "kernel.interfaces: %s (expected: an interface of this host, as `ip link` lists them)"
        .formatted(name);
  }

  /// Attaches to what is wanted and new, and forgets what is gone or no longer wanted.
  private void follow() {
    var chosen = NetworkInterfaces.choose(wanted);
    missing = chosen.missing();
    var wantedNow =
        chosen.found().stream()
            .collect(Collectors.toMap(NetworkInterfaces.Found::index, found -> found, (a, b) -> a));
    attachments
        .entrySet()
        .removeIf(entry -> {
          boolean gone = !wantedNow.containsKey(entry.getKey());
          if (gone) {
            entry.getValue().close();
          }
          return gone;
        });
    for (var found : wantedNow.values()) {
      attachments.computeIfAbsent(found.index(), index -> Attachment.of(shield, found));
    }
  }

  private void beat() {
    while (!closed) {
      try {
        shield.beat();
        synchronized (this) {
          if (!closed) {
            follow();
          }
        }
        Thread.sleep(BEAT_MILLIS);
      } catch (LibbpfException e) {
        LOG.warn("the kernel programs were not told that we are alive: {}", e.getMessage());
        return;
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  @Override
  public synchronized KernelStatus status() {
    try {
      var interfaces = new ArrayList<KernelStatus.Interface>();
      for (var attachment : attachments.values()) {
        var device = attachment.device();
        interfaces.add(
            new KernelStatus.Interface(
                device.name(),
                device.index(),
                device.driver(),
                attachment.mode(),
                attachment.why(),
                shield.counters(device.index())));
      }
      boolean attached = attachments.values().stream().anyMatch(Attachment::attached);
      return new KernelStatus(
          attached,
          sentence(attached),
          System.getProperty("os.version"),
          null,
          dryRun,
          rulesVersion,
          interfaces,
          shield.status(attached, attached ? "" : "attached to no interface"));
    } catch (LibbpfException e) {
      return new KernelStatus(
          false,
          "the kernel programs cannot be read: " + e.getMessage(),
          System.getProperty("os.version"),
          null,
          dryRun,
          rulesVersion,
          List.of(),
          List.of());
    }
  }

  private String sentence(boolean attached) {
    var watched =
        attachments.values().stream()
            .map(attachment -> attachment.device().name() + " (" + attachment.mode() + ")")
            .collect(Collectors.joining(", "));
    var gone = missing.isEmpty() ? "" : " Not there: " + String.join(", ", missing) + ".";
    if (!attached) {
      return (wanted instanceof Interfaces.Off
              ? "Packets are not inspected, because the configuration says kernel.interfaces: off."
              : "Packets are not inspected: no interface takes the programs. " + watched)
          + gone;
    }
    return "Watching " + watched + "." + (dryRun ? " Dry run: nothing is dropped." : "") + gone;
  }

  @Override
  public List<Source> sources(int limit) {
    try {
      return shield.sources().stream()
          .sorted(Comparator.comparingLong(MeteredSource::packets).reversed())
          .limit(limit)
          .map(source ->
              new Source(
                  source.address(),
                  source.packets(),
                  source.bytes(),
                  source.droppedPackets(),
                  source.lastNanos()))
          .toList();
    } catch (LibbpfException e) {
      return List.of();
    }
  }

  @Override
  public List<Flow> flows(int limit) {
    try {
      return shield.flows().stream()
          .sorted(Comparator.comparingLong(MeteredFlow::packets).reversed())
          .limit(limit)
          .map(flow ->
              new Flow(
                  flow.source(),
                  flow.sourcePort(),
                  flow.destination(),
                  flow.destinationPort(),
                  flow.protocol(),
                  flow.vlan(),
                  flow.interfaceIndex(),
                  flow.packets(),
                  flow.bytes(),
                  flow.firstNanos(),
                  flow.lastNanos(),
                  flow.tcpFlags()))
          .toList();
    } catch (LibbpfException e) {
      return List.of();
    }
  }

  @Override
  public void close() {
    closed = true;
    heart.interrupt();
    synchronized (this) {
      attachments.values().forEach(Attachment::close);
      attachments.clear();
      shield.close();
    }
  }
}
