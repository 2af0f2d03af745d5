package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.ostiary.gateway.wire.Buffers;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.HeadText;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.gateway.wire.TrailerSection;
import io.ostiary.model.ConnectionMark;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// One attempt on a connection of HTTP/2 that it shares with others.
///
/// While it is paused, what comes for it is kept and not acknowledged, so at most one window waits:
/// its upstream stops, and nobody else's. Confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is still the same owner is the question.
public final class UpstreamStream extends UpstreamConnection {
  private final UpstreamSession session;
  private final ArrayDeque<ByteBuf> held = new ArrayDeque<>();
  private final Fields trailers = new Fields();
  private @Nullable Http2Stream stream;
  private boolean headRead;
  private boolean hasTrailers;
  private boolean paused;
  private boolean inputEnded;
  private boolean told;
  private boolean closed;
  private boolean begun;
  private boolean headSent;
  private boolean spoilt;
  private boolean tunnel;
  private boolean gone;
  private byte @Nullable [] protocol;
  private int fieldsMax = 100;
  private long startedNanos;
  private long contentBytes;

  UpstreamStream(UpstreamSession session, StreamOwner owner, boolean reused) {
    super(session.loop(), session.endpoint());
    this.session = session;
    this.owner = owner;
    this.reused = reused;
  }

  /// It has a place on its connection.
  void begin(long now) {
    begun = true;
    startedNanos = now;
  }

  boolean begun() {
    return begun;
  }

  boolean headSent() {
    return headSent;
  }

  long startedNanos() {
    return startedNanos;
  }

  // What goes out.

  /// Sends the head, written as HTTP/1.1; the text is used up and stays the caller's.
  public void head(HeadText text, boolean last) {
    headSent = true;
    var headers = HeaderLines.request(text, session.wiring().encrypted());
    started(session.writeHead(this, headers, last));
  }

  private void started(@Nullable Http2Stream begun) {
    stream = begun;
    if (begun == null) {
      // Told later: whoever writes a head does not expect to hear of its end meanwhile.
      loop.eventLoop().execute(() -> lost("refused-stream"));
    }
  }

  /// Asks for a tunnel; the text is that of the request which would ask for it over HTTP/1.1.
  public void connect(HeadText text, byte[] name) {
    protocol = name;
    headSent = true;
    started(
        session.writeHead(
            this, HeaderLines.connect(text, session.wiring().encrypted(), name), false));
  }

  /// Whether the target takes tunnels.
  public boolean tunnels() {
    return session.tunnels();
  }

  /// Sends one piece, which is the stream's from now on.
  public void content(ByteBuf piece, boolean last) {
    var to = stream;
    if (to == null || closed) {
      piece.release();
    } else {
      ChannelFuture ignored = session.writeContent(to, piece, last);
    }
  }

  /// Sends trailer fields, written as lines, and with them the end.
  public void trailers(HeadText text) {
    var to = stream;
    if (to != null && !closed) {
      session.writeTrailers(to, HeaderLines.trailers(text));
    }
  }

  public void flush() {
    session.flush();
  }

  @Override
  public boolean established() {
    return session.ready() && !closed;
  }

  @Override
  public boolean writable() {
    return stream == null ? session.ready() : session.writable(stream);
  }

  void writabilityChanged(boolean writable) {
    var own = owner;
    if (own != null) {
      own.upstreamWritable(writable);
    }
  }

  @Override
  public void tunnel() {
    tunnel = true;
  }

  @Override
  public void endOutput(Runnable next) {
    var to = stream;
    if (to == null || closed) {
      return;
    }
    session
        .writeContent(to, NOTHING, true)
        .addListener(written -> {
          if (written.isSuccess() && !closed) {
            next.run();
          }
        });
    session.flush();
  }

  // What comes in.

  void headers(Http2Headers headers, boolean last) {
    var own = owner;
    if (own == null) {
      return;
    }
    if (headRead) {
      readTrailers(headers, last);
      return;
    }
    var head = own.responseHead();
    var wrong = HeaderLines.response(headers, head);
    bytesRead += head.fields().bytesMax();
    boolean interim = head.status() < 200;
    if (wrong != null || head.status() == 101 || (interim && last)) {
      fail("malformed-response");
      return;
    }
    var asked = protocol;
    if (asked != null && head.status() < 300 && !interim && head.changesTo(asked) != null) {
      fail("malformed-response");
      return;
    }
    headRead = !interim;
    inputEnded = last;
    own.responseHeadRead();
    tellEnd();
  }

  private void readTrailers(Http2Headers headers, boolean last) {
    if (!last) {
      fail("malformed-response");
      return;
    }
    for (var field : headers) {
      boolean pseudo = field.getKey().length() == 0 || field.getKey().charAt(0) == ':';
      if (pseudo
          || trailers.count() == fieldsMax
          || TrailerSection.field(trailers, field.getKey(), field.getValue()) != null) {
        fail("malformed-response");
        return;
      }
    }
    bytesRead += trailers.bytesMax();
    hasTrailers = trailers.count() > 0;
    inputEnded = true;
    tellEnd();
  }

