package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.wire.ResponseHead;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// The attempt that an upstream answers at the moment.
public interface StreamOwner {
  /// Whether the connection may have to change its protocol, so that it must be one of HTTP/1.1.
  default boolean wantsTunnel() {
    return false;
  }

  /// For whom the connection is; null: for nobody but us.
  default @Nullable InetSocketAddress client() {
    return null;
  }

  /// Where that client connected to; null: there is none.
  default @Nullable InetSocketAddress clientTarget() {
    return null;
  }

  /// The attempt goes over another connection from now on, because the target does not speak what
  /// was hoped for.
  void moved(UpstreamConnection to);

  /// Bytes may be written now.
  void connected();

  /// Where the head of the response is read to; it has been started.
  ResponseHead responseHead();

  /// Whether something of the head has been read.
  default boolean headBegun() {
    return responseHead().begun();
  }

  /// The head is complete. The owner says through [UpstreamConnection#frame] how content is framed.
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
