package io.ostiary.gateway.connection;

import io.ostiary.gateway.exchange.Call;
import io.ostiary.gateway.exchange.ClientLink;
import io.ostiary.gateway.exchange.Peer;
import io.ostiary.gateway.exchange.Plan;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.BanSink;
import io.ostiary.model.LateLogger;
import io.ostiary.model.Listener;
import io.ostiary.model.Listener.ProxyProtocol;
import io.ostiary.model.Peers;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// What the client connections of one event loop share: the plan in force, calls to use again, and
/// the list of themselves. Confined to its event loop.
final class CallPool {
  /// More than this are not kept when a burst is over.
  private static final int KEPT_MAX = 1024;

  private static final long QUIET_NANOS = 60_000_000_000L;
  private static final System.Logger LOG = new LateLogger("io.ostiary.gateway");

  private final Loop loop;
  private final int loops;
  private final Supplier<Plan> plans;
  private final Consumer<CallPool> closed;
  private final FloodWatch floods;
  private final ArrayDeque<Call> free = new ArrayDeque<>();
  private final Set<OpenConnection> open = new LinkedHashSet<>();
  private final AtomicBoolean lookingForBanned = new AtomicBoolean();
  private int connections;
  private boolean draining;
  private boolean leaving;
  private boolean refusedBefore;
  private long refusedNanos;

  /// @param closed told on this loop whenever a connection has closed
  CallPool(Loop loop, int loops, Supplier<Plan> plans, BanSink bans, Consumer<CallPool> closed) {
    this.loop = loop;
    this.loops = loops;
    this.plans = plans;
    this.closed = closed;
    floods = new FloodWatch(bans);
  }

  Plan plan() {
    return plans.get();
  }

  boolean banned(byte[] peer) {
    var bans = plan().bans();
    if (bans.isEmpty()) {
      return false;
    }
    loop.refresh();
    return bans.denies(peer, loop.wallMillis());
  }

  /// Whether connections of this peer begin with a header of the PROXY protocol.
  static boolean namesClient(Plan plan, Listener listener, byte[] peer) {
    return listener.proxyProtocol() != ProxyProtocol.OFF && plan.trustedProxies().contains(peer);
  }

  void refusedProxy(Listener listener, Peer peer, String why) {
    loop.gauges().proxyRefused();
    long now = loop.now();
    if (!refusedBefore || now - refusedNanos > QUIET_NANOS) {
      refusedBefore = true;
      refusedNanos = now;
      LOG.log(
          System.Logger.Level.WARNING,
          "listener {0}: a PROXY header from {1} was refused: {2}. Others within a minute are only"
              + " counted.",
          listener,
          Peers.text(peer.address()),
          why);
    }
  }

  int loops() {
    return loops;
  }

  /// A connection has come in.
  ///
  /// @return how many there are on this loop
  int oneMore() {
    return ++connections;
  }

  /// The opposite of [#oneMore].
  int oneLess() {
    return --connections;
  }

  Loop loop() {
    return loop;
  }

  boolean draining() {
    return draining;
  }

  /// Whether the answer under way is the last on its connection.
  boolean lastOn(ClientLink link) {
    return draining || link.aged(plan().waits());
  }

  /// Whether another process accepts in our place: who is at rest may ask once more, and is told
  /// then to come anew. Closing at once would meet requests that are on their way.
  boolean leaving() {
    return leaving;
  }

  Call take() {
    var call = free.pollLast();
    return call == null ? new Call(loop) : call;
  }

  void give(Call call) {
    call.release();
    if (free.size() < KEPT_MAX) {
      free.addLast(call);
    }
  }

  void opened(OpenConnection connection) {
    open.add(connection);
  }

  /// The connection goes on under another handler.
  void handedOver(OpenConnection connection) {
    open.remove(connection);
  }

  /// A connection was cut off because its client floods it.
  void flooded(ClientLink link, FloodMeter.Kind kind) {
    floods.cutOff(link, kind);
  }

  void closed(OpenConnection connection) {
    open.remove(connection);
    closed.accept(this);
  }

  /// Cuts connections whose source is banned by now; from any thread, soon. A look at all of them
  /// is asked for once, however many bans come meanwhile.
  void cutBanned() {
    if (lookingForBanned.compareAndSet(false, true)) {
      loop.eventLoop().execute(this::cutBannedNow);
    }
  }

  private void cutBannedNow() {
    lookingForBanned.set(false);
    new ArrayList<>(open).forEach(OpenConnection::cutIfBanned);
  }

  void leave() {
    draining = true;
    leaving = true;
    new ArrayList<>(open).forEach(OpenConnection::giveWay);
  }

  void drain() {
    draining = true;
    leaving = false;
    for (var connection : new ArrayList<>(open)) {
      connection.drain();
    }
  }

  void closeAll() {
    for (var connection : new ArrayList<>(open)) {
      connection.cut();
    }
  }
}
