package io.ostiary.gateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// A Unix socket behind which a server of loopback answers, whatever is spoken: so every upstream
/// of these tests can be asked over one. It passes bytes and ends on, and changes nothing.
final class SocketDoor implements AutoCloseable {
  final Path path;
  final AtomicInteger connections = new AtomicInteger();
  private final ServerSocketChannel server;
  private final int port;
  private final List<SocketChannel> open = new CopyOnWriteArrayList<>();

  SocketDoor(Path path, int port) {
    this.path = path;
    this.port = port;
    try {
      server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      server.bind(UnixDomainSocketAddress.of(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofPlatform().daemon().name("socket-door").start(this::accept);
  }

  private void accept() {
    try {
      while (true) {
        var inside = server.accept();
        connections.incrementAndGet();
        var outside =
            SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        open.addAll(List.of(inside, outside));
        Thread.ofPlatform().daemon().start(() -> pass(inside, outside));
        Thread.ofPlatform().daemon().start(() -> pass(outside, inside));
      }
    } catch (IOException e) {
      // Closed.
    }
  }

  private static void pass(SocketChannel from, SocketChannel to) {
    var buffer = ByteBuffer.allocate(64 * 1024);
    try {
      while (from.read(buffer) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          to.write(buffer);
        }
        buffer.clear();
      }
      to.shutdownOutput();
    } catch (IOException e) {
      quietly(from);
      quietly(to);
    }
  }

  private static void quietly(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
      open.forEach(SocketDoor::quietly);
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
