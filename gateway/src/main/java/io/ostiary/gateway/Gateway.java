package io.ostiary.gateway;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.ostiary.gateway.connection.Listeners;
import io.ostiary.gateway.exchange.Bans;
import io.ostiary.gateway.exchange.MirrorCounts;
import io.ostiary.gateway.exchange.Plan;
import io.ostiary.gateway.exchange.PlanCompiler;
import io.ostiary.gateway.exchange.PlanFault;
import io.ostiary.gateway.exchange.RouteProbe;
import io.ostiary.gateway.exchange.SharedState;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.loop.StallWatch;
import io.ostiary.gateway.loop.Transport;
import io.ostiary.gateway.outbound.Outbound;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Purgeable;
import io.ostiary.gateway.spi.Work;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.gateway.upstream.UpstreamRegistry;
import io.ostiary.model.Ban;
import io.ostiary.model.BanSink;
import io.ostiary.model.LedgerRing;
import io.ostiary.model.LedgerView;
import io.ostiary.model.Purge;
import io.ostiary.model.RouteAnswer;
import io.ostiary.model.RouteQuestion;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Tallies;
import io.ostiary.model.UpstreamHealth;
import io.ostiary.model.UpstreamLoad;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The data plane: event loops, the plan they run under, and the listeners that bring them
/// connections. Nothing listens before the first snapshot is published.
///
/// Thread-safe; its methods are for control-plane threads and may block.
public final class Gateway implements AutoCloseable {
  /// A signature takes well below a millisecond: what waits longer than a second is refused.
  private static final int WORK_WAITING_MAX = 1024;

  private static final long LAST_ACCEPTED_MILLIS = 200;
  private static final Duration AT_REST = Duration.ofSeconds(1);
  private static final Duration SOCKETS_CLOSE = Duration.ofMillis(250);

  private final Transport transport;
  private final DataPlane dataPlane;
  private final MultiThreadIoEventLoopGroup group;
  private final List<Loop> loops = new ArrayList<>();
  private final StallWatch stalls;
  private final UpstreamRegistry registry;
  private final SharedState shared = new SharedState();
  private final Outbound outbound = new Outbound();
  private final PlanCompiler compiler;
  private final Listeners listeners;

  /// Bans that came before a snapshot with them.
  private final Map<String, Ban> early = new LinkedHashMap<>();

  private final Object swap = new Object();
  private volatile @Nullable Plan plan;
  private boolean ended;
  private boolean closed;

  public Gateway(DataPlane dataPlane) {
    this.dataPlane = dataPlane;
    transport = Transport.choose(dataPlane.preferred());
    leakDetectionOnlyWhereAsked();
    group =
        new MultiThreadIoEventLoopGroup(
            dataPlane.loops(), new DefaultThreadFactory("ostiary-loop"), transport.handlers());
    int index = 0;
    for (var executor : group) {
      loops.add(
          new Loop(
              index++,
              (EventLoop) executor,
              transport,
              new LedgerRing(dataPlane.ringCapacity()),
              dataPlane.lens(),
              dataPlane.wall()));
    }
    registry = new UpstreamRegistry(loops);
    compiler =
        new PlanCompiler(
            dataPlane.policies(),
            registry::compile,
            shared,
            dataPlane.bans(),
            dataPlane.tallies(),
            outbound::under,
            new Work("ostiary-work", Math.max(1, dataPlane.loops()), WORK_WAITING_MAX));
    listeners =
        new Listeners(group, transport, loops, this::plan, dataPlane.bans(), dataPlane.choice());
    stalls = new StallWatch(loops.stream().map(Loop::hold).toList(), this::look);
    stalls.start();
  }

  /// Many times a second, from a thread of its own.
  private void look() {
    long now = System.nanoTime();
    for (int i = 0; i < loops.size(); i++) {
      loops.get(i).deadlines().look(now);
    }
    listeners.look();
  }

  /// By default Netty follows one buffer in 128 with two stack traces, which is some per cent of a
  /// call and tells users nothing. `-Dio.netty.leakDetection.level` turns it on.
  private static void leakDetectionOnlyWhereAsked() {
    if (System.getProperty("io.netty.leakDetection.level") == null) {
      ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    }
  }

  private Plan plan() {
    return Objects.requireNonNull(plan);
  }

  /// Which transport runs, and why not a better one: one sentence.
  public String transport() {
    return transport.sentence();
  }

  /// Which way new connections take to the event loops, and why: one sentence.
  public String accepting() {
    return listeners.accepting();
  }

