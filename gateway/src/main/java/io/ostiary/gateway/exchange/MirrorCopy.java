package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.spi.Mirror;
import io.ostiary.gateway.upstream.Endpoint;
import io.ostiary.gateway.upstream.Http1Connection;
import io.ostiary.gateway.upstream.StreamOwner;
import io.ostiary.gateway.upstream.UpstreamConnection;
import io.ostiary.gateway.upstream.UpstreamStream;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.FieldKind;
import io.ostiary.gateway.wire.HeadText;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.GatewaySettings;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// One copy of a request, from its head to the last byte of an answer that nobody reads. It takes
/// its own bytes of the call at the beginning and knows nothing of it any more, so the call can end
/// first, or fail, or be slow. Confined to its event loop.
final class MirrorCopy implements Mirror.Copy, StreamOwner {
  private static final int KEPT = 1 << FieldKind.OTHER | 1 << FieldKind.DATE;
  private static final byte[] VERSION_HOST = Bytes.of(" HTTP/1.1\r\nHost: ");
  private static final byte[] MARK = Bytes.of("Ostiary-Mirror: 1\r\n");
  private static final byte[] LENGTH = Bytes.of("Content-Length: ");

  /// So much of an answer is read so that the connection can be used again; then it is closed.
  private static final long ANSWER_BYTES_MAX = 1024 * 1024;

  private static final int INTERIM_MAX = 16;

  private final Mirroring mirror;
  private final Loop loop;
  private final GatewaySettings settings;
  private final Endpoint endpoint;
  private final boolean headMethod;
  private final boolean framed;
  private final ResponseHead answer = new ResponseHead();
  private final ByteBufAllocator buffers;
  private @Nullable HeadText head;
  private @Nullable ByteBuf content;
  private @Nullable UpstreamConnection connection;
  private int interims;
  private boolean sending;
  private boolean over;

  MirrorCopy(Mirroring mirror, Endpoint endpoint, Call call) {
    this.mirror = mirror;
    loop = call.loop();
    settings = call.terms().settings();
    this.endpoint = endpoint;
    var request = call.requestHead();
    headMethod = request.method().equals("HEAD");
    framed = request.chunked() || request.contentLength() >= 0;
    buffers = call.clientSide().channel().alloc();
    var out = new HeadText();
    head = out;
    writeHead(call, out);
  }

  private void writeHead(Call call, HeadText out) {
    var request = call.requestHead();
    var target = request.upstream();
    out.put(request.method()).put(' ');
    target.writeTarget(out);
    out.put(VERSION_HOST);
    if (target.hasHost()) {
      target.writeHost(out);
    } else {
      out.put(endpoint.target().toString());
    }
    out.endLine();
    request.fields().writeKinds(out, KEPT);
    ForwardedFields.write(out, call, call.caller().speakerTrusted());
    call.trace().write(out);
    ForwardedFields.writeVia(out.put(MARK), call);
  }

  @Override
  public void body(ByteBuffer bytes, boolean last) {
    if (over || sending || head == null) {
      return;
    }
    int had = content == null ? 0 : content.readableBytes();
    if (had + bytes.remaining() > mirror.bodyBytesMax()) {
      mirror.counts().tooLong.increment();
      end();
      return;
    }
    if (bytes.hasRemaining()) {
      content = content == null ? buffers.buffer(bytes.remaining()) : content;
      content.writeBytes(bytes);
    }
    if (last) {
      send();
    }
  }

  @Override
  public void drop() {
    if (!over && !sending) {
      mirror.counts().dropped.increment();
      end();
    }
  }

  private void send() {
    sending = true;
    answer.start(settings.headBytesMax(), settings.headFieldsMax());
    endpoint.began();
    var acquired = UpstreamConnection.acquire(loop, mirror.to(), endpoint, this, false);
    if (acquired == null) {
      failed();
      return;
    }
    connection = acquired;
    if (acquired.established()) {
      connected();
    }
  }

  @Override
  public void moved(UpstreamConnection to) {
    connection = to;
  }

  @Override
  public void connected() {
    var to = connection;
    var out = head;
    if (to == null || out == null) {
      return;
    }
    head = null;
    var rest = content;
    content = null;
    if (framed) {
      out.put(LENGTH).decimal(rest == null ? 0 : rest.readableBytes()).endLine();
    }
    out.endLine();
    switch (to) {
      case Http1Connection one -> {
        var whole = buffers.buffer(out.length());
        out.copyTo(whole);
        one.channel().write(whole, one.channel().voidPromise());
        if (rest != null) {
          one.channel().write(rest, one.channel().voidPromise());
        }
        one.channel().flush();
      }
      case UpstreamStream shared -> {
        shared.head(out, rest == null);
        if (rest != null) {
          shared.content(rest, true);
        }
        shared.flush();
      }
    }
    to.timeout(mirror.to().answerNanos(), "answer-timeout");
  }

  @Override
  public ResponseHead responseHead() {
    return answer;
  }

  @Override
  public void responseHeadRead() {
    var from = connection;
    if (from == null) {
      return;
    }
    int status = answer.status();
    if (status == 101 || (status < 200 && ++interims > INTERIM_MAX)) {
      failed();
      return;
    }
    if (status < 200) {
      answer.start(settings.headBytesMax(), settings.headFieldsMax());
      from.anotherHead();
      return;
    }
    from.frame(answer, bodiless(), settings.headBytesMax(), settings.headFieldsMax());
    from.timeout(mirror.to().idleNanos(), "idle-timeout");
  }

  private boolean bodiless() {
    return headMethod || answer.status() == 204 || answer.status() == 304;
  }

  @Override
  public void responseBody(ByteBuf in, int start, int length, boolean last) {
    var from = connection;
    if (from == null) {
      return;
    }
    if (!last && from.contentBytes() <= ANSWER_BYTES_MAX) {
      from.timeout(mirror.to().idleNanos(), "idle-timeout");
      return;
    }
    connection = null;
    from.noTimeout();
    mirror.counts().answered.increment();
    if (last) {
      from.done(answer, true, false);
    } else {
      from.close();
    }
    end();
  }

  private void failed() {
    mirror.counts().failed.increment();
    end();
  }

  @Override
  public void upstreamFailed(String reason) {
    connection = null;
    mirror.to().failed(endpoint, loop);
    failed();
  }

  @Override
  public void upstreamWritable(boolean writable) {}

  @Override
  public void upstreamReadComplete() {}

  private void end() {
    if (over) {
      return;
    }
    over = true;
    if (sending) {
      endpoint.ended();
    }
    mirror.counts().underWay.decrementAndGet();
    head = null;
    if (content != null) {
      content.release();
      content = null;
    }
    var rest = connection;
    connection = null;
    if (rest != null) {
      rest.close();
    }
  }
}
