package io.ostiary.gateway.connection;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.uring.IoUringChannelOption;
import io.ostiary.gateway.loop.Transport;
import io.ostiary.model.Listener;
import io.ostiary.model.LoopChoice;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// Who accepts for a listener: at one socket for each event loop, or at one for all of them
/// ([ListeningSockets]). Those that the process before or systemd has bound are taken where there
/// are any: then nobody who knocks in between is refused.
///
/// Thread-safe.
final class Acceptor implements AutoCloseable {
  /// Unsent bytes in the socket of a client; what is above stays with the upstream.
  private static final int NOT_SENT_MAX = 128 * 1024;

  private static final int BACKLOG = 4096;
  private static final long GONE_MILLIS = 500;

  /// Beyond this the upstream is not read; one read of its answer more may wait, see Connector.
  private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(32 * 1024, 64 * 1024);

  private final Current current;
  private final ListeningSockets.Opened opened;

  /// What new connections follow.
  ///
  /// @param credentials null: they are not encrypted
  record Way(Listener listener, @Nullable Credentials credentials) {}

  /// The listener's settings, which may change while its socket stays.
  private static final class Current {
    private volatile Way value;

    private Current(Way value) {
      this.value = value;
    }
  }

  private Acceptor(Current current, ListeningSockets.Opened opened) {
    this.current = current;
    this.opened = opened;
  }

  /// Binds and begins to accept.
  ///
  /// @throws IllegalStateException when the address cannot be had; the message names it
  static Acceptor open(
      Way way,
      ListeningSockets sockets,
      LoopChoice choice,
      BiFunction<Way, Channel, ChannelHandler> connections) {
    var listener = way.listener();
    var current = new Current(way);
    var kind = sockets.transport().kind();
    try {
      return new Acceptor(
          current,
          listener.local()
              ? sockets.open(listener, group -> local(group, kind, current, connections))
              : network(listener, current, sockets, choice, connections));
    } catch (IOException e) {
      throw new IllegalStateException(
          "listener %s: %s. Stop whoever uses the address, or choose another."
              .formatted(listener, e.getMessage()),
          e);
    }
  }

  private static ListeningSockets.Opened network(
      Listener listener,
      Current current,
      ListeningSockets sockets,
      LoopChoice choice,
      BiFunction<Way, Channel, ChannelHandler> connections)
      throws IOException {
    InetAddress host;
    try {
      host = InetAddress.getByName(listener.host());
    } catch (UnknownHostException e) {
      throw new IllegalStateException(
          "listener " + listener + ": no such address (expected: an address of this host)", e);
    }
    var address = new InetSocketAddress(host, listener.port());
    var kind = sockets.transport().kind();
    return sockets.open(address, choice, group -> network(group, kind, current, connections));
  }

  /// At a Unix socket: what bounds unsent bytes there is the buffer of the socket.
  private static ServerBootstrap local(
      EventLoopGroup group,
      Transport.Kind kind,
      Current current,
      BiFunction<Way, Channel, ChannelHandler> connections) {
    var bootstrap =
        bootstrap(group, current, connections).childOption(ChannelOption.SO_SNDBUF, NOT_SENT_MAX);
    // Netty's channel for NIO does not know half-closed connections here.
    return kind == Transport.Kind.NIO
        ? bootstrap
        : bootstrap.childOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
  }

  private static ServerBootstrap bootstrap(
      EventLoopGroup group, Current current, BiFunction<Way, Channel, ChannelHandler> connections) {
    return new ServerBootstrap()
        .group(group)
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, MARKS)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel accepted) {
                var handler = connections.apply(current.value, accepted);
                accepted.pipeline().addLast(handler);
              }
            });
  }

  private static ServerBootstrap network(
      EventLoopGroup group,
      Transport.Kind kind,
      Current current,
      BiFunction<Way, Channel, ChannelHandler> connections) {
    var bootstrap =
        bootstrap(group, current, connections)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childOption(ChannelOption.TCP_NODELAY, true);
    switch (kind) {
      case IO_URING ->
          bootstrap.childOption(IoUringChannelOption.TCP_NOTSENT_LOWAT, (long) NOT_SENT_MAX);
      case EPOLL ->
          bootstrap.childOption(EpollChannelOption.TCP_NOTSENT_LOWAT, (long) NOT_SENT_MAX);
      // NIO cannot say how much may wait unsent; a fixed buffer comes near it.
      case NIO -> bootstrap.childOption(ChannelOption.SO_SNDBUF, NOT_SENT_MAX);
    }
    return bootstrap;
  }

  Listener listener() {
    return current.value.listener();
  }

  @Nullable Credentials credentials() {
    return current.value.credentials();
  }

  /// Connections that come in from now on follow these settings of the same address.
  void become(Way other) {
    var before = current.value.listener();
    current.value = other;
    var file = opened.file();
    if (file != null && !before.file().equals(other.listener().file())) {
      file.rights(other.listener().file());
    }
  }

  /// Where it really listens, with the port that was chosen; null: at a Unix socket.
  @Nullable InetSocketAddress address() {
    return opened.address();
  }

  /// Of its sockets; -1 where the transport does not tell.
  List<Integer> descriptors() {
    return opened.channels().stream().map(ListeningSockets::descriptor).toList();
  }

  /// Whether every loop has a socket here, and the kernel chooses.
  boolean chosen() {
    return opened.chosen() != null;
  }

  /// What is different here from [#chosen], for people.
  String otherwise() {
    return opened.channels().size() == 1
        ? "one socket accepts for all of them at " + listener()
        : "the sockets at " + listener() + " are chosen from as before this process";
  }

  /// How many connections wait at the sockets of a loop.
  long waiting(int loop, int loops) {
    long waiting = 0;
    for (int i = loop; i < opened.channels().size(); i += loops) {
      waiting += AcceptQueue.length(opened.channels().get(i));
    }
    return waiting;
  }

  /// Another process accepts at the same sockets: their files are its to remove.
  void leave() {
    var file = opened.file();
    if (file != null) {
      file.another(true);
    }
    accepting(false);
  }

  /// No other process has the sockets any more.
  void alone() {
    var file = opened.file();
    if (file != null) {
      file.another(false);
    }
  }

  void accepting(boolean on) {
    opened.channels().forEach(channel -> channel.config().setAutoRead(on));
  }

  /// A socket of io_uring listens until its event loop has told the kernel to close it, which it
  /// does before it waits for the time of a task. Whoever came meanwhile would wait for nobody,
  /// until the process ends.
  private static void gone(Channel channel) {
    try {
      channel
          .eventLoop()
          .schedule(() -> {}, 1, TimeUnit.MILLISECONDS)
          .awaitUninterruptibly(GONE_MILLIS);
    } catch (RejectedExecutionException e) {
      // The loop has ended, and with it everything that it asked the kernel for.
    }
  }

  @Override
  public void close() {
    var file = opened.file();
    if (file != null) {
      // Before the socket is gone, so that what another process puts there stays.
      file.remove();
    }
    accepting(false);
    for (var channel : opened.channels()) {
      channel.close().awaitUninterruptibly();
      gone(channel);
    }
    var chosen = opened.chosen();
    if (chosen != null) {
      chosen.close();
    }
  }
}
