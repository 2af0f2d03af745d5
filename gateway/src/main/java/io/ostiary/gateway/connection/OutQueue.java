package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Content of one stream that waits for its window. Small pieces are copied together, so that many
/// of them do not each keep the buffer alive that they were read into. Confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same buffer is the question.
final class OutQueue {
  private static final int COPY_MAX = 4096;

  private final ArrayDeque<ByteBuf> pieces = new ArrayDeque<>(4);
  private @Nullable ByteBuf own;
  private int bytes;

  int bytes() {
    return bytes;
  }

  void add(ByteBufAllocator alloc, ByteBuf in, int start, int length) {
    bytes += length;
    if (length > COPY_MAX) {
      pieces.addLast(in.retainedSlice(start, length));
      return;
    }
    var last = pieces.peekLast();
    if (last == null || last != own || own.writableBytes() < length) {
      last = alloc.buffer(2 * COPY_MAX, 2 * COPY_MAX);
      own = last;
      pieces.addLast(last);
    }
    last.writeBytes(in, start, length);
  }

  /// The next bytes, at most `most`; the caller's to release. Only where there are any.
  ByteBuf take(int most) {
    var first = pieces.getFirst();
    if (first.readableBytes() > most) {
      bytes -= most;
      return first.readRetainedSlice(most);
    }
    pieces.removeFirst();
    if (first == own) {
      own = null;
    }
    bytes -= first.readableBytes();
    return first;
  }

  void drop() {
    while (!pieces.isEmpty()) {
      pieces.removeFirst().release();
    }
    own = null;
    bytes = 0;
  }
}