  /// Returns how many bytes may be acknowledged now.
  int content(ByteBuf piece, int padding, boolean last) {
    int size = piece.readableBytes();
    if (owner == null) {
      return size + padding;
    }
    if (!headRead) {
      fail("malformed-response");
      return size + padding;
    }
    bytesRead += size;
    inputEnded |= last;
    if (paused || !held.isEmpty()) {
      if (size > 0) {
        Buffers.hold(loop.buffers(), held, piece);
      }
      return padding;
    }
    tell(piece);
    tellEnd();
    return size + padding;
  }

  private void tell(ByteBuf piece) {
    var own = owner;
    if (own != null && piece.isReadable()) {
      contentBytes += piece.readableBytes();
      own.responseBody(piece, piece.readerIndex(), piece.readableBytes(), false);
    }
  }

  /// The end is told once, and after everything else.
  private void tellEnd() {
    var own = owner;
    if (inputEnded && headRead && !told && !paused && held.isEmpty() && own != null) {
      told = true;
      own.responseBody(NOTHING, 0, 0, true);
      endTunnel();
    }
  }

  /// A tunnel whose two directions have ended, or whose upstream is gone, once all is told.
  private void endTunnel() {
    if (gone && told) {
      fail("reset");
    }
  }

  void readComplete() {
    var own = owner;
    if (own != null) {
      own.upstreamReadComplete();
    }
  }

  @Override
  public void pause() {
    paused = true;
  }

  @Override
  public void resume() {
    if (!paused) {
      return;
    }
    paused = false;
    int taken = 0;
    while (!paused && !held.isEmpty() && owner != null) {
      var piece = held.remove();
      taken += piece.readableBytes();
      try {
        tell(piece);
      } finally {
        piece.release();
      }
    }
    acknowledge(taken);
    tellEnd();
    readComplete();
  }

  private void acknowledge(int bytes) {
    var of = stream;
    if (of != null && bytes > 0) {
      session.acknowledge(of, bytes);
    }
  }

  /// The upstream gave the stream up.
  void reset(long error) {
    if (inputEnded) {
      // The response is whole; no more of the request is wanted (RFC 9113 section 8.1).
      gone = tunnel;
      endTunnel();
      return;
    }
    boolean begun = headRead || (owner != null && owner.headBegun());
    if (error == Http2Error.REFUSED_STREAM.code()) {
      fail("refused-stream");
    } else if (tunnel) {
      fail("reset");
    } else if (error == Http2Error.CANCEL.code()) {
      // As servers of gRPC say that a call's time is over.
      fail("cancelled-response");
    } else {
      fail(begun ? "truncated-response" : "reset");
    }
  }

  /// What came for it breaks the rules; it is about to be lost.
  void spoilt() {
    spoilt = true;
  }

  /// The connection has ended, or will not take this stream any more.
  void lost(String beforeAnswer) {
    if (spoilt) {
      fail("malformed-response");
    } else if (inputEnded) {
      gone = tunnel;
      endTunnel();
    } else if (tunnel) {
      fail("reset");
    } else {
      fail(headRead ? "truncated-response" : beforeAnswer);
    }
  }

  /// The first words of the upstream are there, or its connection is no use.
  void sessionReady() {
    var own = owner;
    if (own != null) {
      noTimeout();
      own.connected();
    }
  }

  /// Goes on over a connection of HTTP/1.1.
  void move(Http1Connection to) {
    var own = owner;
    owner = null;
    removeTimeout();
    closed = true;
    if (own != null) {
      own.moved(to);
    }
  }

  @Nullable StreamOwner owner() {
    return owner;
  }

  @Override
  public void frame(ResponseHead head, boolean bodiless, int bytesMax, int maxFields) {
    fieldsMax = maxFields;
    if (inputEnded && !bodiless) {
      head.noContent();
    }
  }

  @Override
  public void anotherHead() {
    headRead = false;
  }

  @Override
  public long contentBytes() {
    return contentBytes;
  }

  @Override
  public @Nullable Fields trailers() {
    return hasTrailers ? trailers : null;
  }

  @Override
  public long cookie() {
    return session.cookie();
  }

  @Override
  public ConnectionMark mark() {
    return session.mark();
  }

  @Override
  public void done(ResponseHead head, boolean sent, boolean odd) {
    end(sent ? null : Http2Error.NO_ERROR);
  }

  @Override
  void expired(String reason) {
    session.silentSince(this);
    fail(reason);
  }

  @Override
  public void close() {
    end(Http2Error.CANCEL);
  }

  /// @param reset null: the stream ends by itself
  private void end(@Nullable Http2Error reset) {
    if (closed) {
      return;
    }
    closed = true;
    owner = null;
    removeTimeout();
    int unread = 0;
    for (var piece = held.poll(); piece != null; piece = held.poll()) {
      unread += piece.readableBytes();
      piece.release();
    }
    acknowledge(unread);
    session.ended(this, stream, reset);
  }
}
