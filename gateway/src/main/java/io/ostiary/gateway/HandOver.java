package io.ostiary.gateway;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.DomainSocketReadMode;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.ostiary.gateway.connection.InheritedSockets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// How listening sockets pass from one process to the next: over a socket in the data folder, which
/// only this user may reach, as descriptors (SCM_RIGHTS). Both processes then hold the same
/// sockets, so whoever connects waits in the same queue, whichever of them accepts.
///
/// The talk: the next process connects; the one before sends a descriptor for each listener, and at
/// last that of the talk itself; the next sends one byte when it accepts. Who goes away before that
/// has changed nothing.
public final class HandOver implements AutoCloseable {
  private static final int CONNECT_MILLIS = 1_000;

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("hand-over", true), EpollIoHandler.newFactory());
  private final Channel channel;

  private HandOver(ServerBootstrap bootstrap, Path at) {
    channel =
        bootstrap
            .group(group)
            .bind(new DomainSocketAddress(at.toFile()))
            .syncUninterruptibly()
            .channel();
  }

  /// Whether sockets can be passed on here.
  public static boolean available() {
    return Epoll.isAvailable();
  }

  /// Waits for a next process.
  ///
  /// @param sockets what it is given
  /// @param asked called when one has asked; what it gives completes when that one accepts, or
  ///   fails when it has gone before
  public static HandOver offer(
      Path at, Supplier<List<Integer>> sockets, java.util.function.Consumer<Next> asked) {
    var bootstrap =
        new ServerBootstrap()
            .channel(EpollServerDomainSocketChannel.class)
            .childHandler(new Talk(sockets, asked));
    return new HandOver(bootstrap, at);
  }

  /// @param accepts completes with true when the next process accepts, with false when it has gone
  public record Next(CompletableFuture<Boolean> accepts) {}

  @io.netty.channel.ChannelHandler.Sharable
  private static final class Talk extends ChannelInboundHandlerAdapter {
    private final Supplier<List<Integer>> sockets;
    private final java.util.function.Consumer<Next> asked;
    private @Nullable Next next;

    private Talk(Supplier<List<Integer>> sockets, java.util.function.Consumer<Next> asked) {
      this.sockets = sockets;
      this.asked = asked;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      if (next != null && !next.accepts.isDone()) {
        context.close();
        return;
      }
      var begun = new Next(new CompletableFuture<>());
      next = begun;
      for (int socket : sockets.get()) {
        context.write(new FileDescriptor(socket));
      }
      var talk = ((EpollDomainSocketChannel) context.channel()).fd();
      context.writeAndFlush(new FileDescriptor(talk.intValue()));
      asked.accept(begun);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      boolean accepts = message instanceof ByteBuf bytes && bytes.isReadable();
      ReferenceCountUtil.release(message);
      if (accepts && next != null) {
        next.accepts.complete(true);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      if (next != null) {
        next.accepts.complete(false);
      }
    }
  }

  /// What the process before has given.
  public static final class Given implements AutoCloseable {
    private final EventLoopGroup group;
    private final Channel channel;
    private final List<Integer> sockets;

    private Given(EventLoopGroup group, Channel channel, List<Integer> sockets) {
      this.group = group;
      this.channel = channel;
      this.sockets = sockets;
    }

    /// Descriptors of listening sockets, now ours.
    public List<Integer> sockets() {
      return sockets;
    }

    /// Tells the process before that we accept.
    public void accepting() {
      channel.writeAndFlush(channel.alloc().buffer(1).writeByte(1)).awaitUninterruptibly();
      close();
    }

    @Override
    public void close() {
      channel.close().awaitUninterruptibly();
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }

  /// Asks the process that waits there, or null where none does.
  public static @Nullable Given ask(Path at, long waitMillis) {
    var group =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("hand-over", true), EpollIoHandler.newFactory());
    var sockets = new CompletableFuture<List<Integer>>();
    var connected =
        new Bootstrap()
            .group(group)
            .channel(EpollDomainSocketChannel.class)
            .option(EpollChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
            .option(
                EpollChannelOption.DOMAIN_SOCKET_READ_MODE, DomainSocketReadMode.FILE_DESCRIPTORS)
            .handler(new Taking(sockets))
            .connect(new DomainSocketAddress(at.toFile()))
            .awaitUninterruptibly();
    if (connected.isSuccess()) {
      try {
        var all = sockets.get(waitMillis, TimeUnit.MILLISECONDS);
        return new Given(group, connected.channel(), all);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException | TimeoutException e) {
        // It has ended, or does not speak: then it is asked by a signal.
      }
      connected.channel().close();
    }
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    return null;
  }

  private static final class Taking extends ChannelInboundHandlerAdapter {
    private final CompletableFuture<List<Integer>> sockets;
    private final List<Integer> taken = new ArrayList<>();

    private Taking(CompletableFuture<List<Integer>> sockets) {
      this.sockets = sockets;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
      if (!(message instanceof FileDescriptor descriptor)) {
        ReferenceCountUtil.release(message);
        return;
      }
      if (InheritedSockets.listens(descriptor.intValue())) {
        taken.add(descriptor.intValue());
        return;
      }
      // That of the talk: there are no more.
      descriptor.close();
      sockets.complete(List.copyOf(taken));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      sockets.completeExceptionally(new java.io.EOFException("the process before has ended"));
    }
  }

  /// Nobody is asked any more. The path is the caller's to remove.
  @Override
  public void close() {
    channel.close().awaitUninterruptibly();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
