package io.ostiary.gateway.spi;

import java.nio.ByteBuffer;

/// Replaces the body of one message as it passes, piece by piece. Made by a filter for one
/// exchange; confined to its event loop.
///
/// The gateway sees to what a change means for the head: a length that is not known any more, an
/// entity tag that is only a weak one, digests that do not hold. What the filter alone can know,
/// such as Content-Encoding and Vary, it sets itself in its request or response moment.
@FunctionalInterface
public interface BodyChange {
  /// @param in read-only, valid only during the call
  /// @param last whether nothing follows; what is held back must be written now
  /// @param out takes what goes on in place of the piece, and may be given nothing
  /// @return [Verdict.Continue], or [Verdict.Reply] to refuse the message
  Verdict change(Exchange exchange, ByteBuffer in, boolean last, BodyOut out);

  /// Called once, when the exchange is over or the body complete: lets go of native memory.
  default void close() {}
}
