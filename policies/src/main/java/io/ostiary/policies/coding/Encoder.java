package io.ostiary.policies.coding;

import io.ostiary.gateway.spi.BodyOut;
import java.nio.ByteBuffer;

/// Encodes one body. Confined to its exchange's event loop; holds native memory until it is closed.
public interface Encoder extends AutoCloseable {
  /// @param flush whether everything so far can be read by whoever decodes
  /// @param last whether the body ends here
  void encode(ByteBuffer in, boolean flush, boolean last, BodyOut out);

  @Override
  void close();
}
