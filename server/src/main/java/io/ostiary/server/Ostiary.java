package io.ostiary.server;

import io.ostiary.control.Control;
import io.ostiary.control.ControlSettings;
import io.ostiary.control.OwnAddresses;
import io.ostiary.gateway.DataPlane;
import io.ostiary.gateway.Gateway;
import io.ostiary.gateway.HandOver;
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
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
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
  private final Supervisor supervisor = new Supervisor(System.getenv());
  private final CompletableFuture<@Nullable Void> over = new CompletableFuture<>();
  private boolean left;
  private volatile Duration drainTimeout = GatewaySettings.DEFAULT.drainTimeout();
  private LongSupplier calls = () -> 0;

  /// How long ago kernel rules changed.
  private Supplier<Duration> unchanged = () -> Duration.ZERO;

  private Ending demo = () -> {};

  /// What makes the first of its kind as quick as the next ones, once we serve.
  private Runnable rehearsals = () -> {};

  /// How a part ends.
  @FunctionalInterface
  interface Ending {
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
    var before = settings.takeOver() ? DataFolder.sockets(settings.data(), TAKE_OVER) : null;
    if (before != null) {
      endings.push(before::close);
    } else if (settings.takeOver()) {
      DataFolder.takeOver(settings.data(), TAKE_OVER);
    }
    var data = DataFolder.open(settings.data());
    endings.push(data::close);
    var file = configuration(data.path());

    var captures = data.path().resolve("captures");
    var kernel =
        new KernelSide(data.path().resolve("stages"), data.handOver(), captures, settings.loops());
    unchanged = kernel::unchanged;
    endings.push(() -> end(kernel, data));
    kernel.controlAt(settings.control().port());
    var policies = PolicyList.load(PolicyList.folder(file, data.path()));
    policies.refusals().forEach(progress::line);
    var bans = new BanDesk(new OwnAddresses());
    var tallies = new Tallies();
    var gateway = new Gateway(dataPlane(kernel, policies, bans, tallies));
    inherit(gateway, before);
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
    var control = control(data, insight, kernel, planes, gateway, tallies);
    endings.push(control::close);
    endings.push(bans::close);
    bans.open(planes, control.bans());
    endings.push(() -> end(gateway));

    var config = ConfigFile.open(file, data.path(), policies, gateway::policies, control, progress);
    endings.push(config::close);
    gateway
        .forgetInherited()
        .forEach(address -> progress.say("no listener wants the inherited socket %s", address));
    progress.say("serving %s", addresses(control));
    insight.start();
    control.start();
    kernel.controlAt(control.port());
    accepting(before);
    offer(new Departure.Parts(gateway, insight, kernel, control, bans, config, data));
    signals(config, insight, control);
    welcome(gateway, control, kernel);
    rehearsals =
        () -> {
          bans.served();
          kernel.rehearse();
          config.served();
        };
    supervisor.watch(gateway::alive);
    supervisor.ready("serving " + addresses(control));
  }

  private Control control(
      DataFolder data,
      Insight insight,
      KernelSide kernel,
      BothPlanes planes,
      Gateway gateway,
      Tallies tallies) {
    var at = settings.control();
    return new Control(
        new ControlSettings(at.host(), at.port(), data.path(), "/web", List.of()),
        insight,
        kernel,
        planes,
        new GatewayUpstreams(gateway),
        tallies,
        clock);
  }

  private void inherit(Gateway gateway, HandOver.@Nullable Given before) {
    for (int descriptor : gateway.inherit(supervisor.sockets())) {
      progress.say(
          "descriptor %d of LISTEN_FDS: not taken (expected: a listening TCP socket)", descriptor);
    }
    if (before != null) {
      gateway.inherit(before.sockets());
    }
  }

  private void accepting(HandOver.@Nullable Given before) {
    if (before != null) {
      before.accepting();
      progress.say("the process before is told that this one accepts");
    }
  }

  /// Lets a next process ask for our sockets.
  private void offer(Departure.Parts parts) {
    var at = parts.data().handOverSocket();
    if (!HandOver.available() || at == null) {
      progress.say(
          "no listening socket can be handed to a next process: %s",
          at == null ? settings.data() + " is too long a path" : "epoll does not run here");
      return;
    }
    var departure = new Departure(this, parts, progress);
    var offered = HandOver.offer(at, parts.gateway()::descriptors, departure::begin);
    endings.push(offered::close);
  }

  /// Lets go of what only one process may have, unless that has happened.
  ///
  /// @return false: this one is ending anyway
  synchronized boolean makeWay(Departure departure) {
    if (endings.isEmpty()) {
      return false;
    }
    if (!left) {
      left = true;
      endings.clear();
      endings.push(departure::close);
      departure.letGo(demo);
    }
    return true;
  }

  Duration drainLimit() {
    return drainTimeout;
  }

  /// The next process accepts, and nobody is left here.
  void left() {
    over.complete(null);
  }

  private void signals(ConfigFile config, Insight insight, Control control) {
    Signals.on(
        "HUP",
        () -> {
          supervisor.reloading();
          config.reload();
          supervisor.ready("serving " + addresses(control));
        });
    Signals.on(
        "USR1",
        () -> {
          insight.logs().reopen();
          progress.say("the files of the access logs are opened anew");
        });
    if (!Signals.on("USR2", () -> Upgrade.begin(progress))) {
      progress.say(
          "SIGUSR2 cannot be used: set _JAVA_SR_SIGNUM=50 in the environment, as ./ostiary does");
    }
  }

  /// Serves until the thread is interrupted, or another process has taken over and nobody is left
  /// here.
  public void serve() throws InterruptedException {
    over.thenRun(Thread.currentThread()::interrupt);
    CompilerThreads.comeForward();
    rehearsals.run();
    try {
      new SpareMemory(calls, unchanged).returnForEver();
    } catch (InterruptedException e) {
      if (!over.isDone()) {
        throw e;
      }
    }
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
      demo = orders::close;
      endings.push(demo);
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
        tallies,
        kernel.loops()::choice);
  }

  private void inForce(GatewaySettings gateway) {
    drainTimeout = gateway.drainTimeout();
  }

  private static String addresses(Control control) {
    var running = control.state().running();
    return running == null
        ? "nothing"
        : running.listeners().stream()
            .map(listener ->
                listener.local()
                    ? listener.toString()
                    : (listener.tls() == null ? "http://" : "https://") + listener)
            .collect(Collectors.joining(", "));
  }

  private void welcome(Gateway gateway, Control control, KernelSide kernel) {
    progress.say("%s", gateway.transport());
    progress.say("%s", gateway.accepting());
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
    kernel.close();
    progress.say(
        "ending: %s", why.isEmpty() ? "the kernel programs wait for the next process" : why);
  }

  void end(Gateway gateway) {
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
    if (!left) {
      supervisor.stopping();
    }
    supervisor.close();
    while (!endings.isEmpty()) {
      try {
        endings.pop().run();
      } catch (Exception e) {
        LOG.error("a part did not end well", e);
      }
    }
  }
}
