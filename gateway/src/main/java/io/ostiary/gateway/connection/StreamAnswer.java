package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.ostiary.gateway.exchange.AnswerWire;
import io.ostiary.gateway.exchange.Call;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.FieldBlock;
import io.ostiary.gateway.wire.FieldKind;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.Frame;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.CallId;
import org.jspecify.annotations.Nullable;

/// The answer of one HTTP/2 stream, as frames. Content that the client's windows or the socket do
/// not let out yet waits in an [OutQueue], and while there is more than a little of it, the
/// upstream is not read. Confined to its event loop.
final class StreamAnswer implements AnswerWire, ChannelFutureListener {
  /// From so much waiting content on, no more is asked for.
  private static final int WAITING_MAX = 64 * 1024;

  private static final HeaderName ACCEPT = HeaderName.of("Sec-WebSocket-Accept");
  private static final byte[] CALL = Bytes.of("ostiary-call");
  private static final int DATE_INDEX = 33;
  private static final int DATE_LENGTH = 29;

  private final int id;
  private final Http2Stream stream;
  private final Http2Connection connection;
  private final Channel channel;
  private final OutQueue waiting = new OutQueue();
  private int window;
  private long bytes;
  private boolean ended;
  private boolean endWaiting;
  private boolean closed;
  private @Nullable ByteBuf trailers;
  private @Nullable ChannelFutureListener whenTaken;

  StreamAnswer(Http2Stream stream, Http2Connection connection, int window) {
    id = stream.id;
    this.stream = stream;
    this.connection = connection;
    this.window = window;
    channel = connection.link().channel();
  }

  @Override
  public void interim(ResponseHead head, int keep) {
    var out = connection.out().room(FieldBlock.bytesMax(head.fields()) + 64);
    int at = beginBlock(out, false);
    FieldBlock.status(out, head.status());
    FieldBlock.fields(out, head.fields(), keep);
    endBlock(out, at);
  }

  @Override
  public void interimContinue() {
    var out = connection.out().room(64);
    int at = beginBlock(out, false);
    FieldBlock.status(out, 100);
    endBlock(out, at);
  }

  /// The framing of a stream leaves no choice, and every stream has one answer.
  @Override
  public boolean begin(
      Call call, ResponseHead head, int keep, long length, boolean content, boolean persistent) {
    ended = !content || length == 0;
    var fields = head.fields();
    boolean tunnel = head.status() == 101;
    if (tunnel) {
      // Its proof is of a key that this client has never seen (RFC 8441 section 5).
      fields.remove(ACCEPT);
    }
    var out = connection.out().room(FieldBlock.bytesMax(fields) + 256);
    int at = beginBlock(out, ended);
    FieldBlock.status(out, tunnel ? 200 : head.status());
    FieldBlock.fields(out, fields, keep);
    if (fields.find(FieldKind.DATE) < 0) {
      FieldBlock.indexedName(out, DATE_INDEX, DATE_LENGTH);
      var date = stream.loop().text();
      stream.loop().writeDate(date);
      date.copyTo(out);
    }
    if (length >= 0) {
      FieldBlock.contentLength(out, stream.loop().text().decimal(length));
    }
    FieldBlock.namedField(out, CALL, CallId.LENGTH);
    stream.loop().text().callId(call.callId()).copyTo(out);
    endBlock(out, at);
    return false;
  }

  private int beginBlock(ByteBuf out, boolean last) {
    int at = out.writerIndex();
    int flags = Frame.END_HEADERS | (last ? Frame.END_STREAM : 0);
    Frame.header(out, 0, Frame.HEADERS, flags, id);
    connection.blockBegins(out);
    return at;
  }

  /// A block that is longer than a frame may be goes on in CONTINUATION frames.
  private void endBlock(ByteBuf out, int at) {
    int start = at + Frame.HEADER_BYTES;
    int more = out.writerIndex() - start - Frame.PAYLOAD_MAX;
    if (more <= 0) {
      Frame.length(out, at);
    } else {
      var rest = out.copy(start + Frame.PAYLOAD_MAX, more);
      out.writerIndex(start + Frame.PAYLOAD_MAX);
      Frame.length(out, at);
      out.setByte(at + 4, out.getByte(at + 4) & ~Frame.END_HEADERS);
      while (rest.isReadable()) {
        int size = Math.min(rest.readableBytes(), Frame.PAYLOAD_MAX);
        int flags = size == rest.readableBytes() ? Frame.END_HEADERS : 0;
        Frame.header(out, size, Frame.CONTINUATION, flags, id);
        out.writeBytes(rest, size);
      }
      rest.release();
    }
    bytes += out.writerIndex() - at;
    connection.frameSent();
  }

