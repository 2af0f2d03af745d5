package io.ostiary.gateway.spi;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Copies calls to another upstream, whose answers are thrown away. Neither the call nor its client
/// ever waits for it. Safe for all event loops.
public interface Mirror {
  /// Begins a copy of this exchange's request as it would go upstream now. Only in the request
  /// moment.
  ///
  /// @return null: it is not copied, because too many copies are under way or its body is too long;
  ///   counted
  @Nullable Copy begin(Exchange exchange);

  /// One copy, which is sent when its body is complete. Confined to the exchange's event loop.
  interface Copy {
    /// The next piece of the body; where it makes the body too long, the copy is dropped.
    ///
    /// @param bytes valid only during the call
    void body(ByteBuffer bytes, boolean last);

    /// Drops the copy, if it has not been sent.
    void drop();
  }
}
