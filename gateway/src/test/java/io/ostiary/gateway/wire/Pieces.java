package io.ostiary.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.function.Predicate;

/// Gives bytes as a network might: in pieces whose sizes a seed decides. What a reader leaves of a
/// piece comes again in front of the next one, as a connection does it.
public final class Pieces {
  private Pieces() {}

  /// @param more takes a piece, and says whether it wants another
  /// @return how many bytes were taken
  public static int feed(byte[] bytes, long seed, Predicate<ByteBuf> more) {
    int at = 0;
    long state = seed | 1;
    while (at < bytes.length) {
      state ^= state << 13;
      state ^= state >>> 7;
      state ^= state << 17;
      int size = (int) Math.min(bytes.length - at, 1 + (state >>> 33) % 24);
      var copy = Unpooled.buffer(size, size).writeBytes(bytes, at, size);
      boolean goesOn = more.test(copy);
      at += copy.readerIndex();
      if (!goesOn) {
        return at;
      }
      if (copy.readerIndex() == 0) {
        throw new AssertionError("it wants more and takes nothing at " + at);
      }
    }
    return at;
  }

  static long seed(byte[] data) {
    return data.length == 0 ? 7 : data[0] * 0x9e3779b97f4a7c15L + data.length;
  }
}
