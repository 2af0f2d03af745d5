package io.ostiary.insight.log;

import io.ostiary.model.observe.AccessLog.Destination.Syslog;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/// Lines as messages of RFC 5424: over UDP a datagram each (RFC 5426), over TCP with octet counting
/// (RFC 6587 section 3.4.1), and to a stream socket of this host the same way. A server that is
/// gone is tried again, at most once a second; what could not be sent is lost and counted. Confined
/// to its thread.
///
/// Java cannot send datagrams to a socket of this host, which is what `/dev/log` is in most
/// systems: where the socket is one for datagrams, [LocalDatagrams] does it through the C library.
final class SyslogSink implements Sink {
  /// 16 * facility's step; severity 6: informational.
  private static final int INFORMATIONAL = 6;

  private static final long WAIT_NANOS = 1_000_000_000L;
  private static final int CONNECT_MILLIS = 1_000;
  private static final int WRITE_MILLIS = 2_000;

  private final Syslog syslog;
  private final String host = host();
  private @Nullable DatagramChannel datagrams;
  private @Nullable SocketChannel stream;
  private @Nullable LocalDatagrams local;
  private long failedNanos = System.nanoTime() - WAIT_NANOS;

  SyslogSink(Syslog syslog) throws IOException {
    this.syslog = syslog;
    if (syslog.transport() == Syslog.Transport.UNIX) {
      connect();
    }
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName().replaceAll("[^!-~]", "-");
    } catch (UnknownHostException e) {
      return "-";
    }
  }

  private void connect() throws IOException {
    switch (syslog.transport()) {
      case UDP -> {
        var opened = DatagramChannel.open();
        datagrams = opened.connect(address());
      }
      case TCP -> stream = connected(SocketChannel.open(), address());
      case UNIX -> unix();
    }
  }

  private InetSocketAddress address() throws IOException {
    var address = new InetSocketAddress(syslog.host(), syslog.port());
    if (address.isUnresolved()) {
      throw new UnknownHostException(syslog.host());
    }
    return address;
  }

  private void unix() throws IOException {
    var opened = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      opened.connect(UnixDomainSocketAddress.of(syslog.host()));
      opened.configureBlocking(false);
      stream = opened;
    } catch (IOException e) {
      opened.close();
      local = LocalDatagrams.open(syslog.host());
    }
  }

  private static SocketChannel connected(SocketChannel channel, InetSocketAddress to)
      throws IOException {
    try {
      channel.socket().connect(to, CONNECT_MILLIS);
      channel.configureBlocking(false);
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public void write(byte[] bytes, int[] ends, int lines) throws IOException {
    if (datagrams == null && stream == null && local == null) {
      if (System.nanoTime() - failedNanos < WAIT_NANOS) {
        throw new IOException("it could not be reached a moment ago");
      }
      failedNanos = System.nanoTime();
      connect();
    }
    try {
      send(bytes, ends, lines);
    } catch (IOException e) {
      close();
      failedNanos = System.nanoTime();
      throw e;
    }
  }

  private void send(byte[] bytes, int[] ends, int lines) throws IOException {
    var head = head();
    var all = new ByteArrayOutputStream();
    int from = 0;
    for (int i = 0; i < lines; i++) {
      int length = ends[i] - from - 1;
      if (stream != null) {
        var count = head.length + length + " ";
        all.writeBytes(count.getBytes(StandardCharsets.ISO_8859_1));
        all.writeBytes(head);
        all.write(bytes, from, length);
      } else {
        datagram(head, bytes, from, length);
      }
      from = ends[i];
    }
    var to = stream;
    if (to != null) {
      whole(to, ByteBuffer.wrap(all.toByteArray()));
    }
  }

  private void datagram(byte[] head, byte[] bytes, int from, int length) throws IOException {
    var message = ByteBuffer.allocate(head.length + length);
    message.put(head).put(bytes, from, length).flip();
    var udp = datagrams;
    var local = this.local;
    if (udp != null) {
      udp.write(message);
    } else if (local != null) {
      local.send(message.array());
    }
  }

  /// A server that takes nothing for two seconds is as good as gone: nobody may wait for it.
  private static void whole(SocketChannel to, ByteBuffer all) throws IOException {
    if (to.write(all) >= 0 && !all.hasRemaining()) {
      return;
    }
    try (var selector = Selector.open()) {
      to.register(selector, SelectionKey.OP_WRITE);
      while (all.hasRemaining()) {
        if (selector.select(WRITE_MILLIS) == 0) {
          throw new IOException("it took nothing for " + WRITE_MILLIS + " ms");
        }
        selector.selectedKeys().clear();
        to.write(all);
      }
    }
  }

  private byte[] head() {
    var time = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    return "<%d>1 %s %s %s %d access - "
        .formatted(
            syslog.facility() * 8 + INFORMATIONAL,
            time,
            host,
            syslog.name(),
            ProcessHandle.current().pid())
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    var udp = datagrams;
    var tcp = stream;
    var local = this.local;
    datagrams = null;
    stream = null;
    this.local = null;
    if (udp != null) {
      udp.close();
    }
    if (tcp != null) {
      tcp.close();
    }
    if (local != null) {
      local.close();
    }
  }
}
