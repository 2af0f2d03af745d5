package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.upstream.Http1Connection;
import io.ostiary.gateway.upstream.UpstreamConnection;
import io.ostiary.gateway.upstream.UpstreamStream;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.FieldKind;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.HeadText;
import io.ostiary.gateway.wire.TrailerSection;
import org.jspecify.annotations.Nullable;

/// What an attempt writes to its target, as HTTP/1.1. Reused with its call; confined to its event
/// loop.
final class RequestWriter {
  /// Fields that go to the upstream as they came.
  private static final int KEPT = 1 << FieldKind.OTHER | 1 << FieldKind.DATE;

  /// And those that go with the client's trace, where it is continued.
  private static final int TRACE = 1 << FieldKind.TRACESTATE;

  private static final byte[] VERSION_HOST = Bytes.of(" HTTP/1.1\r\nHost: ");
  private static final byte[] LENGTH = Bytes.of("Content-Length: ");
  private static final byte[] CHUNKED = Bytes.of("Transfer-Encoding: chunked\r\n");
  private static final byte[] EXPECT = Bytes.of("Expect: 100-continue\r\n");
  private static final byte[] CLOSE = Bytes.of("Connection: close\r\n");
  private static final byte[] UPGRADE = Bytes.of("Connection: Upgrade\r\nUpgrade: ");

  private final Call call;
  private final Outlet outlet = new Outlet();
  private @Nullable UpstreamStream stream;
  private boolean expectForwarded;
  private long bytes;

  RequestWriter(Call call) {
    this.call = call;
  }

  /// Writes the head, and the content as far as it is here: that a filter wanted whole, or that
  /// attempts before have sent.
  ///
  /// @return whether that is all
  boolean begin(UpstreamConnection to) {
    var body = call.requestBody();
    var whole = body.gathered();
    boolean again = whole == null && body.kept().begun();
    boolean complete = whole != null || body.complete();
    begin(to, complete && whole == null && !again);
    if (whole != null) {
      content(whole, 0, whole.writerIndex(), true);
    } else if (again) {
      var kept = body.kept().copy();
      content(kept, 0, kept.readableBytes(), complete);
      kept.release();
    }
    return complete;
  }

  /// @param last whether nothing follows the head
  private void begin(UpstreamConnection to, boolean last) {
    switch (to) {
      case Http1Connection one -> {
        stream = null;
        outlet.begin(one.channel());
        var text = call.loop().text();
        writeHead(text, to, false);
        outlet.head(text);
      }
      case UpstreamStream shared -> {
        stream = shared;
        var text = call.loop().text();
        var protocol = shared.tunnels() ? call.tunnel().offered() : null;
        writeHead(text, to, protocol != null);
        bytes = text.length();
        if (protocol == null) {
          shared.head(text, last);
        } else {
          shared.connect(text, protocol);
        }
      }
    }
  }

  /// Whether the upstream was told that the client waits for its word.
  boolean expectForwarded() {
    return expectForwarded;
  }

  /// @param tunnel whether it becomes an extended CONNECT, which has no content
  private void writeHead(HeadText out, UpstreamConnection to, boolean tunnel) {
    var head = call.requestHead();
    var fields = head.fields();
    var target = head.upstream();
    out.put(head.method()).put(' ');
    target.writeTarget(out);
    out.put(VERSION_HOST);
    if (target.hasHost()) {
      target.writeHost(out);
    } else {
      out.put(to.endpoint().target().authority());
    }
    out.endLine();
    fields.writeKinds(out, call.trace().continued() ? KEPT | TRACE : KEPT);
    expectForwarded = false;
    if (!tunnel) {
      writeFraming(out);
    }
    ForwardedFields.write(out, call, call.caller().speakerTrusted());
    call.trace().write(out);
    ForwardedFields.writeVia(out, call);
    out.endLine();
  }

  private void writeFraming(HeadText out) {
    var head = call.requestHead();
    var whole = call.requestBody().gathered();
    var protocol = call.tunnel().offered();
    if (protocol != null && stream == null) {
      out.put(UPGRADE).put(protocol).endLine();
      return;
    }
    if (whole != null) {
      writeLength(out, whole.writerIndex());
    } else if (chunked()) {
      out.put(CHUNKED);
    } else if (head.contentLength() >= 0) {
      writeLength(out, head.contentLength());
    }
    boolean asks = head.expectsContinue() && !call.requestBody().continued();
    if (asks && !call.requestBody().kept().begun()) {
      expectForwarded = true;
      out.put(EXPECT);
    }
    boolean strange =
        head.hasBody() && (head.method().equals("GET") || head.method().equals("HEAD"));
    if (strange) {
      // Content here has no meaning (RFC 9110 section 9.3.1); a server that ignores it must not
      // read it as the next request.
      out.put(CLOSE);
    }
  }

  private boolean chunked() {
    return call.requestHead().chunked() || call.requestBody().changed();
  }

  private static void writeLength(HeadText out, long length) {
    out.put(LENGTH).decimal(length).endLine();
  }

  void content(ByteBuf in, int start, int length, boolean last) {
    var to = stream;
    if (to != null) {
      share(to, in, start, length, last);
    } else if (call.tunnel().open() || !chunked() || call.requestBody().gathered() != null) {
      outlet.content(in, start, length);
    } else {
      outlet.chunk(in, start, length);
      if (last) {
        outlet.lastChunk(trailers(), KEPT, call.loop().text());
      }
    }
  }

  private @Nullable Fields trailers() {
    var decoder = call.requestBody().decoder();
    if (!decoder.hasTrailers()) {
      return null;
    }
    TrailerSection.withoutThoseOf(decoder.trailers(), call.requestHead().fields());
    return decoder.trailers();
  }

  private void share(UpstreamStream to, ByteBuf in, int start, int length, boolean last) {
    var trailers = last ? trailers() : null;
    bytes += length;
    if (length > 0 || (last && trailers == null)) {
      to.content(in.retainedSlice(start, length), last && trailers == null);
    }
    if (trailers != null) {
      var text = call.loop().text();
      trailers.writeKinds(text, KEPT);
      to.trailers(text);
    }
  }

  void flush() {
    if (stream != null) {
      stream.flush();
    } else {
      outlet.flush();
    }
  }

  long bytes() {
    return stream == null ? outlet.bytes() : bytes;
  }

  /// Lets go of what was not written.
  void drop() {
    stream = null;
    outlet.drop();
  }
}
