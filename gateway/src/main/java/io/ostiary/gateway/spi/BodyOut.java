package io.ostiary.gateway.spi;

import java.nio.ByteBuffer;

/// Takes what a [BodyChange] makes of a piece. Valid only during the call.
public interface BodyOut {
  /// @param bytes read to the end
  void write(ByteBuffer bytes);

  void write(byte[] bytes, int from, int length);

  /// How much was written for this piece.
  int length();
}
