package io.ostiary.gateway.connection;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// How many connections wait at a listening socket until they are accepted.
final class AcceptQueue {
  /// IPPROTO_TCP and TCP_INFO; of a listening socket, `tcpi_unacked` is the length of its queue.
  private static final int UNACKED = 24;

  private static final RawUnixChannelOption INFO =
      new RawUnixChannelOption("io.ostiary.TCP_INFO", 6, 11, UNACKED + Integer.BYTES);

  private AcceptQueue() {}

  /// From any thread.
  static int length(Channel channel) {
    @Nullable ByteBuffer bytes;
    try {
      bytes = channel.config().getOption(INFO);
    } catch (ChannelException | UnsupportedOperationException e) {
      // It has just closed.
      return 0;
    }
    return bytes == null || bytes.remaining() < UNACKED + Integer.BYTES
        ? 0
        : bytes.order(ByteOrder.nativeOrder()).getInt(bytes.position() + UNACKED);
  }
}
