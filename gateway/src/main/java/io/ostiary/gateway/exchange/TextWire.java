package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.FieldKind;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.HeadText;
import io.ostiary.gateway.wire.ResponseHead;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An answer as the text of HTTP/1.1, framed for this client: by length, in chunks, by the end of
/// the connection for a client of HTTP/1.0, or not at all where the protocol changes. Reused with
/// its call; confined to its event loop.
final class TextWire implements AnswerWire {
  private enum Framing {
    NONE,
    LENGTH,
    CHUNKED,
    UNTIL_CLOSE,
    TUNNEL
  }

  private static final byte[] CALL = Bytes.of("Ostiary-Call: ");
  private static final byte[] DATE = Bytes.of("Date: ");
  private static final byte[] LENGTH = Bytes.of("Content-Length: ");
  private static final byte[] CHUNKED = Bytes.of("Transfer-Encoding: chunked\r\n");
  private static final byte[] CLOSE = Bytes.of("Connection: close\r\n");
  private static final byte[] UPGRADE = Bytes.of("Connection: Upgrade\r\n");
  private static final byte[] KEEP_ALIVE = Bytes.of("Connection: keep-alive\r\n");
  private static final byte[] CONTINUE = Bytes.of("HTTP/1.1 100 Continue\r\n\r\n");

  private final Outlet outlet = new Outlet();
  private Framing framing = Framing.NONE;
  private @Nullable ClientLink link;

  TextWire on(ClientLink to) {
    framing = Framing.NONE;
    link = to;
    outlet.begin(to.channel());
    return this;
  }

  private HeadText text() {
    return Objects.requireNonNull(link).loop().text();
  }

  @Override
  public void interim(ResponseHead head, int keep) {
    var out = text();
    head.writeStatusLine(out);
    head.fields().writeKinds(out, keep);
    outlet.head(out.endLine());
    outlet.flush();
  }

  @Override
  public void interimContinue() {
    outlet.head(text().put(CONTINUE));
    outlet.flush();
  }

  @Override
  public boolean begin(
      Call call, ResponseHead head, int keep, long length, boolean content, boolean persistent) {
    boolean version11 = call.requestHead().version11();
    if (head.status() == 101) {
      framing = Framing.TUNNEL;
    } else if (!content) {
      framing = Framing.NONE;
    } else if (length >= 0) {
      framing = Framing.LENGTH;
    } else {
      framing = version11 ? Framing.CHUNKED : Framing.UNTIL_CLOSE;
    }
    boolean keepAlive = persistent && framing != Framing.UNTIL_CLOSE;
    var fields = head.fields();
    var out = text();
    head.writeStatusLine(out);
    fields.writeKinds(out, keep);
    if (fields.find(FieldKind.DATE) < 0) {
      call.loop().writeDate(out.put(DATE));
      out.endLine();
    }
    if (framing == Framing.CHUNKED) {
      out.put(CHUNKED);
    } else if (length >= 0) {
      out.put(LENGTH).decimal(length).endLine();
    }
    if (framing == Framing.TUNNEL) {
      out.put(UPGRADE);
      fields.writeKinds(out, 1 << FieldKind.UPGRADE);
    } else if (!keepAlive) {
      out.put(CLOSE);
    } else if (!version11) {
      out.put(KEEP_ALIVE);
    }
    outlet.head(out.put(CALL).callId(call.callId()).endLine().endLine());
    return keepAlive;
  }

  @Override
  public void content(ByteBuf in, int start, int length) {
    switch (framing) {
      case NONE -> {}
      case CHUNKED -> outlet.chunk(in, start, length);
      case LENGTH, UNTIL_CLOSE, TUNNEL -> outlet.content(in, start, length);
    }
  }

  @Override
  public void end(@Nullable Fields trailers, int keep, ChannelFutureListener taken) {
    if (framing == Framing.CHUNKED) {
      outlet.lastChunk(trailers, keep, text());
    }
    outlet.flushLast(Objects.requireNonNull(link).lastWrite(), taken);
  }

  @Override
  public void flush() {
    outlet.flush();
  }

  @Override
  public boolean writable() {
    return Objects.requireNonNull(link).channel().isWritable();
  }

  @Override
  public long bytes() {
    return outlet.bytes();
  }

  @Override
  public void drop() {
    outlet.drop();
    link = null;
  }
}
