package io.ostiary.gateway.connection;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.unix.UnixChannel;
import io.netty.channel.uring.IoUringChannelOption;
import io.ostiary.gateway.loop.Transport;
import io.ostiary.model.Listener;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// A listening socket. There is one for each listener, and its connections are dealt out to the
/// event loops in turn: several sockets with SO_REUSEPORT would spread a few connections unevenly,
/// lose what waits in a queue when one closes, and let a second process take the port unnoticed.
///
/// A socket that the process before or systemd has bound is taken instead where there is one: then
/// nobody who knocks in between is refused.
///
/// Thread-safe.
final class Acceptor implements AutoCloseable {
  /// Unsent bytes in the socket of a client; what is above stays with the upstream.
  private static final int NOT_SENT_MAX = 128 * 1024;

  private static final int BACKLOG = 4096;
  private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(32 * 1024, 128 * 1024);

  private final Current current;
  private final Channel channel;
  private final InetSocketAddress address;

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

  private Acceptor(Current current, Channel channel, InetSocketAddress address) {
    this.current = current;
    this.channel = channel;
    this.address = address;
  }

  /// Binds and begins to accept.
  ///
  /// @throws IllegalStateException when the address cannot be had; the message names it
  static Acceptor open(
      Way way,
      EventLoopGroup group,
      Transport transport,
      InheritedSockets inherited,
      BiFunction<Way, Channel, ChannelHandler> connections) {
    var listener = way.listener();
    var current = new Current(way);
    InetAddress host;
    try {
      host = InetAddress.getByName(listener.host());
    } catch (UnknownHostException e) {
      throw new IllegalStateException(
          "listener " + listener + ": no such address (expected: an address of this host)", e);
    }
    var bootstrap =
        new ServerBootstrap()
            .group(group)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, MARKS)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel accepted) {
                    var handler = connections.apply(current.value, accepted);
                    accepted.pipeline().addLast(handler);
                  }
                });
    switch (transport.kind()) {
      case IO_URING ->
          bootstrap.childOption(IoUringChannelOption.TCP_NOTSENT_LOWAT, (long) NOT_SENT_MAX);
      case EPOLL ->
          bootstrap.childOption(EpollChannelOption.TCP_NOTSENT_LOWAT, (long) NOT_SENT_MAX);
      // NIO cannot say how much may wait unsent; a fixed buffer comes near it.
      case NIO -> bootstrap.childOption(ChannelOption.SO_SNDBUF, NOT_SENT_MAX);
    }
    var address = new InetSocketAddress(host, listener.port());
    int descriptor = inherited.take(address);
    if (descriptor >= 0) {
      return new Acceptor(current, inherited.open(bootstrap, transport, descriptor), address);
    }
    var bound = bootstrap.channelFactory(transport.servers()).bind(address).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IllegalStateException(
          "listener %s: %s. Stop whoever uses the address, or choose another."
              .formatted(listener, bound.cause().getMessage()),
          bound.cause());
    }
    return new Acceptor(
        current, bound.channel(), (InetSocketAddress) bound.channel().localAddress());
  }

  Listener listener() {
    return current.value.listener();
  }

  @Nullable Credentials credentials() {
    return current.value.credentials();
  }

  /// Connections that come in from now on follow these settings of the same address.
  void become(Way other) {
    current.value = other;
  }

  /// Where it really listens, with the port that was chosen.
  InetSocketAddress address() {
    return address;
  }

  /// Of the socket, or -1 where the transport does not tell.
  int descriptor() {
    return channel instanceof UnixChannel unix ? unix.fd().intValue() : -1;
  }

  void accepting(boolean on) {
    channel.config().setAutoRead(on);
  }

  @Override
  public void close() {
    channel.close().awaitUninterruptibly();
  }
}
