package io.ostiary.gateway.connection;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.netty.channel.unix.UnixChannelOption;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.loop.Transport;
import io.ostiary.model.LateLogger;
import io.ostiary.model.Listener;
import io.ostiary.model.LoopChoice;
import io.ostiary.model.SocketPath;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Opens the sockets of one listener: one for each event loop, between which the kernel chooses; or
/// a single one whose connections are dealt out to the loops in turn, where it does not.
///
/// Several sockets share an address by SO_REUSEPORT. That would let us in beside another process of
/// the same user, too, so the address is asked for without it first. Sockets that were bound by
/// somebody else are taken as they come: a single one stays the only one, since nobody can join the
/// address of a socket that was bound without SO_REUSEPORT.
final class ListeningSockets {
  private static final System.Logger LOG = new LateLogger("io.ostiary.gateway");

  private final EventLoopGroup group;
  private final List<Loop> loops;
  private final Transport transport;
  private final InheritedSockets inherited;

  /// What was opened.
  ///
  /// @param channels one, or at least one for each loop, in their order
  /// @param address null: it is a Unix socket
  /// @param chosen null where the kernel does not choose
  /// @param file of a Unix socket that is ours to remove
  record Opened(
      List<Channel> channels,
      @Nullable InetSocketAddress address,
      LoopChoice.@Nullable Chosen chosen,
      @Nullable ListeningFile file) {
    Opened(List<Channel> channels, InetSocketAddress address, LoopChoice.@Nullable Chosen chosen) {
      this(channels, address, chosen, null);
    }
  }

  ListeningSockets(
      EventLoopGroup group, List<Loop> loops, Transport transport, InheritedSockets inherited) {
    this.group = group;
    this.loops = List.copyOf(loops);
    this.transport = transport;
    this.inherited = inherited;
  }

  Transport transport() {
    return transport;
  }

  /// Binds and begins to accept.
  ///
  /// @param bootstraps what accepts, for the loops of a group
  /// @throws IOException when the address cannot be had
  Opened open(
      InetSocketAddress wanted,
      LoopChoice choice,
      Function<EventLoopGroup, ServerBootstrap> bootstraps)
      throws IOException {
    var given = inherited.take(wanted);
    if (transport.kind() == Transport.Kind.NIO || given.size() == 1) {
      return one(wanted, given, bootstraps.apply(group));
    }
    if (!given.isEmpty()) {
      return several(given, wanted, choice, bootstraps);
    }
    if (choice.runs()) {
      free(wanted);
      var opened = several(given, wanted, choice, bootstraps);
      if (opened.chosen() != null) {
        return opened;
      }
      close(opened.channels());
    }
    return one(wanted, given, bootstraps.apply(group));
  }

  /// Binds a Unix socket and begins to accept: one for all loops, since their files are one.
  ///
  /// @throws IOException when the file cannot be had
  Opened open(Listener listener, Function<EventLoopGroup, ServerBootstrap> bootstraps)
      throws IOException {
    var bootstrap = bootstraps.apply(group);
    var path = Path.of(SocketPath.of(listener.host()));
    var given = inherited.takeLocal(path);
    if (given != null) {
      var channel = inherited.openLocal(bootstrap, transport, given.descriptor());
      return new Opened(List.of(channel), null, null, given.ours() ? kept(path, listener) : null);
    }
    ListeningFile.free(path);
    var beside = ListeningFile.beside(path);
    var channel = bound(bootstrap, beside);
    try {
      var file = ListeningFile.publish(beside, path, listener.file());
      return new Opened(List.of(channel), null, null, file);
    } catch (IOException e) {
      channel.close().awaitUninterruptibly();
      throw e;
    }
  }

  private static ListeningFile kept(Path path, Listener listener) throws IOException {
    var file = ListeningFile.of(path);
    // The process before listens until it is told that we do.
    file.another(true);
    file.rights(listener.file());
    return file;
  }

  private Channel bound(ServerBootstrap bootstrap, Path at) throws IOException {
    var bound =
        bootstrap
            .channelFactory(transport.pipeServers())
            .bind(transport.pipe(at.toString()))
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(bound.cause().getMessage(), bound.cause());
    }
    return bound.channel();
  }

  private Opened several(
      List<Integer> given,
      InetSocketAddress wanted,
      LoopChoice choice,
      Function<EventLoopGroup, ServerBootstrap> bootstraps)
      throws IOException {
    var channels = new ArrayList<Channel>();
    var address = wanted;
    try {
      for (int i = 0; i < given.size(); i++) {
        channels.add(inherited.open(on(i, bootstraps), transport, given.get(i)));
      }
      for (int i = channels.size(); i < loops.size() && choice.runs(); i++) {
        channels.add(bind(address, on(i, bootstraps).option(UnixChannelOption.SO_REUSEPORT, true)));
        address = (InetSocketAddress) channels.getFirst().localAddress();
      }
      return new Opened(channels, address, choice.runs() ? attach(choice, channels) : null);
    } catch (IOException e) {
      close(channels);
      throw e;
    }
  }

  private static void close(List<Channel> channels) {
    channels.forEach(channel -> channel.close().awaitUninterruptibly());
  }

  private ServerBootstrap on(int socket, Function<EventLoopGroup, ServerBootstrap> bootstraps) {
    return bootstraps.apply(loops.get(socket % loops.size()).eventLoop());
  }

  private Opened one(InetSocketAddress wanted, List<Integer> given, ServerBootstrap bootstrap)
      throws IOException {
    if (!given.isEmpty()) {
      var channel = inherited.open(bootstrap, transport, given.getFirst());
      return new Opened(List.of(channel), wanted, null);
    }
    var channel = bind(wanted, bootstrap);
    return new Opened(List.of(channel), (InetSocketAddress) channel.localAddress(), null);
  }

  private Channel bind(InetSocketAddress address, ServerBootstrap bootstrap) throws IOException {
    var bound = bootstrap.channelFactory(transport.servers()).bind(address).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      throw new IOException(bound.cause().getMessage(), bound.cause());
    }
    return bound.channel();
  }

  /// Fails where another process listens there. A socket that does not listen is in nobody's way.
  private static void free(InetSocketAddress address) throws IOException {
    if (address.getPort() == 0) {
      return;
    }
    var asking = Socket.newSocketStream();
    try {
      asking.setReuseAddress(true);
      asking.bind(address);
    } finally {
      asking.close();
    }
  }

  /// The choice has one place for each loop; a socket more than that has its queue emptied, and
  /// gets nothing new.
  private LoopChoice.@Nullable Chosen attach(LoopChoice choice, List<Channel> channels) {
    try {
      return choice.attach(
          channels.stream().limit(loops.size()).map(ListeningSockets::descriptor).toList());
    } catch (IllegalStateException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the kernel does not choose between event loops: {0}",
          e.getMessage());
      return null;
    }
  }

  /// Of a listening socket, or -1 where the transport does not tell.
  static int descriptor(Channel channel) {
    return channel instanceof UnixChannel unix ? unix.fd().intValue() : -1;
  }
}
