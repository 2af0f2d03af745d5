package io.ostiary.policies.coding;

import io.ostiary.gateway.spi.BodyOut;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/// `gzip` (RFC 1952), by the zlib that the JDK comes with.
final class ZlibEncoder implements Encoder {
  private static final byte[] HEAD = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};

  private final Deflater deflater;
  private final CRC32 crc = new CRC32();
  private final byte[] made = new byte[8 * 1024];
  private long length;
  private boolean begun;

  ZlibEncoder(int level) {
    deflater = new Deflater(level, true);
  }

  @Override
  public void encode(ByteBuffer in, boolean flush, boolean last, BodyOut out) {
    if (!begun) {
      begun = true;
      out.write(HEAD, 0, HEAD.length);
    }
    length += in.remaining();
    crc.update(in.duplicate());
    deflater.setInput(in);
    int mode = flush && in.hasRemaining() ? Deflater.SYNC_FLUSH : Deflater.NO_FLUSH;
    if (last) {
      deflater.finish();
    }
    int got;
    do {
      got = deflater.deflate(made, 0, made.length, mode);
      out.write(made, 0, got);
    } while (got == made.length || (last && !deflater.finished()));
    if (last) {
      var end = ByteBuffer.allocate(8).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      out.write(end.putInt((int) crc.getValue()).putInt((int) length).flip());
    }
  }

  @Override
  public void close() {
    deflater.end();
  }
}
