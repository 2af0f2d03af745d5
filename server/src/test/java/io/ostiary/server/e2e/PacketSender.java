package io.ostiary.server.e2e;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.locks.LockSupport;

/// Sends small UDP packets from one address for some time, some thousand a second, each with the
/// monotonic time at which it was sent.
final class PacketSender {
  private static final long PAUSE_NANOS = 50_000;

  private PacketSender() {}

  /// @param args source address, address and port to send to, milliseconds to go on
  public static void main(String[] args) throws IOException {
    var to = new InetSocketAddress(InetAddress.ofLiteral(args[1]), Integer.parseInt(args[2]));
    long end = System.nanoTime() + Long.parseLong(args[3]) * 1_000_000;
    try (var channel = DatagramChannel.open()) {
      channel.bind(new InetSocketAddress(InetAddress.ofLiteral(args[0]), 0));
      var packet = ByteBuffer.allocate(16);
      while (System.nanoTime() < end) {
        try {
          channel.send(packet.putLong(0, System.nanoTime()).clear(), to);
        } catch (IOException e) {
          // Nobody listens there yet.
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }
}
