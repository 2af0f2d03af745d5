package io.ostiary.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// What is done to buffers in more than one place.
public final class Buffers {
  /// So much may wait in a connection before what follows gets no more memory than it needs.
  static final int BEHIND_BYTES = 4096;

  /// Up to this size what has to wait is copied.
  private static final int COPY_MAX = 4096;

  private static final int GATHERED = 2 * COPY_MAX;

  private Buffers() {}

  /// A buffer for what goes out on a connection: with room to spare where it is on its way at once,
  /// as small as can be where its reader is behind. Otherwise one who reads nothing of many small
  /// pieces, events say, would hold a page for each.
  public static ByteBuf outgoing(Channel to, int needed, int spare) {
    var waiting = to.unsafe().outboundBuffer();
    return waiting != null && waiting.totalPendingWriteBytes() > BEHIND_BYTES
        ? ByteBufAllocator.DEFAULT.directBuffer(needed)
        : to.alloc().buffer(needed + spare);
  }

  /// Puts a piece behind others that wait. Small ones are copied together, for the same reason.
  ///
  /// @param pieces theirs who release them; nobody else writes to them
  public static void hold(ByteBufAllocator from, ArrayDeque<ByteBuf> pieces, ByteBuf piece) {
    int length = piece.readableBytes();
    if (length > COPY_MAX) {
      pieces.addLast(piece.retainedSlice());
      return;
    }
    var last = pieces.peekLast();
    // A slice of another's buffer ends where it was cut.
    if (last == null || last.writableBytes() < length) {
      last = from.buffer(GATHERED, GATHERED);
      pieces.addLast(last);
    }
    last.writeBytes(piece, piece.readerIndex(), length);
  }

  /// One buffer with the bytes of both, which are released or become it.
  public static ByteBuf join(ByteBufAllocator from, @Nullable ByteBuf first, ByteBuf second) {
    if (first == null) {
      return second;
    }
    var both = from.buffer(first.readableBytes() + second.readableBytes());
    both.writeBytes(first).writeBytes(second);
    first.release();
    second.release();
    return both;
  }
}
