package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.ostiary.gateway.connection.FloodMeter.Kind;
import io.ostiary.gateway.exchange.Call;
import io.ostiary.gateway.exchange.ClientLink;
import io.ostiary.gateway.exchange.Plan;
import io.ostiary.gateway.loop.Deadline;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.FieldBlock;
import io.ostiary.gateway.wire.Frame;
import io.ostiary.model.Ending;
import org.jspecify.annotations.Nullable;

/// One connection of a client over HTTP/2 (RFC 9113), from its preface to its end.
///
/// One handler, no channel for each stream, frames read ([FrameReader]) and written ([FrameOutput])
/// by ourselves: like the head path of HTTP/1.1 this is where cost and strictness are. HPACK is
/// Netty's on the way in, and stateless on the way out ([FieldBlock]). Each stream becomes a call
/// with the same request head that HTTP/1.1 fills, so nothing behind it knows of versions.
///
/// While the socket does not take what we write, nothing is read, so answers to control frames
/// cannot pile up; [FloodMeter] counts what is cheap to send. Confined to its event loop.
final class Http2Connection extends ChannelInboundHandlerAdapter implements OpenConnection {
  private static final byte[] SWITCHING =
      Bytes.of("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
  private static final long DRAIN_PING = 0x6f737469617279L;
  private static final Ending MALFORMED = new Ending.ClientFailed("malformed-request");

  private final ClientLink link;
  private final CallPool calls;
  private final Loop loop;
  private final Channel channel;
  private final Http2Streams streams;
  private final FrameReader reader;
  private final FrameOutput output;
  private final SendTurns turns;
  private final FloodMeter floods;
  private final int headBytesMax;
  private final Deadline deadline = new Deadline(this::expired);
  private int leftBytes;
  private boolean tableSaid;
  private boolean draining;
  private boolean lastSaid;
  private boolean over;
  private boolean closed;

  /// @param prefaceRead bytes of the client's preface that have been read already
  Http2Connection(CallPool calls, ClientLink link, int prefaceRead) {
    this.link = link;
    this.calls = calls;
    loop = link.loop();
    channel = link.channel();
    var plan = calls.plan();
    headBytesMax = plan.settings().headBytesMax();
    streams = new Http2Streams(this, calls, plan);
    reader = new FrameReader(streams, prefaceRead, headBytesMax + Frame.PAYLOAD_MAX);
    output = new FrameOutput(loop, channel);
    turns = new SendTurns(channel, Http2Streams.DEFAULT_WINDOW);
    floods = new FloodMeter(loop.gauges(), loop.now());
  }

  /// Goes on with a connection that began over HTTP/1.1.
  ///
  /// @param first a request in which the client offered that; it becomes stream 1. Null: none
  /// @param rest what has been read and not taken
  void takeOver(ChannelHandler before, @Nullable Call first, ByteBuf rest) {
    if (first != null) {
      channel.write(Unpooled.wrappedBuffer(SWITCHING), channel.voidPromise());
    }
    channel.pipeline().replace(before, null, this);
    if (first != null) {
      streams.adopt(first);
    }
    channelRead(channel.pipeline().context(this), rest);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    calls.opened(this);
    var out = output.room(64);
    Frame.header(out, 24, Frame.SETTINGS, 0, 0);
    Frame.setting(out, Frame.SETTING_STREAMS_MAX, Http2Streams.STREAMS_MAX);
    Frame.setting(out, Frame.SETTING_INITIAL_WINDOW, Http2Streams.STREAM_WINDOW);
    Frame.setting(out, Frame.SETTING_HEAD_MAX, headBytesMax);
    Frame.setting(out, Frame.SETTING_CONNECT_PROTOCOL, 1);
    Frame.windowUpdate(out, 0, Http2Streams.CONNECTION_WINDOW - Http2Streams.DEFAULT_WINDOW);
    timeout(calls.plan().waits().head());
    if (calls.draining()) {
      drain();
    }
  }

  private void timeout(long nanos) {
    loop.deadlines().set(deadline, loop.now() + nanos);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    var in = (ByteBuf) message;
    loop.refresh();
    if (over) {
      leave(in);
      return;
    }
    reader.read(in);
    if (reader.inBlock()) {
      timeout(calls.plan().waits().head());
    }
  }

  /// What a client sends after the end is thrown away, so that it can read why before a reset.
  private void leave(ByteBuf in) {
    leftBytes += in.readableBytes();
    in.release();
    if (leftBytes > LEAVE_BYTES_MAX) {
      close();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    streams.readComplete();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    loop.refresh();
    boolean writable = channel.isWritable();
    if (!over) {
      channel.config().setAutoRead(writable);
    }
    if (writable) {
      turns.resume();
      streams.channelWritable();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE || event == SslCloseCompletionEvent.SUCCESS) {
      gone(LEFT);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    gone(LEFT);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    gone(OpenConnection.broken(cause));
  }

  // What streams ask.

  ClientLink link() {
    return link;
  }

  FrameOutput out() {
    return output;
  }

  SendTurns turns() {
    return turns;
  }

  Plan.Waits waits() {
    return calls.plan().waits();
  }

  boolean over() {
    return over;
  }

  boolean draining() {
    return draining || calls.draining();
  }

  /// A header block begins: the first one says that there is no table.
  void blockBegins(ByteBuf out) {
    if (!tableSaid) {
      tableSaid = true;
      FieldBlock.tableEmpty(out);
    }
  }

  void frameSent() {
    floods.sent();
  }

  void answered() {
    floods.answered();
  }

  /// Whether one more of these may come; where not, the connection ends.
  boolean allowed(Kind kind) {
    if (over || floods.take(kind, loop.now())) {
      return !over;
    }
    fault(Frame.ENHANCE_YOUR_CALM);
    calls.flooded(link, kind);
    return false;
  }

  /// The client's settings are known.
  void settingsRead() {
    if (streams.isEmpty()) {
      timeout(calls.plan().waits().idle());
    }
  }

  /// A stream has begun: from now on its own waits are limited.
  void busy() {
    deadline.clear();
    if (calls.lastOn(link)) {
      drain();
    }
  }

  void streamClosed() {
    if (over || !streams.isEmpty()) {
      return;
    }
    if (lastSaid) {
      end();
    } else {
      timeout(draining ? LEAVE_NANOS : calls.plan().waits().idle());
    }
  }

  void pingAnswered(long opaque) {
    if (opaque != DRAIN_PING || !draining || lastSaid) {
      return;
    }
    lastSaid = true;
    streams.noMore();
    goAway(streams.newest(), Frame.NO_ERROR);
    streamClosed();
  }

  // The end.

  /// Draining cuts nobody in this protocol.
  @Override
  public void giveWay() {
    drain();
  }

  /// No new streams: said first without a number, so that none on its way is lost, and with that of
  /// the last one when an answer shows that the client knows (RFC 9113 section 6.8).
  @Override
  public void drain() {
    if (draining || over) {
      return;
    }
    draining = true;
    goAway(Integer.MAX_VALUE, Frame.NO_ERROR);
    Frame.ping(output.room(17), DRAIN_PING, false);
    if (streams.isEmpty()) {
      timeout(LEAVE_NANOS);
    }
  }

  private void expired() {
    loop.refresh();
    if (over) {
      close();
    } else if (reader.inBlock()) {
      fault(Frame.PROTOCOL_ERROR);
    } else if (streams.isEmpty()) {
      goAway(streams.newest(), Frame.NO_ERROR);
      end();
    }
  }

  /// The client broke the rules of the connection.
  void fault(int error) {
    if (over) {
      return;
    }
    goAway(streams.newest(), error);
    over = true;
    streams.abortAll(MALFORMED);
    end();
  }

  private void goAway(int last, int error) {
    Frame.goAway(output.room(32), last, error);
  }

  /// Nothing more is said; what the client still sends is read for a moment, so that it can read
  /// what was.
  private void end() {
    over = true;
    // Not before the last word is with the socket: a shutdown would overtake it.
    output.whenTaken(done -> Handshake.endOutput(channel));
    output.flushNow();
    reader.drop();
    channel.config().setAutoRead(true);
    timeout(LEAVE_NANOS);
  }

  private void gone(Ending ending) {
    loop.refresh();
    over = true;
    streams.abortAll(ending);
    close();
  }

  private void close() {
    if (closed) {
      return;
    }
    closed = true;
    over = true;
    loop.deadlines().remove(deadline);
    reader.drop();
    loop.gauges().closed();
    calls.closed(this);
    output.drop();
    channel.close();
  }

  @Override
  public boolean cutIfBanned() {
    if (closed || !calls.banned(link.peer().bytes())) {
      return false;
    }
    loop.gauges().banned();
    gone(BANNED);
    return true;
  }

  /// The time for draining is over.
  @Override
  public void cut() {
    gone(new Ending.GatewayFailed("drain-timeout"));
  }
}
