package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.connection.FloodMeter.Kind;
import io.ostiary.gateway.wire.Buffers;
import io.ostiary.gateway.wire.Frame;
import org.jspecify.annotations.Nullable;

/// Finds the frames of one HTTP/2 connection in its bytes, and checks of each what can be checked
/// without knowing its stream (RFC 9113 sections 4 and 6). What is wrong ends the connection with
/// the error that the section names.
///
/// A frame is looked at when all of it is there; at most one, 16 KiB, is kept from read to read,
/// and one header block. Confined to its event loop.
final class FrameReader {
  /// What is done with frames.
  interface Frames {
    /// @param frameBytes what the frame costs of the windows, padding included
    void data(int stream, ByteBuf in, int start, int length, int frameBytes, boolean last);

    /// @param block valid only during the call
    void head(int stream, ByteBuf block, boolean last, boolean ownParent);

    void priority(int stream, boolean ownParent);

    void reset(int stream);

    void settings(ByteBuf in, int start, int length);

    void settingsTaken();

    void ping(long opaque, boolean ack);

    void goAway();

    void windowUpdate(int stream, int more);

    /// The stream alone is wrong.
    void streamFault(int stream, int error);

    /// The connection is wrong, and over.
    void fault(int error);

    /// Whether one more of these may come; where not, the connection is over.
    boolean allowed(Kind kind);

    /// Whether no frame is wanted any more.
    boolean over();
  }

  private final Frames frames;
  private final int blockBytesMax;
  private @Nullable ByteBuf rest;
  private @Nullable ByteBuf block;
  private int prefaceLeft;
  private boolean settingsSeen;
  private int blockStream;
  private boolean blockLast;
  private boolean blockOwnParent;

  /// @param prefaceRead bytes of the client's preface that have been read already
  FrameReader(Frames frames, int prefaceRead, int blockBytesMax) {
    this.frames = frames;
    this.blockBytesMax = blockBytesMax;
    prefaceLeft = Frame.preface().length - prefaceRead;
  }

  /// Takes a read; the buffer is let go of.
  void read(ByteBuf in) {
    var all = Buffers.join(in.alloc(), rest, in);
    rest = null;
    try {
      while (!frames.over() && step(all)) {}
    } finally {
      if (frames.over() || !all.isReadable()) {
        all.release();
      } else {
        rest = all;
      }
    }
  }

  /// Whether a header block has begun and not ended.
  boolean inBlock() {
    return block != null;
  }

  private boolean step(ByteBuf in) {
    if (prefaceLeft > 0) {
      return preface(in);
    }
    if (in.readableBytes() < Frame.HEADER_BYTES) {
      return false;
    }
    int at = in.readerIndex();
    int length = in.getUnsignedMedium(at);
    int type = in.getUnsignedByte(at + 3);
    if (length > Frame.PAYLOAD_MAX) {
      frames.fault(Frame.FRAME_SIZE_ERROR);
      return false;
    }
    if (in.readableBytes() < Frame.HEADER_BYTES + length) {
      return false;
    }
    int flags = in.getUnsignedByte(at + 4);
    int stream = in.getInt(at + 5) & Integer.MAX_VALUE;
    int start = at + Frame.HEADER_BYTES;
    in.readerIndex(start + length);
    if (!settingsSeen && (type != Frame.SETTINGS || (flags & Frame.ACK) != 0)) {
      frames.fault(Frame.PROTOCOL_ERROR);
      return false;
    }
    if (block != null && (type != Frame.CONTINUATION || stream != blockStream)) {
      frames.fault(Frame.PROTOCOL_ERROR);
      return false;
    }
    frame(in, type, flags, stream, start, length);
    return true;
  }

  private boolean preface(ByteBuf in) {
    var wanted = Frame.preface();
    while (prefaceLeft > 0 && in.isReadable()) {
      if (in.readByte() != wanted[wanted.length - prefaceLeft]) {
        frames.fault(Frame.PROTOCOL_ERROR);
        return false;
      }
      prefaceLeft--;
    }
    return prefaceLeft == 0;
  }

  private void frame(ByteBuf in, int type, int flags, int stream, int start, int length) {
    switch (type) {
      case Frame.DATA -> data(in, flags, stream, start, length);
      case Frame.HEADERS -> headers(in, flags, stream, start, length);
      case Frame.PRIORITY -> priority(in, stream, start, length);
      case Frame.RST_STREAM -> reset(stream, length);
      case Frame.SETTINGS -> settings(in, flags, stream, start, length);
      case Frame.PUSH_PROMISE -> frames.fault(Frame.PROTOCOL_ERROR);
      case Frame.PING -> ping(in, flags, stream, start, length);
      case Frame.GOAWAY -> goAway(stream, length);
      case Frame.WINDOW_UPDATE -> windowUpdate(in, stream, start, length);
      case Frame.CONTINUATION -> continuation(in, flags, start, length);
      default -> {
        boolean ignored = frames.allowed(Kind.IGNORED);
      }
    }
  }

  /// The length without padding, or -1 where there is more padding than frame.
  private static int unpadded(ByteBuf in, int flags, int start, int length) {
    if ((flags & Frame.PADDED) == 0) {
      return length;
    }
    return length == 0 ? -1 : length - 1 - in.getUnsignedByte(start);
  }

