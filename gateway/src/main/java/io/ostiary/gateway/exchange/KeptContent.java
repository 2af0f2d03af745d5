package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/// What an attempt has sent of a request's content, so that the next one can send it again. Kept
/// only where the call may be repeated at all, only while it is short, and only while the calls of
/// one event loop keep little together: what does not fit is let go of as a whole, and such a call
/// is not repeated. Reused with its call; confined to its event loop.
final class KeptContent {
  private static final int BYTES_MAX = 64 * 1024;
  private static final int FIRST = 512;

  private final Call call;
  private boolean begun;
  private boolean lost;
  private @Nullable ByteBuf bytes;

  KeptContent(Call call) {
    this.call = call;
  }

  void begin() {
    begun = false;
    lost = false;
  }

  /// @param wanted whether it is of use to keep it; asked with the first piece
  void add(ByteBuf in, int start, int length, boolean wanted) {
    if (!begun) {
      begun = true;
      lost = !wanted;
    }
    if (lost || length == 0) {
      return;
    }
    var kept = bytes;
    int before = kept == null ? 0 : kept.readableBytes();
    if (length > BYTES_MAX - before || !call.loop().keep(length)) {
      drop();
      return;
    }
    if (kept == null) {
      // It may be kept for long: not out of the loop's own buffers, which go round.
      kept = ByteBufAllocator.DEFAULT.buffer(Math.max(FIRST, length), BYTES_MAX);
      bytes = kept;
    }
    kept.writeBytes(in, start, length);
  }

  /// Whether an attempt has been given content, or its end.
  boolean begun() {
    return begun;
  }

  /// Whether all that was sent is here.
  boolean whole() {
    return begun && !lost;
  }

  /// A copy, since more may be added while it is on its way; to be released.
  ByteBuf copy() {
    return bytes == null ? Unpooled.EMPTY_BUFFER : bytes.copy();
  }

  /// Nobody will need it any more, or it cannot be kept.
  void drop() {
    lost = true;
    var kept = bytes;
    if (kept != null) {
      bytes = null;
      call.loop().keepNoMore(kept.readableBytes());
      kept.release();
    }
  }
}
