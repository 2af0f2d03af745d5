package io.ostiary.policies.coding;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.ostiary.gateway.spi.BodyOut;
import java.nio.ByteBuffer;

/// `zstd` (RFC 8878) by libzstd, which reads and writes direct buffers only.
final class ZstdCoder {
  private static final int CHUNK = 16 * 1024;

  /// 8 MiB: more a decoder of this content coding need not have (RFC 9659).
  private static final int WINDOW_MAX = 8 * 1024 * 1024;

  /// Copies of a thread's pieces, for as long as a call to the library lasts.
  private static final ThreadLocal<ByteBuffer> FROM =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(CHUNK));

  private static final ThreadLocal<ByteBuffer> TO =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(CHUNK));

  private ZstdCoder() {}

  /// As much of `in` as there is room for.
  private static ByteBuffer some(ByteBuffer in) {
    var from = FROM.get().clear();
    int length = Math.min(from.remaining(), in.remaining());
    from.put(in.slice(in.position(), length)).flip();
    in.position(in.position() + length);
    return from;
  }

  static final class Encoding implements Encoder {
    private final ZstdCompressCtx context = new ZstdCompressCtx();

    Encoding(int level) {
      context.setLevel(level).setWindowLog(20).setContentSize(false);
    }

    @Override
    public void encode(ByteBuffer in, boolean flush, boolean last, BodyOut out) {
      do {
        var from = some(in);
        boolean end = !in.hasRemaining();
        var directive =
            !end
                ? EndDirective.CONTINUE
                : last ? EndDirective.END : flush ? EndDirective.FLUSH : EndDirective.CONTINUE;
        boolean done;
        do {
          var to = TO.get().clear();
          done = context.compressDirectByteBufferStream(to, from, directive);
          out.write(to.flip());
        } while (from.hasRemaining() || (!done && directive != EndDirective.CONTINUE));
      } while (in.hasRemaining());
    }

    @Override
    public void close() {
      context.close();
    }
  }

  static final class Decoding implements Decoder {
    private static final int MAGIC = 0xFD2FB528;
    private static final int HEAD_MAX = 18;

    private final ZstdDecompressCtx context = new ZstdDecompressCtx();
    private final ByteBuffer head =
        ByteBuffer.allocate(HEAD_MAX).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    private boolean inFrame;
    private boolean frameSeen;

    @Override
    public Result decode(ByteBuffer in, boolean last, Room out) {
      while (in.hasRemaining()) {
        if (inFrame) {
          var result = content(in, out);
          if (result != Result.DONE) {
            return result;
          }
        } else if (!head(in.get(), out)) {
          return Result.BROKEN;
        }
      }
      boolean whole = !inFrame && frameSeen && head.position() == 0;
      return last && !whole ? Result.BROKEN : Result.DONE;
    }

    /// Looks at the head of each frame, for the library would reserve whatever window it names.
    private boolean head(byte b, Room out) {
      head.put(b);
      int have = head.position();
      if (have < 5) {
        return true;
      }
      int descriptor = head.get(4) & 0xff;
      boolean single = (descriptor & 0x20) != 0;
      int size = descriptor >>> 6;
      int sizeBytes = size == 0 ? (single ? 1 : 0) : 1 << size;
      if (have < 5 + (single ? sizeBytes : 1)) {
        return true;
      }
      boolean dictionary = (descriptor & 3) != 0;
      if (head.getInt(0) != MAGIC || dictionary || window(single, sizeBytes) > WINDOW_MAX) {
        return false;
      }
      inFrame = true;
      frameSeen = true;
      var result = content(head.flip(), out);
      head.clear();
      return result == Result.DONE;
    }

    private long window(boolean single, int sizeBytes) {
      if (!single) {
        int exponent = (head.get(5) & 0xff) >>> 3;
        long base = 1L << (10 + exponent);
        return base + base / 8 * (head.get(5) & 7);
      }
      long size = 0;
      for (int i = sizeBytes - 1; i >= 0; i--) {
        size = size << 8 | (head.get(5 + i) & 0xff);
      }
      return size < 0 ? Long.MAX_VALUE : sizeBytes == 2 ? size + 256 : size;
    }

    private Result content(ByteBuffer in, Room out) {
      try {
        while (inFrame && in.hasRemaining()) {
          int start = in.position();
          var from = some(in);
          while (true) {
            var to = TO.get().clear();
            boolean ended = context.decompressDirectByteBufferStream(to, from);
            boolean full = !to.hasRemaining();
            if (!out.take(to.flip())) {
              return Result.TOO_LONG;
            }
            if (ended) {
              inFrame = false;
              in.position(start + from.position());
              break;
            }
            if (!from.hasRemaining() && !full) {
              break;
            }
          }
        }
        return Result.DONE;
      } catch (ZstdException e) {
        return Result.BROKEN;
      }
    }

    @Override
    public void close() {
      context.close();
    }
  }
}
