package io.ostiary.policies.coding;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.aayushatharva.brotli4j.decoder.DecoderJNI;
import com.aayushatharva.brotli4j.encoder.Encoder.Mode;
import com.aayushatharva.brotli4j.encoder.EncoderJNI;
import io.ostiary.gateway.spi.BodyOut;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/// `br` (RFC 7932) by Google's library.
final class BrotliCoder {
  private static final int CHUNK = 16 * 1024;

  /// 256 KiB, so that a body costs about 1 MB while it is encoded.
  private static final int WINDOW_BITS = 18;

  private BrotliCoder() {}

  /// @throws IllegalStateException where the library cannot be loaded on this machine
  static void load() {
    var cause = Brotli4jLoader.getUnavailabilityCause();
    if (cause != null) {
      throw new IllegalStateException("the Brotli library: " + cause.getMessage(), cause);
    }
  }

  static final class Encoding implements Encoder {
    private final EncoderJNI.Wrapper encoder;

    Encoding(int level) {
      try {
        encoder = new EncoderJNI.Wrapper(CHUNK, level, WINDOW_BITS, Mode.TEXT);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void encode(ByteBuffer in, boolean flush, boolean last, BodyOut out) {
      while (in.hasRemaining()) {
        var room = encoder.getInputBuffer().clear();
        int length = Math.min(room.remaining(), in.remaining());
        room.put(in.slice(in.position(), length));
        in.position(in.position() + length);
        push(EncoderJNI.Operation.PROCESS, length, out);
      }
      if (last) {
        push(EncoderJNI.Operation.FINISH, 0, out);
      } else if (flush) {
        push(EncoderJNI.Operation.FLUSH, 0, out);
      }
    }

    private void push(EncoderJNI.Operation operation, int length, BodyOut out) {
      encoder.push(operation, length);
      while (true) {
        if (!encoder.isSuccess()) {
          throw new IllegalStateException("the Brotli encoder failed");
        }
        if (encoder.hasMoreOutput()) {
          out.write(encoder.pull());
        } else if (encoder.hasRemainingInput()) {
          encoder.push(operation, 0);
        } else {
          return;
        }
      }
    }

    @Override
    public void close() {
      encoder.destroy();
    }
  }

  static final class Decoding implements Decoder {
    private final DecoderJNI.Wrapper decoder;
    private boolean done;

    Decoding() {
      try {
        decoder = new DecoderJNI.Wrapper(CHUNK);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Result decode(ByteBuffer in, boolean last, Room out) {
      while (in.hasRemaining()) {
        if (done) {
          return Result.BROKEN;
        }
        var room = decoder.getInputBuffer().clear();
        int length = Math.min(room.remaining(), in.remaining());
        room.put(in.slice(in.position(), length));
        in.position(in.position() + length);
        decoder.push(length);
        var result = pull(out);
        if (result != Result.DONE) {
          return result;
        }
      }
      return last && !done ? Result.BROKEN : Result.DONE;
    }

    private Result pull(Room out) {
      while (true) {
        switch (decoder.getStatus()) {
          case OK -> decoder.push(0);
          case NEEDS_MORE_OUTPUT -> {
            if (!out.take(decoder.pull())) {
              return Result.TOO_LONG;
            }
          }
          case NEEDS_MORE_INPUT -> {
            // What is ready comes out before more goes in.
            if (!decoder.hasOutput()) {
              return Result.DONE;
            }
            if (!out.take(decoder.pull())) {
              return Result.TOO_LONG;
            }
          }
          case DONE -> {
            done = true;
            while (decoder.hasOutput()) {
              if (!out.take(decoder.pull())) {
                return Result.TOO_LONG;
              }
            }
            return Result.DONE;
          }
          case ERROR -> {
            return Result.BROKEN;
          }
        }
      }
    }

    @Override
    public void close() {
      decoder.destroy();
    }
  }
}
