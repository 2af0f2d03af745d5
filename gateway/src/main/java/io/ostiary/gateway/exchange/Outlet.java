package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.ostiary.gateway.wire.Buffers;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.HeadText;
import io.ostiary.gateway.wire.Numbers;
import org.jspecify.annotations.Nullable;

/// Gathers what goes out on one connection: heads, chunk framing and small bodies are copied into
/// one buffer, large pieces are passed on as they are. One flush per message or per read. Reused;
/// confined to its event loop.
final class Outlet {
  /// Up to this size copying is cheaper than another entry in the socket's queue.
  private static final int COPY_MAX = 4096;

  private @Nullable Channel channel;
  private @Nullable ByteBuf out;
  private boolean dirty;
  private long bytes;

  void begin(Channel to) {
    channel = to;
    bytes = 0;
    dirty = false;
  }

  private Channel channel() {
    return java.util.Objects.requireNonNull(channel);
  }

  /// A buffer with room for `size` bytes and a small body.
  private ByteBuf room(int size) {
    if (out == null) {
      out = Buffers.outgoing(channel(), size, 512);
    }
    return out;
  }

  /// Takes a head; the text is used up.
  void head(HeadText text) {
    text.copyTo(room(text.length()));
  }

  void content(ByteBuf in, int start, int length) {
    if (length == 0) {
      return;
    }
    if (length <= COPY_MAX) {
      room(length).writeBytes(in, start, length);
      return;
    }
    write();
    bytes += length;
    dirty = true;
    channel().write(in.retainedSlice(start, length), channel().voidPromise());
  }

  void chunk(ByteBuf in, int start, int length) {
    if (length == 0) {
      return;
    }
    var head = room(length <= COPY_MAX ? length + 16 : 16);
    Numbers.writeHex(head, length);
    head.writeShort('\r' << 8 | '\n');
    content(in, start, length);
    room(16).writeShort('\r' << 8 | '\n');
  }

  /// @param keep the kinds of trailer fields that go on
  /// @param text to write them with
  void lastChunk(@Nullable Fields trailers, int keep, HeadText text) {
    text.put('0').endLine();
    if (trailers != null) {
      trailers.writeKinds(text, keep);
    }
    head(text.endLine());
  }

  private void write() {
    var ready = out;
    out = null;
    if (ready != null) {
      bytes += ready.readableBytes();
      dirty = true;
      channel().write(ready, channel().voidPromise());
    }
  }

  void flush() {
    write();
    if (dirty) {
      dirty = false;
      channel().flush();
    }
  }

  /// Sends the rest, and tells the listener when the socket has taken everything.
  void flushLast(LastWrite by, ChannelFutureListener listener) {
    var last = out == null ? io.netty.buffer.Unpooled.EMPTY_BUFFER : out;
    out = null;
    bytes += last.readableBytes();
    dirty = false;
    by.write(last, listener);
  }

  long bytes() {
    return bytes + (out == null ? 0 : out.readableBytes());
  }

  /// Lets go of what was not written.
  void drop() {
    if (out != null) {
      out.release();
      out = null;
    }
    channel = null;
  }
}