  /// Puts a snapshot into force, or refuses it whole. Listeners that are new are opened before the
  /// swap, those that are gone are closed behind it; connections live on through both.
  public synchronized Published publish(Snapshot snapshot) {
    if (ended) {
      return new Published.Refused(
          List.of(PlanFault.of("the gateway is ending (expected: a running one)")));
    }
    var faults = new ArrayList<PlanFault>();
    shared.begin();
    var next = compiler.compile(snapshot, faults);
    var before = plan;
    if (next == null) {
      shared.rollBack();
      return new Published.Refused(faults);
    }
    if (before == null) {
      // A connection may come in between the first bind and the return.
      inForce(next);
    }
    var unbound = new ArrayList<String>();
    if (listeners.openNew(snapshot.listeners(), unbound) == null) {
      plan = before;
      shared.rollBack();
      return new Published.Refused(unbound.stream().map(PlanFault::of).toList());
    }
    inForce(next);
    listeners.closeOthers(snapshot.listeners());
    listeners.cutBanned();
    registry.inForce(next.upstreams());
    shared.commit();
    return new Published.InForce(snapshot.version());
  }

  /// The one write that swaps plans. Bans that no snapshot has told of yet stay.
  private void inForce(Plan next) {
    synchronized (swap) {
      var now = dataPlane.wall().instant();
      next.snapshot().bans().forEach(ban -> early.remove(ban.id()));
      early.values().removeIf(ban -> !ban.until().isAfter(now));
      plan = next.with(bans(next.snapshot(), now));
    }
  }

  private Bans bans(Snapshot snapshot, Instant now) {
    var before = plan;
    return new Bans(
        Stream.concat(snapshot.bans().stream(), early.values().stream())
            .filter(ban -> ban.until().isAfter(now))
            .toList(),
        before == null ? null : before.bans());
  }

  /// Enforces bans at once, before a snapshot brings them: refuses their sources' calls and cuts
  /// their connections. Takes no lock that compiling a plan holds.
  public void ban(List<Ban> more) {
    synchronized (swap) {
      var running = plan;
      if (running == null) {
        return;
      }
      more.forEach(ban -> early.put(ban.id(), ban));
      plan = running.with(bans(running.snapshot(), dataPlane.wall().instant()));
    }
    listeners.cutBanned();
  }

  /// Takes back a ban that no snapshot has brought.
  public void unban(Ban ban) {
    synchronized (swap) {
      var running = plan;
      if (early.remove(ban.id()) != null && running != null) {
        plan = running.with(bans(running.snapshot(), dataPlane.wall().instant()));
      }
    }
  }

  /// What would keep a snapshot from being in force, as far as can be told without a listener and
  /// without asking for the addresses of names; empty where nothing would.
  public static List<PlanFault> check(List<Policy<?>> policies, Snapshot snapshot) {
    var faults = new ArrayList<PlanFault>();
    var compiler =
        new PlanCompiler(
            policies,
            upstreams -> upstreams.stream().map(UpstreamHandle::unresolved).toList(),
            new SharedState(),
            BanSink.NONE,
            new Tallies(),
            _ -> HttpCalls.NONE,
            new Work("ostiary-check", 1, 1));
    compiler.compile(snapshot, faults);
    return faults;
  }

  /// Which route of the running plan a request would get, and why.
  public RouteAnswer route(RouteQuestion question) {
    return RouteProbe.ask(plan(), question);
  }

  /// Throws away what policies of an API keep, such as responses of a cache.
  ///
  /// @return how many of them keep something
  public int purge(String api, Purge purge) {
    int purged = 0;
    for (var kept : shared.all(Purgeable.class)) {
      if (kept.api().equals(api)) {
        kept.purge(purge);
        purged++;
      }
    }
    return purged;
  }

  /// Takes other policies for the snapshots to come; what runs goes on with those it has.
  public void policies(List<Policy<?>> others) {
    compiler.policies(others);
  }

  /// What is held against policies that kept an event loop for themselves.
  public List<Stall> stalls() {
    return stalls.stalls();
  }

  /// Where it listens at the moment.
  public List<InetSocketAddress> addresses() {
    return listeners.addresses();
  }

  /// One ledger ring for each event loop.
  public LedgerView ledger() {
    var rings = loops.stream().map(Loop::ring).toList();
    return () -> rings;
  }

  /// How every target of every upstream does.
  public List<UpstreamHealth> upstreams() {
    return registry.health();
  }

  /// What became of copies of calls, for each upstream that is a mirror.
  public List<MirrorCounts.Reading> mirrors() {
    return shared.all(MirrorCounts.class).stream().map(MirrorCounts::read).toList();
  }

