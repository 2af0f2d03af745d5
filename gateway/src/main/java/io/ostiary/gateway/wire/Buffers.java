package io.ostiary.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/// What is done to buffers in more than one place.
public final class Buffers {
  private Buffers() {}

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
