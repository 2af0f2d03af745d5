package io.ostiary.gateway.upstream;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.ostiary.gateway.loop.Deadline;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.wire.BodyDecoder;
import io.ostiary.gateway.wire.RequestHead.Progress;
import io.ostiary.model.ConnectionMark;
import java.net.ConnectException;
import org.jspecify.annotations.Nullable;

/// One connection to a target: it carries one attempt at a time and rests in its pool between two.
///
/// It reads responses and knows their framing; what they mean is its owner's business. Data that
/// comes while nobody owns it closes it. Confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is still the same owner is the question.
public final class UpstreamConnection extends ChannelInboundHandlerAdapter {
  private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(32 * 1024, 128 * 1024);

  /// Fixed, so that the kernel does not let an upstream run megabytes ahead of a slow client.
  private static final int RECEIVE_BYTES = 256 * 1024;

  /// A resting connection is closed before most servers' own limit of 60 s or more; a server with a
  /// shorter one says so in Keep-Alive or costs a retry.
  private static final long REST_NANOS = 55_000_000_000L;

  private final Loop loop;
  private final Endpoint endpoint;
  private final EndpointPool pool;
  private final BodyDecoder body = new BodyDecoder();
  private final Deadline deadline = new Deadline(this::expired);
  private final ConnectionMark mark = new ConnectionMark();
  private @Nullable Channel channel;
  private @Nullable StreamOwner owner;
  private @Nullable ByteBuf held;
  private String timeoutReason = "";
  private boolean heldIsCopy;
  private boolean endPending;
  private boolean reused;
  private boolean paused;
  private boolean inBody;
  private boolean tunnel;
  private boolean inputEnded;
  private boolean closed;
  private long cookie;
  private long bytesRead;

  private UpstreamConnection(Loop loop, Endpoint endpoint) {
    this.loop = loop;
    this.endpoint = endpoint;
    this.pool = endpoint.pool(loop);
  }

  /// Gives the owner a connection from the pool, or opens one. Returns null, telling nobody, when
  /// the limit of connections is reached or the name has no address.
  public static @Nullable UpstreamConnection acquire(
      Loop loop, UpstreamHandle handle, Endpoint endpoint, StreamOwner owner, boolean fresh) {
    var pool = endpoint.pool(loop);
    if (!fresh) {
      var rested = pool.take();
      while (rested != null) {
        if (rested.usable()) {
          rested.owner = owner;
          rested.reused = true;
          rested.deadline.clear();
          return rested;
        }
        rested.close();
        rested = pool.take();
      }
    }
    var address = endpoint.address();
    if (address == null || pool.open() >= handle.connectionsPerLoop()) {
      return null;
    }
    var connection = new UpstreamConnection(loop, endpoint);
    connection.owner = owner;
    connection.connect(address, handle.connectNanos());
    return connection;
  }

  private boolean usable() {
    return channel != null && channel.isActive() && !closed;
  }

  private void connect(java.net.InetSocketAddress address, long connectNanos) {
    pool.opened();
    loop.gauges().upstream(1);
    timeout(connectNanos, "connect-timeout");
    var connecting =
        new Bootstrap()
            .group(loop.eventLoop())
            .channelFactory(loop.transport().sockets())
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
            .option(ChannelOption.WRITE_BUFFER_WATER_MARK, MARKS)
            .option(ChannelOption.SO_RCVBUF, RECEIVE_BYTES)
            .handler(this)
            .connect(address);
    var made = connecting.channel();
    channel = made;
    if (made.isOpen()) {
      // Before it is established, so that a handshake that fails leaves its facts too.
      cookie = loop.cookie(made);
      mark.begin(cookie);
    }
    if (connecting.isDone()) {
      // Failed at once: still told later, so that nobody is told before he has the connection.
      loop.eventLoop().execute(() -> connectDone(connecting));
    } else {
      connecting.addListener(this::connectDone);
    }
  }