  /// What every upstream carries, and what was decided about its calls.
  public List<UpstreamLoad> loads() {
    return registry.loads();
  }

  /// Lets a target get no new calls, or get them again; until the process ends.
  ///
  /// @return false: there is no such target
  public boolean drain(String upstream, String target, boolean drained) {
    return registry.drain(upstream, target, drained);
  }

  /// Memory beside the heap that buffers of connections have, free ones in their pools included.
  public static long directBytes() {
    return ByteBufAllocator.DEFAULT instanceof ByteBufAllocatorMetricProvider provider
        ? provider.metric().usedDirectMemory()
        : 0;
  }

  public GatewayGauges gauges() {
    return new GatewayGauges(
        sum(loop -> loop.gauges().acceptedCount()),
        sum(loop -> loop.gauges().openCount()),
        sum(loop -> loop.gauges().inFlightCount()),
        sum(loop -> loop.gauges().bannedCount()),
        sum(loop -> loop.gauges().proxyRefusedCount()),
        sum(loop -> loop.gauges().handshakeCount()),
        sum(loop -> loop.gauges().handshakeFailedCount()),
        sum(loop -> loop.gauges().upstreamOpenCount()),
        sum(loop -> loop.ring().lost()));
  }

  /// Connections over HTTP/2 that were cut off because their client flooded them, by the kind of
  /// the flood.
  public Map<String, Long> floods() {
    var kinds = Listeners.floodKinds();
    var counts = new LinkedHashMap<String, Long>();
    for (int i = 0; i < kinds.size(); i++) {
      int kind = i;
      counts.put(kinds.get(i), sum(loop -> loop.gauges().floodCount(kind)));
    }
    return counts;
  }

  private long sum(ToLongFunction<Loop> of) {
    return loops.stream().mapToLong(of).sum();
  }

  /// Takes sockets that are bound already, before the first snapshot is published.
  ///
  /// @param descriptors listening TCP and Unix sockets, ours from now on
  /// @return those that are none
  public List<Integer> inherit(List<Integer> descriptors) {
    return listeners.inherited().add(descriptors);
  }

  /// Lets go of inherited sockets that no listener of the plan wants.
  ///
  /// @return their addresses
  public List<String> forgetInherited() {
    return listeners.forgetInherited();
  }

  /// Whether every event loop does within this time what it is asked.
  public boolean alive(Duration limit) {
    var all = new CountDownLatch(loops.size());
    loops.forEach(loop -> loop.eventLoop().execute(all::countDown));
    try {
      return all.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// The descriptors of the listening sockets, for another process.
  public List<Integer> descriptors() {
    return listeners.descriptors();
  }

  /// Ends while another process accepts at the same sockets: nobody here is refused or cut before
  /// the limit; who is at rest is told with the next answer to come anew.
  public void leave(Duration limit) {
    synchronized (this) {
      ended = true;
    }
    listeners.leave();
    // What was accepted at this very moment must not be closed with the socket.
    pause(Math.min(LAST_ACCEPTED_MILLIS, limit.toMillis()));
    listeners.closeOthers(List.of());
    awaitNobody(System.nanoTime() + limit.toNanos());
    listeners.drain();
    awaitNobody(System.nanoTime() + AT_REST.toNanos());
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitNobody(long until) {
    while (listeners.connections() > 0
        && System.nanoTime() < until
        && !Thread.currentThread().isInterrupted()) {
      pause(10);
    }
  }

  /// Ends gently: nobody new, idle connections close, calls in flight may end within the limit.
  /// Returns whether all of them did.
  public boolean drain(Duration limit) {
    synchronized (this) {
      ended = true;
    }
    listeners.drain();
    long until = System.nanoTime() + limit.toNanos();
    try {
      while (listeners.connections() > 0 && System.nanoTime() < until) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return listeners.connections() == 0;
  }

  /// Ends at once: what is still open is cut, each call with its line in the ledger.
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      ended = true;
      closed = true;
    }
    listeners.drain();
    listeners.closeAll();
    registry.close();
    outbound.close();
    stalls.close();
    awaitNoSockets(System.nanoTime() + SOCKETS_CLOSE.toNanos());
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
  }

  /// A socket of io_uring is closed when the kernel has given back what was asked of it. An event
  /// loop that ends before logs each such socket with a stack trace.
  private void awaitNoSockets(long until) {
    while (sum(loop -> loop.gauges().openCount() + loop.gauges().upstreamOpenCount()) > 0
        && System.nanoTime() < until
        && !Thread.currentThread().isInterrupted()) {
      pause(1);
    }
  }
}
