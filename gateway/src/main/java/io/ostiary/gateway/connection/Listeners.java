package io.ostiary.gateway.connection;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.ostiary.gateway.exchange.ClientLink;
import io.ostiary.gateway.exchange.Peer;
import io.ostiary.gateway.exchange.Plan;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.loop.Transport;
import io.ostiary.model.BanSink;
import io.ostiary.model.Listener;
import io.ostiary.model.Listener.ProxyProtocol;
import io.ostiary.model.LoopChoice;
import io.ostiary.model.Peers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// All listeners of the plan in force, and the client connections that came in through them.
///
/// Shared: listeners change on control-plane threads under a lock; connections belong to their
/// loops; their number is one atomic count, since the limit holds over all loops.
public final class Listeners {
  private final Supplier<Plan> plans;
  private final Supplier<LoopChoice> choices;
  private final Map<Object, CallPool> pools = new HashMap<>();
  private final List<Acceptor> open = new ArrayList<>();
  private final AtomicInteger connections = new AtomicInteger();
  private final ReadyCredentials ready;
  private final InheritedSockets inherited = new InheritedSockets();
  private final ListeningSockets sockets;
  private final LoopShares shares;
  private volatile LoopChoice choice = LoopChoice.none("nothing listens yet");
  private volatile List<Acceptor> acceptors = List.of();
  private volatile boolean paused;

  public Listeners(
      EventLoopGroup group,
      Transport transport,
      List<Loop> loops,
      Supplier<Plan> plans,
      BanSink bans,
      Supplier<LoopChoice> choices) {
    this.plans = plans;
    this.choices = choices;
    sockets = new ListeningSockets(group, loops, transport, inherited);
    shares = new LoopShares(loops);
    ready = new ReadyCredentials(group);
    for (var loop : loops) {
      pools.put(loop.eventLoop(), new CallPool(loop, loops.size(), plans, bans, this::oneClosed));
    }
  }

