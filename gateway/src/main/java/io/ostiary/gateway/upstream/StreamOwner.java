package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.wire.ResponseHead;

/// The attempt that an upstream answers at the moment.
public interface StreamOwner {
  /// Bytes may be written now.
  void connected();

  /// Where the head of the response is read to; it has been started.
  ResponseHead responseHead();

  /// The head is complete. The owner says through [UpstreamConnection#body] how the body is framed.
  void responseHeadRead();

  /// One piece of content, valid only during the call.
  void responseBody(ByteBuf in, int start, int length, boolean last);

  /// The attempt is over without a whole response; the connection is closed.
  ///
  /// @param reason a stable word
  void upstreamFailed(String reason);

  void upstreamWritable(boolean writable);

  /// Everything that could be read at once has been.
  void upstreamReadComplete();
}
