package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.spi.BodyChange;
import io.ostiary.gateway.spi.BodyOut;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.gateway.spi.Verdict;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Those filters that replace the body of one message, and what they make of its pieces. Reused
/// with its call; confined to its event loop.
final class BodyChanges {
  /// What one filter may make of one piece. Pieces are at most some 128 KiB, so only what expands
  /// without bound comes here.
  private static final int MADE_BYTES_MAX = 64 * 1024 * 1024;

  /// Fields that say something of bytes that are other ones now (RFC 9530, RFC 1864), and the offer
  /// of ranges among them.
  private static final List<HeaderName> GONE =
      List.of(
          HeaderName.of("Content-Digest"),
          HeaderName.of("Repr-Digest"),
          HeaderName.of("Digest"),
          HeaderName.of("Content-MD5"),
          HeaderName.of("Accept-Ranges"));

  private static final HeaderName ETAG = HeaderName.of("ETag");
  private static final ByteBuffer EMPTY = ByteBuffer.allocate(0).asReadOnlyBuffer();

  private final Call call;
  private final Sink sink = new Sink();
  private @Nullable BodyChange[] changes = {};
  private int count;

  /// Who was asked already; one bit each.
  private long asked;

  /// What the filters so far have made of the piece; null: it is as it came.
  private @Nullable ByteBuf made;

  BodyChanges(Call call) {
    this.call = call;
  }

  private final class Sink implements BodyOut {
    private @Nullable ByteBuf out;

    private ByteBuf room(int more) {
      var to = out;
      if (to == null) {
        to = call.clientSide().channel().alloc().buffer(Math.max(256, more));
        out = to;
      }
      if (to.readableBytes() + more > MADE_BYTES_MAX) {
        throw new IllegalStateException("a piece grew beyond " + MADE_BYTES_MAX + " bytes");
      }
      return to;
    }

    @Override
    public void write(ByteBuffer bytes) {
      room(bytes.remaining()).writeBytes(bytes);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      room(length).writeBytes(bytes, from, length);
    }

    @Override
    public int length() {
      return out == null ? 0 : out.readableBytes();
    }
  }

  /// Asks the filters of the set `among` what they do, and corrects the head where any does.
  ///
  /// @return whether the exchange goes on; false: one of them has failed, and that is told
  boolean askRequest(long among) {
    if (!ask(among, true)) {
      return false;
    }
    if (count > 0) {
      correct(call.requestHead().fields());
    }
    return true;
  }

  boolean askResponse(long among) {
    if (!ask(among, false)) {
      return false;
    }
    if (count > 0) {
      correct(call.answer().head().fields());
      weaken(call.answer().head().fields());
    }
    return true;
  }

  private boolean ask(long among, boolean ofRequest) {
    long open = among & ~asked;
    asked |= among;
    for (long left = open; left != 0; left &= left - 1) {
      int i = Long.numberOfTrailingZeros(left);
      var filter = call.filters().filter(i);
      try {
        put(i, ofRequest ? filter.requestChange(call) : filter.responseChange(call));
      } catch (RuntimeException e) {
        call.filterFailed(i, e);
        return false;
      }
    }
    return true;
  }

  private void put(int filter, @Nullable BodyChange change) {
    if (change == null) {
      return;
    }
    if (changes.length <= filter) {
      changes = Arrays.copyOf(changes, filter + 1);
    }
    changes[filter] = change;
    count++;
  }

  private static void correct(Headers fields) {
    for (int i = 0; i < GONE.size(); i++) {
      fields.remove(GONE.get(i));
    }
  }

  /// Another representation that means the same (RFC 9110 section 8.8.1).
  private static void weaken(Headers fields) {
    var tag = fields.first(ETAG);
    if (tag != null && !tag.startsWith("W/")) {
      fields.set(ETAG, "W/" + tag);
    }
  }

  boolean any() {
    return count > 0;
  }

  boolean by(int filter) {
    return filter < changes.length && changes[filter] != null;
  }

  /// Whether somebody has kept the whole piece, so that nobody behind has anything to see.
  boolean heldBack(boolean last) {
    return !last && made != null && !made.isReadable();
  }

  Verdict apply(int filter, ByteBuffer piece, boolean last) {
    var change = changes[filter];
    if (change == null) {
      return Verdict.CONTINUE;
    }
    try {
      var verdict = change.change(call, piece, last, sink);
      var out = sink.out == null ? io.netty.buffer.Unpooled.EMPTY_BUFFER : sink.out;
      sink.out = null;
      letGo();
      made = out;
      return verdict instanceof Verdict.Wait ? throwing("a change of a body cannot wait") : verdict;
    } finally {
      if (sink.out != null) {
        sink.out.release();
        sink.out = null;
      }
    }
  }

  private static Verdict throwing(String what) {
    throw new IllegalStateException(what);
  }

  /// What the filters so far have made of the piece.
  ByteBuffer made() {
    return made == null ? EMPTY : made.nioBuffer().asReadOnlyBuffer();
  }

  /// What they all have made of the piece, to be released in its place.
  ByteBuf instead(ByteBuf came) {
    var taken = made;
    if (taken == null) {
      return came;
    }
    made = null;
    came.release();
    return taken;
  }

  private void letGo() {
    if (made != null) {
      made.release();
      made = null;
    }
  }

  void drop() {
    letGo();
    asked = 0;
    if (count == 0) {
      return;
    }
    count = 0;
    for (int i = 0; i < changes.length; i++) {
      var change = changes[i];
      changes[i] = null;
      if (change != null) {
        close(i, change);
      }
    }
  }

  private void close(int filter, BodyChange change) {
    try {
      change.close();
    } catch (RuntimeException e) {
      call.log(filter, e);
    }
  }
}