  /// Opens what is new, and makes ready the certificates of what stays. Nothing is open that was
  /// not before when anything cannot be.
  ///
  /// @return what can be closed again, or null when problems were added
  public synchronized @Nullable List<Listener> openNew(
      List<Listener> wanted, List<String> problems) {
    var opened = new ArrayList<Listener>();
    ready.prepare(wanted, this::inUse, problems);
    for (var listener : wanted) {
      if (at(listener) != null || !problems.isEmpty()) {
        continue;
      }
      try {
        choice = choices.get();
        open.add(Acceptor.open(ready.way(listener), sockets, choice, this::connection));
        opened.add(listener);
      } catch (IllegalStateException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    acceptors = List.copyOf(open);
    if (problems.isEmpty()) {
      return opened;
    }
    opened.forEach(this::close);
    ready.drop();
    return null;
  }

  private @Nullable Credentials inUse(Listener listener) {
    var acceptor = at(listener);
    return acceptor == null ? null : acceptor.credentials();
  }

  private @Nullable Acceptor at(Listener listener) {
    for (var acceptor : open) {
      if (acceptor.listener().sameAddress(listener)) {
        return acceptor;
      }
    }
    return null;
  }

  /// Closes what is not wanted any more; what is wanted with other settings takes them over.
  public synchronized void closeOthers(List<Listener> wanted) {
    for (var acceptor : List.copyOf(open)) {
      var listener = acceptor.listener();
      var next = wanted.stream().filter(listener::sameAddress).findFirst();
      next.ifPresentOrElse(other -> acceptor.become(ready.way(other)), () -> close(listener));
    }
    ready.commit();
  }

  private void close(Listener listener) {
    var acceptor = at(listener);
    if (acceptor != null) {
      open.remove(acceptor);
      acceptors = List.copyOf(open);
      acceptor.close();
    }
  }

  public synchronized List<InetSocketAddress> addresses() {
    return open.stream().map(Acceptor::address).filter(Objects::nonNull).toList();
  }

  private ChannelHandler connection(Acceptor.Way way, Channel channel) {
    var listener = way.listener();
    var calls = Objects.requireNonNull(pools.get(channel.eventLoop()));
    choice.accepted(calls.loop().index(), calls.oneMore());
    int now = connections.incrementAndGet();
    if (now >= plans.get().settings().connectionsMax() && !paused) {
      pause(true);
    }
    InetAddress peer;
    if (listener.local()) {
      peer = Peers.LOCAL;
    } else if (channel.remoteAddress() instanceof InetSocketAddress address) {
      peer = address.getAddress();
    } else {
      // Gone before it was looked at.
      return refused(calls, channel);
    }
    if (calls.banned(peer.getAddress())) {
      calls.loop().gauges().banned();
      return refused(calls, channel);
    }
    var proxy = listener.proxyProtocol();
    if (proxy == ProxyProtocol.REQUIRED
        && !CallPool.namesClient(calls.plan(), listener, peer.getAddress())) {
      calls.refusedProxy(listener, Peer.of(peer), "it is no trusted proxy");
      return refused(calls, channel);
    }
    channel.config().setAllocator(calls.loop().buffers());
    var link = new ClientLink(calls.loop(), listener, channel);
    return new ClientConnection(calls, link, way.credentials());
  }

  private ChannelHandler refused(CallPool calls, Channel channel) {
    oneClosed(calls);
    channel.config().setOption(io.netty.channel.ChannelOption.SO_LINGER, 0);
    channel.eventLoop().execute(() -> cut(channel));
    return new ChannelInboundHandlerAdapter() {
      @Override
      public void channelRead(io.netty.channel.ChannelHandlerContext context, Object message) {
        io.netty.util.ReferenceCountUtil.release(message);
      }
    };
  }

  private static void cut(Channel channel) {
    channel.close();
  }

  private void oneClosed(CallPool calls) {
    choice.closed(calls.loop().index(), calls.oneLess());
    int now = connections.decrementAndGet();
    if (paused && now < plans.get().settings().connectionsMax()) {
      pause(false);
    }
  }

  /// Called on event loops; the acceptors' switch is thread-safe, and no lock is taken here that a
  /// bind could hold.
  private void pause(boolean on) {
    paused = on;
    for (var acceptor : acceptors) {
      acceptor.accepting(!on);
    }
  }

  /// Cuts the connections of sources that are banned by now.
  public void cutBanned() {
    pools.values().forEach(CallPool::cutBanned);
  }

  /// Sockets that were bound for us by the process before, or by systemd.
  public InheritedSockets inherited() {
    return inherited;
  }

  /// The descriptors of all listening sockets, for another process.
  public synchronized List<Integer> descriptors() {
    return open.stream().flatMap(acceptor -> acceptor.descriptors().stream()).toList();
  }

  /// Which way new connections take to the event loops: for people.
  public synchronized String accepting() {
    if (!choice.runs()) {
      return choice.sentence();
    }
    return choice.sentence()
        + open.stream()
            .filter(acceptor -> !acceptor.chosen())
            .map(acceptor -> "; " + acceptor.otherwise())
            .collect(Collectors.joining());
  }

  /// Called some times a second, for the choice between event loops.
  public void look() {
    shares.look(choice, acceptors);
  }

  /// Lets go of inherited sockets that no listener wants. From now on all others are ours alone.
  ///
  /// @return the addresses of those
  public synchronized List<String> forgetInherited() {
    var rest = inherited.addresses();
    inherited.closeRest();
    open.forEach(Acceptor::alone);
    return rest;
  }

  /// Accepts nobody any more, while another process does at the same sockets. Connections at rest
  /// stay until they have asked once more.
  public synchronized void leave() {
    open.forEach(Acceptor::leave);
    pools.values().forEach(pool -> pool.loop().eventLoop().execute(pool::leave));
  }

  /// Accepts nobody any more, and lets every connection end after its call.
  public synchronized void drain() {
    closeOthers(List.of());
    pools.values().forEach(pool -> pool.loop().eventLoop().execute(pool::drain));
  }

  /// Cuts what is left.
  public synchronized void closeAll() {
    ready.close();
    pools.values().forEach(pool -> pool.loop().eventLoop().execute(pool::closeAll));
  }

  /// What floods are told apart by, in the order of the gauges.
  public static List<String> floodKinds() {
    return Arrays.stream(FloodMeter.Kind.values()).map(FloodMeter.Kind::word).toList();
  }

  public int connections() {
    return connections.get();
  }
}