  private void connectDone(io.netty.util.concurrent.Future<? super Void> done) {
    loop.refresh();
    if (done.isSuccess()) {
      var own = owner;
      if (own == null || closed) {
        close();
        return;
      }
      deadline.clear();
      own.connected();
      return;
    }
    fail(done.cause() instanceof ConnectException ? "connect-refused" : "connect-failed");
  }

  /// Limits the wait for what comes next; replaces the limit before it.
  public void timeout(long nanos, String reason) {
    timeoutReason = reason;
    loop.deadlines().set(deadline, loop.now() + nanos);
  }

  public void noTimeout() {
    deadline.clear();
  }

  private void expired() {
    loop.refresh();
    if (owner == null) {
      close();
      return;
    }
    fail(timeoutReason);
  }

  /// The framing of the body that follows the head just read.
  public BodyDecoder body() {
    inBody = true;
    return body;
  }

  /// What follows is not HTTP any more, and each side may end its direction alone.
  public void tunnel() {
    tunnel = true;
    channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
  }

  /// Ends the direction to the upstream when everything written has gone out, and then tells.
  public void endOutput(Runnable told) {
    channel()
        .writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER)
        .addListener(written -> {
          if (written.isSuccess() && !closed && channel instanceof DuplexChannel duplex) {
            duplex.shutdownOutput();
            told.run();
          }
        });
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE && tunnel) {
      loop.refresh();
      inputEnded = true;
      endInput();
    }
  }

  /// The other side of the tunnel has ended; what is held goes first.
  private void endInput() {
    var own = owner;
    if (inputEnded && held == null && !paused && own != null && !body.complete()) {
      body.connectionEnded();
      own.responseBody(io.netty.buffer.Unpooled.EMPTY_BUFFER, 0, 0, true);
    }
  }

  /// The head was an interim one: another follows.
  public void anotherHead() {
    inBody = false;
  }

  public boolean writable() {
    return channel().isWritable();
  }

  public boolean established() {
    return channel != null && channel.isActive();
  }

  public boolean reused() {
    return reused;
  }

  public Loop loop() {
    return loop;
  }

  public Endpoint endpoint() {
    return endpoint;
  }

  public long cookie() {
    return cookie;
  }

  /// The connection's counters at the end of the attempt before.
  public ConnectionMark mark() {
    return mark;
  }

  /// Bytes read since the connection was acquired.
  public long bytesRead() {
    return bytesRead;
  }

  public Channel channel() {
    return java.util.Objects.requireNonNull(channel);
  }

  /// Stops reading, because the client does not keep up or a filter waits.
  public void pause() {
    if (!paused) {
      paused = true;
      channel().config().setAutoRead(false);
    }
  }

  public void resume() {
    if (!paused) {
      return;
    }
    paused = false;
    endWithoutBody();
    var rest = held;
    held = null;
    if (rest != null) {
      try {
        process(rest);
      } finally {
        release(rest);
      }
      var own = owner;
      if (own != null) {
        own.upstreamReadComplete();
      }
    }
    endInput();
    if (!paused && !closed && !inputEnded) {
      channel().config().setAutoRead(true);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    var in = (ByteBuf) message;
    loop.refresh();
    bytesRead += in.readableBytes();
    if (paused && owner != null) {
      hold(in);
      return;
    }
    try {
      process(in);
    } finally {
      release(in);
    }
  }

  /// Keeps what came although reading is off: one read that was on its way, or, after the peer's
  /// FIN, what the socket still holds.
  private void hold(ByteBuf in) {
    if (held == null) {
      held = in;
      heldIsCopy = false;
      return;
    }
    if (!heldIsCopy) {
      var copy = channel().alloc().buffer(held.readableBytes() + in.readableBytes());
      copy.writeBytes(held);
      held.release();
      held = copy;
      heldIsCopy = true;
    }
    held.writeBytes(in);
    in.release();
  }

  /// What is left unread when a filter or the client made us stop is kept for later.
  private void release(ByteBuf in) {
    if (paused && owner != null && in.isReadable() && held == null) {
      held = in;
      heldIsCopy = false;
    } else {
      in.release();
    }
  }

  private void process(ByteBuf in) {
    while (in.isReadable() && !paused) {
      var own = owner;
      if (own == null) {
        // Nobody asked: what is this?
        close();
        return;
      }
      if (!inBody) {
        var progress = own.responseHead().read(in);
        if (progress == Progress.FAULTY) {
          fail("malformed-response");
          return;
        }
        if (progress == Progress.COMPLETE) {
          own.responseHeadRead();
          endPending = inBody && body.complete() && owner == own;
          endWithoutBody();
        }
        continue;
      }
      var wrong = body.decode(in);
      if (body.pieceLength() > 0 || body.complete()) {
        own.responseBody(in, body.pieceStart(), body.pieceLength(), body.complete());
      }
      if (wrong != null && owner == own) {
        fail("malformed-response");
        return;
      }
    }
  }

  private void endWithoutBody() {
    var own = owner;
    if (endPending && !paused && own != null) {
      endPending = false;
      own.responseBody(io.netty.buffer.Unpooled.EMPTY_BUFFER, 0, 0, true);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    var own = owner;
    if (own != null) {
      own.upstreamReadComplete();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    var own = owner;
    if (own != null) {
      loop.refresh();
      own.upstreamWritable(channel().isWritable());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    loop.refresh();
    var own = owner;
    if (own == null) {
      close();
      return;
    }
    if (held != null || endPending) {
      // The client is slower than the upstream: what was read before the end still counts.
      endAfterHeld();
      return;
    }
    ended(own);
  }

  private void endAfterHeld() {
    var rest = held;
    held = null;
    paused = false;
    endWithoutBody();
    if (rest != null) {
      try {
        process(rest);
      } finally {
        rest.release();
      }
    }
    var own = owner;
    if (own != null) {
      ended(own);
    }
  }

  private void ended(StreamOwner own) {
    if (tunnel) {
      inputEnded = true;
      endInput();
      fail("reset");
      return;
    }
    if (inBody && body.endsWithConnection()) {
      body.connectionEnded();
      own.responseBody(io.netty.buffer.Unpooled.EMPTY_BUFFER, 0, 0, true);
      return;
    }
    boolean begun = inBody || own.responseHead().begun();
    fail(begun ? "truncated-response" : "closed-before-response");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    loop.refresh();
    boolean network = cause instanceof java.io.IOException;
    if (!network) {
      System.getLogger("io.ostiary.gateway")
          .log(System.Logger.Level.ERROR, "an upstream connection failed", cause);
    }
    fail(network ? "reset" : "internal");
  }

  private void fail(String reason) {
    var own = owner;
    close();
    if (own != null) {
      own.upstreamFailed(reason);
    }
  }

  /// The attempt is over and was whole: back into the pool.
  ///
  /// @param keepAliveSeconds what the upstream promises, or -1
  public void rest(long keepAliveSeconds) {
    owner = null;
    inBody = false;
    endPending = false;
    bytesRead = 0;
    if (paused) {
      paused = false;
      channel().config().setAutoRead(true);
    }
    if (!usable() || held != null) {
      close();
      return;
    }
    long nanos = REST_NANOS;
    if (keepAliveSeconds >= 0) {
      nanos = Math.min(nanos, keepAliveSeconds * 1_000_000_000L - 500_000_000L);
    }
    if (nanos <= 0) {
      close();
      return;
    }
    loop.deadlines().set(deadline, loop.now() + nanos);
    pool.put(this);
  }

  /// Ends the connection; its owner is not told.
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    owner = null;
    if (held != null) {
      held.release();
      held = null;
    }
    loop.deadlines().remove(deadline);
    pool.remove(this);
    pool.closed();
    loop.gauges().upstream(-1);
    if (channel != null) {
      ChannelFuture ignored = channel.close();
    }
  }
}
