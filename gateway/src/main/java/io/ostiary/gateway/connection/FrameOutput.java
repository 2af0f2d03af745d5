package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.wire.Buffers;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Gathers the frames of all streams of one connection: heads, small content and control frames are
/// written into one buffer, large content is passed on as it is. Whatever the streams wrote while
/// the event loop handled one batch of events goes to the socket in one write. Confined to its
/// event loop.
final class FrameOutput {
  /// Up to this size copying is cheaper than another entry in the socket's queue.
  private static final int COPY_MAX = 4096;

  private final Loop loop;
  private final Channel channel;
  private final Runnable flushNow = this::flushNow;
  private @Nullable ByteBuf out;
  private @Nullable ArrayList<ChannelFutureListener> ends;
  private boolean scheduled;
  private boolean dirty;

  FrameOutput(Loop loop, Channel channel) {
    this.loop = loop;
    this.channel = channel;
  }

  /// A buffer to write frames to; what is written goes out before long.
  ByteBuf room(int size) {
    if (out == null) {
      out = Buffers.outgoing(channel, size, Math.max(512, 2048 - size));
    }
    flushSoon();
    return out;
  }

  /// The payload of a frame whose header was written last.
  void payload(ByteBuf in, int start, int length) {
    if (length <= COPY_MAX) {
      room(length).writeBytes(in, start, length);
      return;
    }
    write();
    dirty = true;
    channel.write(in.retainedSlice(start, length), channel.voidPromise());
  }

  /// The same, with a buffer that is let go of.
  void payloadAndRelease(ByteBuf piece) {
    int length = piece.readableBytes();
    if (length <= COPY_MAX) {
      room(length).writeBytes(piece);
      piece.release();
      return;
    }
    write();
    dirty = true;
    channel.write(piece, channel.voidPromise());
  }

  /// Tells when the socket has taken everything written so far.
  void whenTaken(ChannelFutureListener listener) {
    if (ends == null) {
      ends = new ArrayList<>(4);
    }
    ends.add(listener);
    flushSoon();
  }

  private void write() {
    var ready = out;
    out = null;
    if (ready != null) {
      dirty = true;
      channel.write(ready, channel.voidPromise());
    }
  }

  private void flushSoon() {
    if (!scheduled) {
      scheduled = true;
      loop.eventLoop().execute(flushNow);
    }
  }

  void flushNow() {
    scheduled = false;
    var waiting = ends;
    if (waiting == null) {
      write();
    } else {
      ends = null;
      var last = out == null ? Unpooled.EMPTY_BUFFER : out;
      out = null;
      dirty = true;
      channel.write(last).addListener((ChannelFuture done) -> tell(waiting, done));
    }
    if (dirty) {
      dirty = false;
      channel.flush();
    }
  }

  private static void tell(List<ChannelFutureListener> waiting, ChannelFuture done)
      throws Exception {
    for (var listener : waiting) {
      listener.operationComplete(done);
    }
  }

  void drop() {
    if (out != null) {
      out.release();
      out = null;
    }
    ends = null;
  }
}
