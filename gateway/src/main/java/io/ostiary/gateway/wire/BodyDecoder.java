package io.ostiary.gateway.wire;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Where one message's body ends (RFC 9112 sections 6 and 7), and its content without framing.
///
/// [#decode] takes what belongs to the body from a buffer and leaves behind the place of its
/// content in that same buffer: several chunks of one read are moved together, so that what follows
/// deals with one piece per read. Reused from body to body; confined to its event loop.
public final class BodyDecoder {
  private enum State {
    NONE,
    LENGTH,
    UNTIL_CLOSE,
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,
    DONE
  }

  /// Extension bytes of one whole body; nobody needs them, and they cost reading time.
  private static final int EXTENSION_BYTES_MAX = 16 * 1024;

  private static final int SIZE_DIGITS_MAX = 15;

  private final Fields trailers = new Fields();
  private State state = State.NONE;
  private long remaining;
  private int digits;
  private boolean blankSeen;
  private int extensionBytes;
  private int trailerLineStart;
  private int trailerBytesMax;
  private int trailerFieldsMax;
  private long contentBytes;
  private int pieceStart;
  private int pieceEnd;
  private @Nullable HeadFault fault;

  public void none() {
    begin(State.NONE, 0);
  }

  public void length(long bytes) {
    begin(bytes == 0 ? State.NONE : State.LENGTH, bytes);
  }

  public void untilClose() {
    begin(State.UNTIL_CLOSE, 0);
  }

  public void chunked(int bytesMax, int fieldsMax) {
    begin(State.SIZE, 0);
    trailerBytesMax = bytesMax;
    trailerFieldsMax = fieldsMax;
    trailers.clear();
    trailerLineStart = 0;
    digits = 0;
    blankSeen = false;
    extensionBytes = 0;
  }

  private void begin(State first, long bytes) {
    state = first;
    remaining = bytes;
    contentBytes = 0;
    fault = null;
    if (trailers.count() > 0) {
      // They belong to the body before.
      trailers.clear();
    }
  }

  public boolean complete() {
    return state == State.NONE || state == State.DONE;
  }

  /// Whether the end of the connection is the end of the body.
  public boolean endsWithConnection() {
    return state == State.UNTIL_CLOSE;
  }

  /// The connection ended: true when that completes the body.
  public boolean connectionEnded() {
    if (state == State.UNTIL_CLOSE) {
      state = State.DONE;
    }
    return complete();
  }

  /// Bytes of content so far.
  public long contentBytes() {
    return contentBytes;
  }

  /// How many bytes of a body with Content-Length are still to come; -1: unknown.
  public long lengthRemaining() {
    return state == State.LENGTH ? remaining : complete() ? 0 : -1;
  }

  /// The trailer fields of a chunked body that is complete.
  public Fields trailers() {
    return trailers;
  }

  public boolean hasTrailers() {
    return state == State.DONE && trailers.count() > 0;
  }

  public int pieceStart() {
    return pieceStart;
  }

  public int pieceLength() {
    return pieceEnd - pieceStart;
  }

  /// Reads from `in` up to the end of the body or of the buffer. Returns null, or why the body is
  /// broken; content read before the fault is still told.
  public @Nullable HeadFault decode(ByteBuf in) {
    pieceStart = in.readerIndex();
    pieceEnd = pieceStart;
    switch (state) {
      case NONE, DONE -> {}
      case LENGTH -> {
        int size = (int) Math.min(remaining, in.readableBytes());
        take(in, size);
        remaining -= size;
        if (remaining == 0) {
          state = State.DONE;
        }
      }
      case UNTIL_CLOSE -> take(in, in.readableBytes());
      default -> {
        while (in.isReadable() && !complete() && fault == null) {
          fault = step(in);
        }
      }
    }
    contentBytes += pieceEnd - pieceStart;
    return fault;
  }

  private void take(ByteBuf in, int size) {
    int from = in.readerIndex();
    if (pieceEnd == pieceStart) {
      pieceStart = from;
      pieceEnd = from + size;
    } else {
      // Earlier chunk: this one moves forward over framing that has been read.
      in.setBytes(pieceEnd, in, from, size);
      pieceEnd += size;
    }
    in.readerIndex(from + size);
  }

  private @Nullable HeadFault step(ByteBuf in) {
    if (state == State.DATA) {
      int size = (int) Math.min(remaining, in.readableBytes());
      take(in, size);
      remaining -= size;
      if (remaining == 0) {
        state = State.DATA_CR;
      }
      return null;
    }
    if (state == State.TRAILER) {
      return trailer(in);
    }
    byte b = in.readByte();
    return switch (state) {
      case SIZE -> size(b);
      case EXTENSION -> extension(b);
      case SIZE_LF -> sizeEnd(b);
      case DATA_CR -> {
        state = State.DATA_LF;
        yield b == '\r' ? null : HeadFault.CHUNK_END;
      }
      case DATA_LF -> {
        state = State.SIZE;
        digits = 0;
        blankSeen = false;
        yield b == '\n' ? null : HeadFault.CHUNK_END;
      }
      case NONE, LENGTH, UNTIL_CLOSE, DATA, TRAILER, DONE -> HeadFault.CHUNK_SIZE;
    };
  }

  private @Nullable HeadFault size(byte b) {
    int digit = Bytes.hex(b);
    if (digit >= 0 && !blankSeen) {
      if (++digits > SIZE_DIGITS_MAX) {
        return HeadFault.CHUNK_SIZE;
      }
      remaining = remaining << 4 | digit;
      return null;
    }
    if (digits == 0) {
      return HeadFault.CHUNK_SIZE;
    }
    if (b == '\r' && !blankSeen) {
      state = State.SIZE_LF;
      return null;
    }
    if (b == ';') {
      state = State.EXTENSION;
      return null;
    }
    // White space before ';' is bad but must be taken (RFC 9112 section 7.1.1).
    blankSeen = true;
    boolean blank = b == ' ' || b == '\t';
    return blank && ++extensionBytes <= EXTENSION_BYTES_MAX ? null : HeadFault.CHUNK_SIZE;
  }

  private @Nullable HeadFault extension(byte b) {
    if (b == '\r') {
      state = State.SIZE_LF;
      return null;
    }
    boolean taken = Bytes.VALUE[b & 0xff] && ++extensionBytes <= EXTENSION_BYTES_MAX;
    return taken ? null : HeadFault.CHUNK_EXTENSION;
  }

  private @Nullable HeadFault sizeEnd(byte b) {
    state = remaining == 0 ? State.TRAILER : State.DATA;
    return b == '\n' ? null : HeadFault.CHUNK_SIZE;
  }

  /// Trailer lines are gathered byte by byte: they are rare and short.
  private @Nullable HeadFault trailer(ByteBuf in) {
    while (in.isReadable()) {
      byte b = in.readByte();
      int end = trailers.length();
      if (end >= trailerBytesMax) {
        return HeadFault.TRAILER;
      }
      trailers.room(1);
      trailers.bytes()[end] = b;
      trailers.length(end + 1);
      if (b != '\n') {
        continue;
      }
      if (end == trailerLineStart || trailers.bytes()[end - 1] != '\r') {
        return HeadFault.TRAILER;
      }
      int start = trailerLineStart;
      trailerLineStart = end + 1;
      if (start == end - 1) {
        state = State.DONE;
        return null;
      }
      if (trailers.count() == trailerFieldsMax
          || TrailerSection.line(trailers, start, end - 1) != null) {
        return HeadFault.TRAILER;
      }
    }
    return null;
  }
}
