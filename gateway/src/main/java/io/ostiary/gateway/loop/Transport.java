package io.ostiary.gateway.loop;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringDatagramChannel;
import io.netty.channel.uring.IoUringDomainSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/// How the kernel is asked to move bytes: io_uring where it runs, else epoll, else NIO.
///
/// @param sentence which one and why, for people
/// @param pipes connections over Unix sockets
/// @param pipeServers who accepts at them
public record Transport(
    Kind kind,
    String sentence,
    IoHandlerFactory handlers,
    ChannelFactory<? extends ServerChannel> servers,
    ChannelFactory<? extends SocketChannel> sockets,
    ChannelFactory<? extends Channel> pipes,
    ChannelFactory<? extends ServerChannel> pipeServers,
    ChannelFactory<? extends DatagramChannel> datagrams) {
  /// What can be preferred.
  public enum Kind {
    IO_URING,
    EPOLL,
    NIO
  }

  private static final int RING_SIZE = 512;

  /// The preferred transport, or the next one down that runs here.
  public static Transport choose(Kind preferred) {
    var why = new StringBuilder();
    if (preferred == Kind.IO_URING) {
      if (IoUring.isAvailable()) {
        return ioUring("transport: io_uring");
      }
      why.append("; io_uring does not run here: ").append(cause(IoUring.unavailabilityCause()));
    }
    if (preferred != Kind.NIO) {
      if (Epoll.isAvailable()) {
        return epoll("transport: epoll" + why);
      }
      why.append("; epoll does not run here: ").append(cause(Epoll.unavailabilityCause()));
    }
    return new Transport(
        Kind.NIO,
        "transport: NIO" + why,
        NioIoHandler.newFactory(),
        NioServerSocketChannel::new,
        NioSocketChannel::new,
        NioDomainSocketChannel::new,
        NioServerDomainSocketChannel::new,
        NioDatagramChannel::new);
  }

  private static Transport ioUring(String sentence) {
    return new Transport(
        Kind.IO_URING,
        sentence,
        IoUringIoHandler.newFactory(new IoUringIoHandlerConfig().setRingSize(RING_SIZE)),
        IoUringServerSocketChannel::new,
        IoUringSocketChannel::new,
        IoUringDomainSocketChannel::new,
        IoUringServerDomainSocketChannel::new,
        IoUringDatagramChannel::new);
  }

  private static Transport epoll(String sentence) {
    return new Transport(
        Kind.EPOLL,
        sentence,
        new EpollHandlers(),
        EpollServerSocketChannel::new,
        EpollSocketChannel::new,
        EpollDomainSocketChannel::new,
        EpollServerDomainSocketChannel::new,
        EpollDatagramChannel::new);
  }

  /// The address of a Unix socket, as this transport wants it.
  public SocketAddress pipe(String path) {
    return kind == Kind.NIO ? UnixDomainSocketAddress.of(path) : new DomainSocketAddress(path);
  }

  private static String cause(Throwable cause) {
    var root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }
}
