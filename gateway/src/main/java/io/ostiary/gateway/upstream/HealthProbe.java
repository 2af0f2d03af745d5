package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.ResponseHead;
import java.net.SocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One GET of a health check, over a connection of its own and by whatever is spoken with the
/// target: HTTP/1.1 or HTTP/2, encrypted or not. What is true for calls is then true for checks.
/// Used once; confined to its event loop.
final class HealthProbe implements StreamOwner {
  private static final int HEAD_BYTES_MAX = 16 * 1024;
  private static final int FIELDS_MAX = 200;
  private static final int INTERIM_MAX = 16;

  private final UpstreamHandle handle;
  private final Endpoint endpoint;
  private final HttpCheck check;
  private final long limitNanos;
  private final Consumer<String> told;
  private final ResponseHead head = new ResponseHead();
  private @Nullable UpstreamConnection connection;
  private long startedNanos;
  private int interims;
  private boolean done;

  /// @param limitNanos for connection and answer together
  /// @param told why the target is sick, empty: it is well
  HealthProbe(
      UpstreamHandle handle,
      Endpoint endpoint,
      HttpCheck check,
      long limitNanos,
      Consumer<String> told) {
    this.handle = handle;
    this.endpoint = endpoint;
    this.check = check;
    this.limitNanos = limitNanos;
    this.told = told;
  }

  void start(Loop loop, SocketAddress address) {
    startedNanos = loop.now();
    head.start(HEAD_BYTES_MAX, FIELDS_MAX);
    var wiring = handle.wiring();
    if (wiring.text()) {
      var made = new Http1Connection(loop, endpoint, wiring);
      connection = made;
      made.connect(address, limitNanos, this);
    } else {
      var session = new UpstreamSession(loop, handle, endpoint, wiring);
      session.connect(address);
      var opened = session.open(this);
      opened.timeout(limitNanos, "connect-timeout");
      connection = opened;
      session.leave();
    }
  }

  private void end(String why) {
    if (done) {
      return;
    }
    done = true;
    var used = connection;
    if (used != null) {
      used.close();
    }
    told.accept(why);
  }

  @Override
  public void moved(UpstreamConnection to) {
    connection = to;
  }

  @Override
  public void connected() {
    var to = java.util.Objects.requireNonNull(connection);
    to.timeout(Math.max(1, startedNanos + limitNanos - to.loop().now()), "answer-timeout");
    switch (to) {
      case Http1Connection one -> {
        var ignored =
            one.channel().writeAndFlush(Unpooled.wrappedBuffer(Bytes.of(check.request())));
      }
      case UpstreamStream shared -> {
        shared.head(to.loop().text().put(check.request()), true);
        shared.flush();
      }
    }
  }

  @Override
  public ResponseHead responseHead() {
    return head;
  }

  @Override
  public void responseHeadRead() {
    var from = java.util.Objects.requireNonNull(connection);
    int status = head.status();
    if (status >= 200) {
      var judged = check.judged(status);
      if (judged == null) {
        from.frame(head, false, HEAD_BYTES_MAX, FIELDS_MAX);
      } else {
        end(judged);
      }
      return;
    }
    if (++interims > INTERIM_MAX) {
      end("too many interim answers");
      return;
    }
    head.start(HEAD_BYTES_MAX, FIELDS_MAX);
    from.anotherHead();
  }

  @Override
  public void responseBody(ByteBuf in, int start, int length, boolean last) {
    var judged = check.readBody(in.slice(start, length));
    if (judged != null) {
      end(judged);
    } else if (last) {
      end(check.ended());
    }
  }

  @Override
  public void upstreamFailed(String reason) {
    end(
        switch (reason) {
          case "connect-timeout", "answer-timeout" ->
              "no answer within " + limitNanos / 1_000_000 + " ms";
          case "connect-refused", "connect-failed", Refused.MISSING, Refused.DENIED, Refused.FULL ->
              Refused.sentence(endpoint.target(), reason);
          case "closed-before-response", "truncated-response" -> check.ended();
          case "malformed-response" -> "an answer that cannot be read";
          default -> reason;
        });
  }

  @Override
  public void upstreamWritable(boolean writable) {
    // Nothing waits to be written.
  }

  @Override
  public void upstreamReadComplete() {
    // Nothing is gathered.
  }
}
