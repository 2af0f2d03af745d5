package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.ostiary.gateway.wire.RequestHead.Progress;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.HealthCheck;
import io.ostiary.model.Target;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Asks by a GET, and looks at the status and, where that is wanted, for a text in the content.
/// Used once; confined to its event loop.
final class HttpCheck implements HealthChecker.Check {
  private static final int HEAD_BYTES_MAX = 16 * 1024;
  private static final int BODY_BYTES_MAX = 64 * 1024;

  private final ResponseHead head = new ResponseHead();
  private final StringBuilder body = new StringBuilder();
  private final HealthCheck.Expected expected;
  private final String request;
  private boolean headRead;

  HttpCheck(HealthCheck check, Target target) {
    expected = check.expected();
    head.start(HEAD_BYTES_MAX, 200);
    var text = new StringBuilder("GET ").append(check.path()).append(" HTTP/1.1\r\nHost: ");
    text.append(expected.host().isEmpty() ? target.authority() : expected.host());
    text.append("\r\nUser-Agent: ostiary-health\r\n");
    expected
        .headers()
        .forEach((name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
    request = text.append("Connection: close\r\n\r\n").toString();
  }

  /// What is asked, as the text of HTTP/1.1.
  String request() {
    return request;
  }

  /// Why a status is not what was expected; empty: it is, and nothing else is; null: so is content.
  @Nullable String judged(int status) {
    if (!expected.healthy(status)) {
      return "status " + status;
    }
    headRead = true;
    return expected.body().isEmpty() ? "" : null;
  }

  @Override
  public boolean connected(Channel to) {
    var bytes = to.alloc().buffer(request.length());
    bytes.writeCharSequence(request, StandardCharsets.ISO_8859_1);
    to.writeAndFlush(bytes, to.voidPromise());
    return false;
  }

  @Override
  public @Nullable String read(Channel from, ByteBuf in) {
    while (!headRead && in.isReadable()) {
      switch (head.read(in)) {
        case Progress.MORE -> {
          return null;
        }
        case Progress.FAULTY -> {
          return "an answer that cannot be read";
        }
        case Progress.COMPLETE -> {
          if (head.status() < 200) {
            head.start(HEAD_BYTES_MAX, 200);
          } else {
            headRead = true;
          }
        }
      }
    }
    if (!headRead) {
      return null;
    }
    var judged = judged(head.status());
    return judged == null ? readBody(in) : judged;
  }

  /// However it is framed: chunk sizes between two parts of the text would hide it, but whoever
  /// answers a check does not send its words apart.
  @Nullable String readBody(ByteBuf in) {
    int taken = Math.min(in.readableBytes(), BODY_BYTES_MAX - body.length());
    body.append(in.readCharSequence(taken, StandardCharsets.UTF_8));
    if (body.indexOf(expected.body()) >= 0) {
      return "";
    }
    return body.length() >= BODY_BYTES_MAX || whole() ? missing() : null;
  }

  private boolean whole() {
    return head.contentLength() >= 0 && body.length() >= head.contentLength();
  }

  private String missing() {
    return "the content has no '" + expected.body() + "'";
  }

  @Override
  public String ended() {
    return headRead ? missing() : "closed without an answer";
  }
}
