package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.ResponseHead;
import org.jspecify.annotations.Nullable;

/// How an answer goes out to its client: as the text of HTTP/1.x ([TextWire]) or as the frames of
/// an HTTP/2 stream. It knows framing and nothing of what an answer means. Confined to its event
/// loop.
public interface AnswerWire {
  /// An interim response (RFC 9110 section 15.2); goes out at once.
  ///
  /// @param keep the kinds of fields that go on
  void interim(ResponseHead head, int keep);

  /// `100 Continue` of our own; goes out at once.
  void interimContinue();

  /// Begins the final response, or the 101 that opens a tunnel: then content is any bytes.
  ///
  /// @param keep the kinds of fields of `head` that go on
  /// @param length of the content, for the client to read; -1: unknown
  /// @param content whether content goes out, or trailers
  /// @param persistent whether another request may follow
  /// @return whether one may follow, now that the framing is known
  boolean begin(
      Call call, ResponseHead head, int keep, long length, boolean content, boolean persistent);

  /// One piece of the content.
  void content(ByteBuf in, int start, int length);

  /// The content is complete. What is left goes out at once.
  ///
  /// @param trailers null: none
  /// @param keep the kinds of trailer fields that go on
  /// @param taken told when the socket has taken everything, or never will
  void end(@Nullable Fields trailers, int keep, ChannelFutureListener taken);

  void flush();

  /// Whether the client keeps up with what was written.
  boolean writable();

  /// Bytes written for this answer so far, framing included.
  long bytes();

  /// Lets go of what was not written.
  void drop();
}