  private void data(ByteBuf in, int flags, int stream, int start, int length) {
    int size = unpadded(in, flags, start, length);
    if (stream == 0 || size < 0) {
      frames.fault(Frame.PROTOCOL_ERROR);
      return;
    }
    boolean last = (flags & Frame.END_STREAM) != 0;
    if (size == 0 && !last && !frames.allowed(Kind.EMPTY_DATA)) {
      return;
    }
    int from = (flags & Frame.PADDED) == 0 ? start : start + 1;
    frames.data(stream, in, from, size, length, last);
  }

  private void headers(ByteBuf in, int flags, int stream, int start, int length) {
    int size = unpadded(in, flags, start, length);
    boolean weighed = (flags & Frame.WITH_PRIORITY) != 0;
    int from = (flags & Frame.PADDED) == 0 ? start : start + 1;
    if (weighed) {
      size -= 5;
    }
    if (stream == 0 || (stream & 1) == 0 || size < 0) {
      frames.fault(Frame.PROTOCOL_ERROR);
      return;
    }
    boolean ownParent = weighed && (in.getInt(from) & Integer.MAX_VALUE) == stream;
    from += weighed ? 5 : 0;
    boolean last = (flags & Frame.END_STREAM) != 0;
    if ((flags & Frame.END_HEADERS) != 0) {
      frames.head(stream, in.slice(from, size), last, ownParent);
      return;
    }
    blockStream = stream;
    blockLast = last;
    blockOwnParent = ownParent;
    block = in.alloc().buffer(Math.max(size * 2, 1024)).writeBytes(in, from, size);
  }

  private void continuation(ByteBuf in, int flags, int start, int length) {
    var whole = block;
    if (whole == null) {
      frames.fault(Frame.PROTOCOL_ERROR);
      return;
    }
    if (!frames.allowed(Kind.CONTINUATION)) {
      return;
    }
    if (whole.readableBytes() + length > blockBytesMax) {
      // It cannot be left out, since it changes the table; and to keep it is what it is sent for.
      frames.fault(Frame.ENHANCE_YOUR_CALM);
      return;
    }
    whole.writeBytes(in, start, length);
    if ((flags & Frame.END_HEADERS) == 0) {
      return;
    }
    block = null;
    try {
      frames.head(blockStream, whole, blockLast, blockOwnParent);
    } finally {
      whole.release();
    }
  }

  private void priority(ByteBuf in, int stream, int start, int length) {
    if (stream == 0) {
      frames.fault(Frame.PROTOCOL_ERROR);
    } else if (length != 5) {
      frames.streamFault(stream, Frame.FRAME_SIZE_ERROR);
    } else {
      frames.priority(stream, (in.getInt(start) & Integer.MAX_VALUE) == stream);
    }
  }

  private void reset(int stream, int length) {
    if (length != 4) {
      frames.fault(Frame.FRAME_SIZE_ERROR);
    } else if (stream == 0) {
      frames.fault(Frame.PROTOCOL_ERROR);
    } else {
      frames.reset(stream);
    }
  }

  private void settings(ByteBuf in, int flags, int stream, int start, int length) {
    settingsSeen = true;
    if (stream != 0) {
      frames.fault(Frame.PROTOCOL_ERROR);
    } else if ((flags & Frame.ACK) != 0) {
      if (length != 0) {
        frames.fault(Frame.FRAME_SIZE_ERROR);
      } else {
        frames.settingsTaken();
      }
    } else if (length % 6 != 0) {
      frames.fault(Frame.FRAME_SIZE_ERROR);
    } else if (frames.allowed(Kind.SETTINGS)) {
      frames.settings(in, start, length);
    }
  }

  private void ping(ByteBuf in, int flags, int stream, int start, int length) {
    if (length != 8) {
      frames.fault(Frame.FRAME_SIZE_ERROR);
    } else if (stream != 0) {
      frames.fault(Frame.PROTOCOL_ERROR);
    } else if (frames.allowed(Kind.PING)) {
      frames.ping(in.getLong(start), (flags & Frame.ACK) != 0);
    }
  }

  private void goAway(int stream, int length) {
    if (stream != 0) {
      frames.fault(Frame.PROTOCOL_ERROR);
    } else if (length < 8) {
      frames.fault(Frame.FRAME_SIZE_ERROR);
    } else {
      frames.goAway();
    }
  }

  private void windowUpdate(ByteBuf in, int stream, int start, int length) {
    if (length != 4) {
      frames.fault(Frame.FRAME_SIZE_ERROR);
      return;
    }
    int more = in.getInt(start) & Integer.MAX_VALUE;
    if (more == 0 && stream == 0) {
      frames.fault(Frame.PROTOCOL_ERROR);
    } else if (frames.allowed(Kind.WINDOW_UPDATE)) {
      frames.windowUpdate(stream, more);
    }
  }

  void drop() {
    if (rest != null) {
      rest.release();
      rest = null;
    }
    if (block != null) {
      block.release();
      block = null;
    }
  }
}
