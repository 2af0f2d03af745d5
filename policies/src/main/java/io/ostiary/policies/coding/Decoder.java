package io.ostiary.policies.coding;

import java.nio.ByteBuffer;

/// Decodes one body. Confined to its exchange's event loop; holds native memory until it is closed.
public interface Decoder extends AutoCloseable {
  /// What became of a piece.
  enum Result {
    /// All of it is decoded.
    DONE,
    /// Not in this coding, or cut off.
    BROKEN,
    /// More came out than may.
    TOO_LONG
  }

  /// @param last whether the body ends here; it must be whole then
  Result decode(ByteBuffer in, boolean last, Room out);

  @Override
  void close();
}