  @Override
  public void content(ByteBuf in, int start, int length) {
    if (ended || closed) {
      return;
    }
    int from = start;
    int end = start + length;
    while (from < end && waiting.bytes() == 0) {
      int most = sendable(end - from);
      if (most == 0) {
        break;
      }
      header(most, false);
      connection.out().payload(in, from, most);
      from += most;
    }
    if (from < end) {
      waiting.add(channel.alloc(), in, from, end - from);
      connection.turns().waits(this);
    }
  }

  private int sendable(int wanted) {
    int windows = Math.min(window, connection.turns().window());
    int most = Math.min(Math.min(wanted, windows), Frame.PAYLOAD_MAX);
    return channel.isWritable() ? Math.max(most, 0) : 0;
  }

  /// Whether one more frame of what waits could go out.
  boolean sendable() {
    return waiting.bytes() > 0 && sendable(1) > 0;
  }

  private void header(int length, boolean last) {
    var out = connection.out().room(Frame.HEADER_BYTES);
    Frame.header(out, length, Frame.DATA, last ? Frame.END_STREAM : 0, id);
    window -= length;
    connection.turns().sent(length);
    bytes += Frame.HEADER_BYTES + length;
    connection.frameSent();
  }

  @Override
  public void end(@Nullable Fields with, int keep, ChannelFutureListener listener) {
    whenTaken = listener;
    if (ended || closed) {
      connection.out().whenTaken(this);
      return;
    }
    if (with != null) {
      // Written now: by the time the content is out, they may be another answer's.
      trailers = channel.alloc().buffer(FieldBlock.bytesMax(with));
      FieldBlock.fields(trailers, with, keep);
    }
    endWaiting = true;
    if (waiting.bytes() == 0) {
      finish();
    }
  }

  private void finish() {
    endWaiting = false;
    ended = true;
    var last = trailers;
    trailers = null;
    if (last == null) {
      header(0, true);
    } else {
      var out = connection.out().room(last.readableBytes() + 64);
      int at = beginBlock(out, true);
      out.writeBytes(last);
      last.release();
      endBlock(out, at);
    }
    connection.out().whenTaken(this);
  }

  /// Writes one frame of what waits, if the windows let it.
  ///
  /// @return whether more waits
  boolean resume() {
    int most = sendable(waiting.bytes());
    if (most > 0) {
      var piece = waiting.take(most);
      header(piece.readableBytes(), false);
      connection.out().payloadAndRelease(piece);
    }
    if (endWaiting && waiting.bytes() == 0) {
      finish();
    } else {
      channelWritable();
    }
    return waiting.bytes() > 0;
  }

  /// Whether everything has been said.
  boolean ended() {
    return ended;
  }

  void channelWritable() {
    if (!endWaiting && !stream.idle() && writable()) {
      stream.call().clientWritable(true);
    }
  }

  /// @return false: more than a window may be
  boolean moreWindow(int more) {
    long wider = (long) window + more;
    window = (int) Math.min(wider, Integer.MAX_VALUE);
    return wider <= Integer.MAX_VALUE;
  }

  /// All streams are flushed together, once the events at hand have been handled.
  @Override
  public void flush() {}

  @Override
  public boolean writable() {
    return waiting.bytes() < WAITING_MAX && channel.isWritable();
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void operationComplete(ChannelFuture done) throws Exception {
    var listener = whenTaken;
    whenTaken = null;
    if (listener != null && !stream.idle()) {
      listener.operationComplete(done);
    }
  }

  /// What is written is written; what waits is let go of.
  @Override
  public void drop() {
    closed = true;
    waiting.drop();
    if (trailers != null) {
      trailers.release();
      trailers = null;
    }
    endWaiting = false;
    whenTaken = null;
  }
}
