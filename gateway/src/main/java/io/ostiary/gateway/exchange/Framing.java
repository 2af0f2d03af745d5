package io.ostiary.gateway.exchange;

import io.ostiary.gateway.upstream.UpstreamConnection;
import io.ostiary.gateway.upstream.UpstreamStream;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.Ending;

/// What follows the head of an upstream's answer, and how much of it may. It has no state but its
/// call; confined to its event loop.
final class Framing {
  private final Call call;

  Framing(Call call) {
    this.call = call;
  }

  /// Tells the connection what to read next.
  void frame(ResponseHead head, UpstreamConnection from) {
    var limits = call.terms().settings();
    if (head.status() == 101) {
      if (from instanceof UpstreamStream) {
        call.tunnel().prove(head);
      }
      from.tunnel();
    } else {
      from.frame(head, bodiless(head), limits.headBytesMax(), limits.headFieldsMax());
    }
  }

  /// Whether no content follows, whatever the head says (RFC 9112 section 6.3).
  boolean bodiless(ResponseHead head) {
    return call.requestHead().method().equals("HEAD")
        || head.status() == 204
        || head.status() == 304;
  }

  /// Whether the response is longer than the route lets pass; then the call has ended.
  boolean tooLong(long bytes) {
    if (call.tunnel().open() || !call.routed().bounds().responseTooLong(bytes)) {
      return false;
    }
    call.reply(Problems.RESPONSE_TOO_LARGE, new Ending.UpstreamFailed("response-too-large"), -1);
    return true;
  }

  /// Whether the upstream may count the bytes of this exchange otherwise than we do.
  boolean odd(ResponseHead head) {
    var request = call.requestHead();
    boolean announced = head.status() == 204 && (head.chunked() || head.contentLength() > 0);
    boolean strange =
        request.hasBody() && (request.method().equals("GET") || request.method().equals("HEAD"));
    return announced || strange;
  }
}
