package io.ostiary.policies.masking;

import io.ostiary.gateway.spi.BodyOut;
import java.nio.ByteBuffer;

/// One body on its way, whose secrets are replaced. Confined to its exchange's event loop.
public abstract sealed class Masked permits MaskedJson, MaskedForm {
  private byte[] bytes = {};
  private int runStart;
  private boolean hidden;
  private BodyOut out = new Nowhere();

  private static final class Nowhere implements BodyOut {
    @Override
    public void write(ByteBuffer bytes) {}

    @Override
    public void write(byte[] bytes, int from, int length) {}

    @Override
    public int length() {
      return 0;
    }
  }

  /// @return false: it cannot be read, so nobody knows where its secrets are
  public boolean mask(ByteBuffer in, boolean last, BodyOut to) {
    int length = in.remaining();
    if (bytes.length < length) {
      bytes = new byte[length];
    }
    in.get(bytes, 0, length);
    out = to;
    runStart = 0;
    for (int i = 0; i < length; i++) {
      if (!next(bytes[i], i)) {
        return false;
      }
    }
    flush(length);
    return !last || end();
  }

  /// @param at where in this piece it stands
  abstract boolean next(byte b, int at);

  /// Whether the body may end here.
  abstract boolean end();

  /// From here on nothing goes on but this.
  final void hide(int from, byte[] instead) {
    flush(from);
    out.write(instead, 0, instead.length);
    hidden = true;
  }

  /// From here on everything goes on again.
  final void show(int from) {
    hidden = false;
    runStart = from;
  }

  private void flush(int to) {
    if (!hidden && to > runStart) {
      out.write(bytes, runStart, to - runStart);
    }
    runStart = to;
  }
}
