package io.ostiary.policies.coding;

import io.ostiary.gateway.spi.BodyOut;
import java.nio.ByteBuffer;

/// Takes what is decoded of one body as long as there is not too much of it: a few bytes can hold a
/// thousand times as many. Confined to its exchange's event loop.
public final class Room {
  /// Below this many bytes no ratio is looked at: a short text may be one byte a thousand times.
  private static final long RATIO_FROM = 64 * 1024;

  private final long bytesMax;
  private final int ratioMax;
  private long in;
  private long made;
  private BodyOut out;

  /// @param bytesMax how much may come out in all
  /// @param ratioMax how many times as much as goes in
  public Room(long bytesMax, int ratioMax, BodyOut out) {
    this.bytesMax = bytesMax;
    this.ratioMax = ratioMax;
    this.out = out;
  }

  /// Another piece comes, and goes there.
  public Room piece(int bytes, BodyOut to) {
    in += bytes;
    out = to;
    return this;
  }

  /// @return false: it is too much, and was not taken
  boolean take(ByteBuffer bytes) {
    if (!fits(bytes.remaining())) {
      return false;
    }
    out.write(bytes);
    return true;
  }

  boolean take(byte[] bytes, int length) {
    if (!fits(length)) {
      return false;
    }
    out.write(bytes, 0, length);
    return true;
  }

  private boolean fits(int more) {
    made += more;
    return made <= bytesMax && (made <= RATIO_FROM || made <= in * ratioMax);
  }
}
