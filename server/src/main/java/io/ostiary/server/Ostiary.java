package io.ostiary.server;

import io.ostiary.control.Control;
import io.ostiary.control.ControlSettings;
import io.ostiary.gateway.DataPlane;
import io.ostiary.gateway.Gateway;
import io.ostiary.gateway.loop.Transport;
import io.ostiary.insight.Insight;
import io.ostiary.insight.InsightSettings;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.LedgerRing;
import io.ostiary.model.Tallies;
import io.ostiary.server.demo.DemoFiles;
import io.ostiary.server.demo.OrderService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A whole running Ostiary: every room made by its constructor, joined here, and ended in the
/// opposite order. The data plane serves as soon as the configuration is in force; console and
/// admin API follow.
public final class Ostiary implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Ostiary.class);

  /// Lines of the ledger that an event loop may be ahead of the insight room.
  private static final int RING_CAPACITY = 4096;

  /// How long the process before may take to end: its drain limit, and some seconds.
  private static final Duration TAKE_OVER = Duration.ofSeconds(90);

  private static final int DEMO_UPSTREAM_PORT = 9081;

  private final RunSettings settings;
  private final Progress progress;
  private final Deque<Ending> endings = new ArrayDeque<>();
  private final Clock clock = Clock.systemUTC();
  private Duration drainTimeout = GatewaySettings.DEFAULT.drainTimeout();
  private LongSupplier calls = () -> 0;

  /// How a part ends.
  @FunctionalInterface
  private interface Ending {
    void run() throws Exception;
  }

  private Ostiary(RunSettings settings, Progress progress) {
    this.settings = settings;
    this.progress = progress;
  }

  /// Starts everything; returns when it serves.
  ///
  /// @throws UserError when something a person can repair is in the way; nothing runs then
  public static Ostiary start(RunSettings settings, Progress progress) {
    var ostiary = new Ostiary(settings, progress);
    try {
      ostiary.open();
      return ostiary;
    } catch (IllegalStateException e) {
      // The rooms say in their messages what is wrong and how to repair it.
      ostiary.close();
      throw new UserError(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      ostiary.close();
      throw e;
    }
  }

  private void open() {
    if (settings.takeOver()) {
      DataFolder.takeOver(settings.data(), TAKE_OVER);
    }
    var data = DataFolder.open(settings.data());
    endings.push(data::close);
    var file = configuration(data.path());

    var captures = data.path().resolve("captures");
    var kernel = new KernelSide(data.path().resolve("stages"), data.handOver(), captures);
    endings.push(() -> end(kernel, data));
    kernel.controlAt(settings.control().port());
    var policies = PolicyList.load(PolicyList.folder(file, data.path()));
    policies.refusals().forEach(progress::line);
    var bans = new BanDesk();
    var tallies = new Tallies();
    var gateway = new Gateway(dataPlane(kernel, policies, bans, tallies));
    calls = () -> gateway.ledger().rings().stream().mapToLong(LedgerRing::published).sum();
    var insight =
        new Insight(
            gateway.ledger(),
            kernel,
            kernel.lens(),
            kernel::place,
            clock,
            data.path(),
            InsightSettings.DEFAULT);
    endings.push(insight::close);
    var planes = new BothPlanes(gateway, kernel, insight, this::inForce, progress);
    var control =
        new Control(
            new ControlSettings(
                settings.control().host(),
                settings.control().port(),
                data.path(),
                "/web",
                List.of()),
            insight,
            kernel,
            planes,
            new GatewayUpstreams(gateway),
            tallies,
            clock);
    endings.push(control::close);
    endings.push(bans::close);
    bans.open(planes, control.bans());
    endings.push(() -> end(gateway));

    var config = ConfigFile.open(file, data.path(), policies, gateway::policies, control, progress);
    endings.push(config::close);
    progress.say("serving %s", addresses(control));
    insight.start();
    control.start();
    kernel.controlAt(control.port());
    signals(config, insight);
    welcome(gateway, control, kernel);
  }

  private void signals(ConfigFile config, Insight insight) {
    Signals.on("HUP", config::reload);
    Signals.on(
        "USR1",
        () -> {
          insight.logs().reopen();
          progress.say("the files of the access logs are opened anew");
        });
  }

  /// Serves until the thread is interrupted.
  public void serve() throws InterruptedException {
    new SpareMemory(calls).returnForEver();
  }

  /// The file to serve; without one, the demo and the service behind it.
  private Path configuration(Path data) {
    var given = settings.config();
    if (given != null) {
      return given;
    }
    try {
      var file = DemoFiles.lay(data.resolve("demo"));
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), DEMO_UPSTREAM_PORT);
      var orders = new OrderService(address);
      endings.push(orders::close);
      orders.start();
      progress.say("no ostiary.yaml is here: serving the demo, %s", file);
      return file;
    } catch (IOException e) {
      throw new UserError(
          "the demo needs port %d of loopback and the folder %s: %s (expected: both free). Or write an ostiary.yaml"
              .formatted(DEMO_UPSTREAM_PORT, data, e.getMessage()));
    }
  }

  private DataPlane dataPlane(
      KernelSide kernel, PolicyList policies, BanDesk bans, Tallies tallies) {
    return new DataPlane(
        settings.loops(),
        Transport.Kind.IO_URING,
        RING_CAPACITY,
        kernel.lens(),
        policies.all(),
        clock,
        bans,
        tallies);
  }

  private void inForce(GatewaySettings gateway) {
    drainTimeout = gateway.drainTimeout();
  }

  private static String addresses(Control control) {
    var running = control.state().running();
    return running == null
        ? "nothing"
        : running.listeners().stream()
            .map(listener -> (listener.tls() == null ? "http://" : "https://") + listener)
            .collect(Collectors.joining(", "));
  }

  private void welcome(Gateway gateway, Control control, KernelSide kernel) {
    progress.say("%s", gateway.transport());
    progress.say("kernel: %s", kernel.status().sentence());
    kernel
        .changedPrograms(settings.data().resolve("kernel"))
        .forEach(change -> progress.say("kernel: the verifier: %s", change));
    progress.line("gateway   " + addresses(control));
    progress.line("console   " + control.address());
    progress.line("sign in   " + control.signInLink() + "   (once)");
  }

  private void end(KernelSide kernel, DataFolder data) {
    if (!data.isWanted()) {
      kernel.close();
      return;
    }
    var why = kernel.leave();
    progress.say(
        "ending: %s", why.isEmpty() ? "the kernel programs wait for the next process" : why);
  }

  private void end(Gateway gateway) {
    var limit = drainTimeout;
    long running = gateway.gauges().inFlight();
    if (running > 0) {
      progress.say("ending: %d running calls have %d s", running, limit.toSeconds());
    }
    if (!gateway.drain(limit)) {
      progress.say("ending: %d connections are cut", gateway.gauges().open());
    }
    gateway.close();
  }

  /// Ends in the opposite order: nobody new, calls in flight may end within the drain limit, the
  /// ledger is written to its last line, the kernel side is taken away. One part that cannot end
  /// does not keep the others.
  @Override
  public synchronized void close() {
    while (!endings.isEmpty()) {
      try {
        endings.pop().run();
      } catch (Exception e) {
        LOG.error("a part did not end well", e);
      }
    }
  }
}
