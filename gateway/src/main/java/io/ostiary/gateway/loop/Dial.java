package io.ostiary.gateway.loop;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// How a socket to somebody else is opened and given up: it exists at once, and is registered and
/// connected by a task of its own, when the events at hand have been handled.
///
/// epoll names sockets by their descriptors and hands events out in batches. One that is closed
/// while a batch is handled frees its number for the next that is opened, and what the batch still
/// holds for the old socket would be taken for the new one's, which is not connected yet: its read
/// fails with ENOTCONN, or the old one's end closes it, and a call that is none of its business
/// gets 502. A socket that is not registered gets none of it. Stateless.
public final class Dial {
  private Dial() {}

  /// A socket that nobody knows of yet.
  ///
  /// @param to whom it is for: a Unix socket is of another kind than one of the network
  /// @throws io.netty.channel.ChannelException where the process may open no more
  public static Channel open(Loop loop, SocketAddress to, ChannelHandler handler) {
    var transport = loop.transport();
    var channel =
        to instanceof InetSocketAddress
            ? transport.sockets().newChannel()
            : transport.pipes().newChannel();
    channel.config().setOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0);
    channel.config().setAllocator(loop.buffers());
    channel.pipeline().addLast(handler);
    return channel;
  }

  /// Connects it, soon.
  ///
  /// @param told null: it stands; else why it does not. Never before this method has returned
  public static void connect(
      Loop loop, Channel channel, SocketAddress to, Consumer<@Nullable Throwable> told) {
    loop.eventLoop().execute(() -> begin(loop, channel, to, told));
  }

  private static void begin(
      Loop loop, Channel channel, SocketAddress to, Consumer<@Nullable Throwable> told) {
    if (!channel.isOpen()) {
      told.accept(new ClosedChannelException());
      return;
    }
    loop.eventLoop()
        .register(channel)
        .addListener(registered -> {
          if (registered.isSuccess()) {
            channel.connect(to).addListener(done -> told.accept(done.cause()));
          } else {
            told.accept(registered.cause());
          }
        });
  }

  /// Closes it, wherever it stands.
  public static void close(Channel channel) {
    if (channel.isRegistered()) {
      ChannelFuture ignored = channel.close();
    } else {
      channel.unsafe().closeForcibly();
    }
  }
}
