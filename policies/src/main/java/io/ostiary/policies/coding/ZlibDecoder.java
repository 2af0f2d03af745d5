package io.ostiary.policies.coding;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// `gzip` (RFC 1952, all its members) and `deflate` (RFC 1950), by the zlib that the JDK comes
/// with.
///
/// The head of a gzip member is read byte by byte, since it may be cut anywhere; what is in it but
/// flags says nothing of the content.
final class ZlibDecoder implements Decoder {
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;
  private static final int HEAD_CRC = 2;
  private static final int HEAD_BYTES_MAX = 64 * 1024;

  private enum Part {
    HEAD,
    CONTENT,
    TRAILER
  }

  private final boolean gzip;
  private final Inflater inflater;
  private final CRC32 crc = new CRC32();
  private final byte[] made = new byte[8 * 1024];
  private Part part;

  /// How many bytes of the head or trailer there were.
  private int at;

  private int flags;
  private int skip = -1;
  private long trailer;
  private int members;

  ZlibDecoder(boolean gzip) {
    this.gzip = gzip;
    inflater = new Inflater(gzip);
    part = gzip ? Part.HEAD : Part.CONTENT;
  }

  @Override
  public Result decode(ByteBuffer in, boolean last, Room out) {
    while (in.hasRemaining()) {
      switch (part) {
        case HEAD -> {
          if (!head(in.get() & 0xff)) {
            return Result.BROKEN;
          }
        }
        case TRAILER -> {
          if (!gzip || !trailer(in.get() & 0xff)) {
            return Result.BROKEN;
          }
        }
        case CONTENT -> {
          var result = content(in, out);
          if (result != Result.DONE) {
            return result;
          }
        }
      }
    }
    return last && !whole() ? Result.BROKEN : Result.DONE;
  }

  private boolean whole() {
    return gzip ? part == Part.HEAD && at == 0 && members > 0 : part == Part.TRAILER;
  }

  /// One byte of `1f 8b 08 flags time(4) extra os [length extra] [name 0] [comment 0] [crc(2)]`.
  private boolean head(int b) {
    int i = at++;
    if (i < 10) {
      flags = i == 3 ? b : flags;
      boolean fits = i == 0 ? b == 0x1f : i == 1 ? b == 0x8b : i != 2 || b == 8;
      return fits && (i < 9 || next());
    }
    if ((flags & EXTRA) != 0) {
      if (skip < 0) {
        // The low byte of the length first, kept as a negative number.
        skip = i == 10 ? -2 - b : (-2 - skip) | b << 8;
        return skip != 0 || endOf(EXTRA);
      }
      return --skip > 0 || endOf(EXTRA);
    }
    if ((flags & (NAME | COMMENT)) != 0) {
      return b != 0 ? at < HEAD_BYTES_MAX : endOf((flags & NAME) != 0 ? NAME : COMMENT);
    }
    return --skip > 0 || endOf(HEAD_CRC);
  }

  private boolean endOf(int flag) {
    flags &= ~flag;
    return next();
  }

  private boolean next() {
    skip = -1;
    if ((flags & (EXTRA | NAME | COMMENT)) != 0) {
      return true;
    }
    if ((flags & HEAD_CRC) != 0) {
      skip = 2;
      return true;
    }
    part = Part.CONTENT;
    at = 0;
    return true;
  }

  private Result content(ByteBuffer in, Room out) {
    inflater.setInput(in);
    try {
      while (true) {
        int got = inflater.inflate(made);
        crc.update(made, 0, got);
        if (got > 0 && !out.take(made, got)) {
          return Result.TOO_LONG;
        }
        if (inflater.finished()) {
          part = Part.TRAILER;
          return Result.DONE;
        }
        if (inflater.needsDictionary()) {
          return Result.BROKEN;
        }
        if (got == 0) {
          return in.hasRemaining() ? Result.BROKEN : Result.DONE;
        }
      }
    } catch (DataFormatException e) {
      return Result.BROKEN;
    }
  }

  private boolean trailer(int b) {
    trailer = trailer >>> 8 | (long) b << 56;
    if (++at < 8) {
      return true;
    }
    boolean right =
        (int) trailer == (int) crc.getValue()
            && (int) (trailer >>> 32) == (int) inflater.getBytesWritten();
    inflater.reset();
    crc.reset();
    members++;
    at = 0;
    flags = 0;
    part = Part.HEAD;
    return right;
  }

  @Override
  public void close() {
    inflater.end();
  }
}
