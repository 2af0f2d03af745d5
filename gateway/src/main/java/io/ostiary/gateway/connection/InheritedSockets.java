package io.ostiary.gateway.connection;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.ostiary.gateway.loop.Transport;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Listening sockets that somebody else has bound: the process before us, or systemd. Each waits
/// here until a listener with its address is opened. Guarded by its own lock.
///
/// Netty's io_uring channel cannot be made of a descriptor. So one is bound to a port of loopback
/// that nobody is told of, without accepting, and its descriptor is then made to name the inherited
/// socket (dup2); io_uring looks a descriptor up with each operation, and none has begun yet.
public final class InheritedSockets {
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int O_NONBLOCK = 04000;
  private static final int AF_UNIX = 1;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int SOL_SOCKET = 1;
  private static final int SO_ACCEPTCONN = 30;
  private static final int SO_DOMAIN = 39;

  /// Linked where sockets are taken, and not at every start.
  private static final class Calls {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final Linker LINKER = Linker.nativeLinker();
    static final MethodHandle DUP2 =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("dup2"), FunctionDescriptor.of(INT, INT, INT));
    static final MethodHandle FCNTL =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("fcntl"),
            FunctionDescriptor.of(INT, INT, INT, INT),
            Linker.Option.firstVariadicArg(2));
  }

  /// Several at one address where each event loop of the process before had one, in their order.
  private final Map<InetSocketAddress, List<Integer>> waiting = new HashMap<>();

  private final Map<Path, Local> waitingLocal = new HashMap<>();

  /// A Unix socket.
  ///
  /// @param ours whether a process of ours has made its file
  record Local(int descriptor, boolean ours) {}

  /// Takes descriptors of listening sockets into care.
  ///
  /// @return those that are none, which stay with the caller
  public synchronized List<Integer> add(List<Integer> descriptors) {
    return descriptors.stream().filter(descriptor -> !add(descriptor)).toList();
  }

  private boolean add(int descriptor) {
    if (!listens(descriptor)) {
      return false;
    }
    if (local(descriptor)) {
      var bound = new Socket(descriptor).localDomainSocketAddress();
      if (bound == null) {
        return false;
      }
      var ours = ListeningFile.ours(bound.path());
      waitingLocal.put(
          Path.of(ours == null ? bound.path() : ours), new Local(descriptor, ours != null));
      return true;
    }
    var address = new Socket(descriptor).localAddress();
    waiting.computeIfAbsent(address, _ -> new ArrayList<>()).add(descriptor);
    return true;
  }

  private static boolean local(int descriptor) {
    try {
      return new Socket(descriptor).getIntOpt(SOL_SOCKET, SO_DOMAIN) == AF_UNIX;
    } catch (IOException e) {
      return false;
    }
  }

  /// Whether a descriptor is that of a listening TCP or Unix socket.
  public static boolean listens(int descriptor) {
    try {
      var socket = new Socket(descriptor);
      int domain = socket.getIntOpt(SOL_SOCKET, SO_DOMAIN);
      return (domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX)
          && socket.getIntOpt(SOL_SOCKET, SO_ACCEPTCONN) == 1;
    } catch (IOException | ChannelException e) {
      // It is no socket at all.
      return false;
    }
  }

  /// The addresses that wait for a listener.
  public synchronized List<String> addresses() {
    return Stream.concat(
            waiting.keySet().stream().map(InetSocketAddress::toString),
            waitingLocal.keySet().stream().map(path -> "unix:" + path))
        .toList();
  }

  /// The Unix socket of this name, now the caller's; null: there is none.
  synchronized @Nullable Local takeLocal(Path wanted) {
    return waitingLocal.remove(wanted);
  }

  /// The descriptors for this address, now the caller's.
  synchronized List<Integer> take(InetSocketAddress wanted) {
    for (var one : waiting.entrySet()) {
      var address = one.getKey();
      if (address.getPort() == wanted.getPort()
          && sameHost(address.getAddress(), wanted.getAddress())) {
        waiting.remove(address);
        return one.getValue();
      }
    }
    return List.of();
  }

  private static boolean sameHost(InetAddress one, InetAddress other) {
    return one.equals(other) || (one.isAnyLocalAddress() && other.isAnyLocalAddress());
  }

  /// Closes what no listener wants: whoever knocks there is refused from now on.
  public synchronized void closeRest() {
    waiting.values().forEach(all -> all.forEach(InheritedSockets::closeQuietly));
    waiting.clear();
    waitingLocal.forEach((path, local) -> {
      closeQuietly(local.descriptor);
      if (local.ours) {
        ListeningFile.forget(path);
      }
    });
    waitingLocal.clear();
  }

  private static void closeQuietly(int descriptor) {
    try {
      new Socket(descriptor).close();
    } catch (IOException e) {
      throw new IllegalStateException("a socket that was inherited cannot be closed", e);
    }
  }

  /// A channel that accepts at the socket. Epoll wants one that does not block; io_uring, which
  /// waits in the kernel, mostly one that does, as its own channel shows.
  Channel open(ServerBootstrap bootstrap, Transport transport, int descriptor) {
    return switch (transport.kind()) {
      case EPOLL -> {
        flags(descriptor, call(Calls.FCNTL, descriptor, F_GETFL, 0) | O_NONBLOCK);
        yield bootstrap
            .channelFactory(() -> new EpollServerSocketChannel(descriptor))
            .register()
            .syncUninterruptibly()
            .channel();
      }
      case IO_URING -> {
        var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        yield inPlace(bootstrap.channelFactory(transport.servers()), loopback, descriptor);
      }
      case NIO -> throw noneByNio();
    };
  }

  /// The same for a Unix socket.
  Channel openLocal(ServerBootstrap bootstrap, Transport transport, int descriptor)
      throws IOException {
    return switch (transport.kind()) {
      case EPOLL -> {
        flags(descriptor, call(Calls.FCNTL, descriptor, F_GETFL, 0) | O_NONBLOCK);
        yield bootstrap
            .channelFactory(() -> new EpollServerDomainSocketChannel(descriptor, true))
            .register()
            .syncUninterruptibly()
            .channel();
      }
      case IO_URING -> {
        // Its own folder may be another user's.
        var folder = Files.createTempDirectory("ostiary");
        var beside = folder.resolve("s");
        try {
          yield inPlace(
              bootstrap.channelFactory(transport.pipeServers()),
              transport.pipe(beside.toString()),
              descriptor);
        } finally {
          Files.deleteIfExists(beside);
          Files.delete(folder);
        }
      }
      case NIO -> throw noneByNio();
    };
  }

  private static IllegalStateException noneByNio() {
    return new IllegalStateException(
        "inherited sockets: NIO cannot take them (expected: io_uring or epoll)");
  }

  private static Channel inPlace(ServerBootstrap bootstrap, SocketAddress of, int descriptor) {
    var bound =
        bootstrap.option(ChannelOption.AUTO_READ, false).bind(of).syncUninterruptibly().channel();
    int own = ((UnixChannel) bound).fd().intValue();
    flags(descriptor, call(Calls.FCNTL, own, F_GETFL, 0));
    call(Calls.DUP2, descriptor, own);
    closeQuietly(descriptor);
    bound.config().setAutoRead(true);
    return bound;
  }

  private static void flags(int descriptor, int flags) {
    call(Calls.FCNTL, descriptor, F_SETFL, flags);
  }

  private static int call(MethodHandle function, int... arguments) {
    try {
      int result =
          arguments.length == 2
              ? (int) function.invokeExact(arguments[0], arguments[1])
              : (int) function.invokeExact(arguments[0], arguments[1], arguments[2]);
      if (result < 0) {
        throw new IllegalStateException("a socket that was inherited cannot be taken");
      }
      return result;
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("the C library cannot be called", e);
    }
  }
}
