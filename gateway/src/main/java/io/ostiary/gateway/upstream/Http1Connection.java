package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.wire.BodyDecoder;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.RequestHead.Progress;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.ConnectionMark;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/// One connection of HTTP/1.1 to a target: it carries one attempt at a time and rests in its pool
/// between two. Data that comes while nobody owns it closes it. Confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is still the same owner is the question.
public final class Http1Connection extends UpstreamConnection implements Connector.Waiting {
  /// A resting connection is closed before most servers' own limit of 60 s or more; a server with a
  /// shorter one says so in Keep-Alive or costs a retry.
  static final long REST_NANOS = 55_000_000_000L;

  private final EndpointPool pool;
  private final Wiring wiring;
  private final @Nullable Object secrets;
  private final BodyDecoder body = new BodyDecoder();
  private final ConnectionMark mark = new ConnectionMark();
  private final long openedNanos;
  private @Nullable Connector connector;
  private @Nullable Channel channel;
  private @Nullable ByteBuf held;
  private boolean heldIsCopy;
  private boolean endPending;
  private boolean ready;
  private boolean paused;
  private boolean inBody;
  private boolean untilClose;
  private boolean tunnel;
  private boolean inputEnded;
  private boolean saidItsEnd;
  private boolean gone;
  private boolean closed;
  private long cookie;

  Http1Connection(Loop loop, Endpoint endpoint, Wiring wiring) {
    super(loop, endpoint);
    this.pool = endpoint.pool(loop);
    this.wiring = wiring;
    secrets = wiring.secrets();
    openedNanos = loop.now();
  }

  /// Takes a resting connection for another attempt; false: it cannot be used, and is closed.
  boolean takenBy(StreamOwner next, Wiring wanted) {
    if (!usable() || !wiring.same(wanted) || secrets != wanted.secrets()) {
      close();
      return false;
    }
    owner = next;
    reused = true;
    noTimeout();
    return true;
  }

  private boolean usable() {
    return channel != null && channel.isActive() && !closed;
  }

  void connect(SocketAddress address, long connectNanos, StreamOwner of) {
    owner = of;
    pool.opened();
    loop.gauges().upstream(1);
    timeout(connectNanos, "connect-timeout");
    var header = wiring.proxyHeader(of);
    var made = Connector.start(loop, wiring, endpoint.target(), true, address, header, this);
    connector = made;
    channel = made.channel();
    cookie = made.cookie();
    mark.begin(cookie);
  }

  /// Takes over a connection that was meant for HTTP/2 and turned out not to speak it.
  void adopt(Connector made, ConnectionMark its, StreamOwner of) {
    owner = of;
    connector = made;
    channel = made.channel();
    cookie = made.cookie();
    mark.copyFrom(its);
    connected(false);
  }

  @Override
  public void connected(boolean http2) {
    var own = owner;
    if (own == null || closed) {
      close();
      return;
    }
    channel().pipeline().addLast(new Reader());
    ready = true;
    noTimeout();
    own.connected();
  }

  @Override
  public void notConnected(String reason) {
    fail(reason);
  }

  @Override
  void expired(String reason) {
    if (owner == null) {
      close();
      return;
    }
    fail(reason);
  }

  @Override
  public void frame(ResponseHead head, boolean bodiless, int bytesMax, int fieldsMax) {
    inBody = true;
    untilClose = false;
    if (bodiless) {
      body.none();
    } else if (head.chunked()) {
      body.chunked(bytesMax, fieldsMax);
    } else if (head.contentLength() >= 0) {
      body.length(head.contentLength());
    } else {
      untilClose = true;
      body.untilClose();
    }
  }

  @Override
  public long contentBytes() {
    return body.contentBytes();
  }

  @Override
  public @Nullable Fields trailers() {
    return body.hasTrailers() ? body.trailers() : null;
  }

  @Override
  public void tunnel() {
    inBody = true;
    tunnel = true;
    body.untilClose();
    channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
  }

  @Override
  public void endOutput(Runnable told) {
    channel()
        .writeAndFlush(NOTHING)
        .addListener(written -> {
          if (written.isSuccess() && !closed && channel instanceof DuplexChannel duplex) {
            duplex.shutdownOutput();
            told.run();
          }
        });
  }

  /// The other side of the tunnel has ended; what is held goes first.
  private void endInput() {
    var own = owner;
    if (inputEnded && held == null && !paused && own != null && !body.complete()) {
      body.connectionEnded();
      own.responseBody(NOTHING, 0, 0, true);
    }
  }

  @Override
  public void anotherHead() {
    inBody = false;
  }

  @Override
  public boolean writable() {
    return channel().isWritable();
  }

  /// Also of one that the upstream has closed while its last bytes wait for the client.
  @Override
  public boolean established() {
    return ready && !closed;
  }

  @Override
  public long cookie() {
    return cookie;
  }

  @Override
  public ConnectionMark mark() {
    return mark;
  }

  public Channel channel() {
    return java.util.Objects.requireNonNull(channel);
  }

  @Override
  public void pause() {
    if (!paused) {
      paused = true;
      channel().config().setAutoRead(false);
    }
  }

  @Override
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
    if (paused || closed) {
      return;
    }
    var own = owner;
    if (gone && own != null) {
      ended(own);
    } else if (!inputEnded) {
      channel().config().setAutoRead(true);
    }
  }

  /// Takes what the connection brings.
  private final class Reader extends ChannelInboundHandlerAdapter {
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
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (event == ChannelInputShutdownEvent.INSTANCE && tunnel) {
        loop.refresh();
        inputEnded = true;
        endInput();
      } else if (event == SslCloseCompletionEvent.SUCCESS) {
        loop.refresh();
        saidItsEnd = true;
        nothingFollows();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      loop.refresh();
      nothingFollows();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      loop.refresh();
      fail(Connector.reason(cause));
    }
  }

  /// The upstream's side of the connection is over, by its word or because it is gone.
  private void nothingFollows() {
    if (gone) {
      return;
    }
    gone = true;
    var own = owner;
    if (own == null) {
      close();
    } else if (!paused) {
      ended(own);
    }
    // Else the client is slower than the upstream: what was read before the end goes first.
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
      own.responseBody(NOTHING, 0, 0, true);
    }
  }

  private void ended(StreamOwner own) {
    if (tunnel) {
      inputEnded = true;
      endInput();
      fail("reset");
      return;
    }
    // Whoever cuts a connection cannot say in TLS that its content is over, so that content which
    // ends with it has been cut unless the upstream said so (RFC 9112 section 9.8).
    boolean whole = saidItsEnd || !wiring.encrypted();
    if (inBody && body.endsWithConnection() && whole) {
      body.connectionEnded();
      own.responseBody(NOTHING, 0, 0, true);
      return;
    }
    boolean begun = inBody || own.headBegun();
    fail(begun ? "truncated-response" : "closed-before-response");
  }

  @Override
  public void done(ResponseHead head, boolean sent, boolean odd) {
    boolean rests =
        head.keepAlive()
            && sent
            && !odd
            && !untilClose
            && !wiring.forOneClient()
            && !wiring.aged(openedNanos, loop.now());
    owner = null;
    inBody = false;
    endPending = false;
    bytesRead = 0;
    if (paused) {
      paused = false;
      channel().config().setAutoRead(true);
    }
    long seconds = head.keepAliveSeconds();
    long nanos = REST_NANOS;
    if (seconds >= 0) {
      nanos = Math.min(nanos, seconds * 1_000_000_000L - 500_000_000L);
    }
    if (!rests || !usable() || held != null || nanos <= 0) {
      close();
      return;
    }
    timeout(nanos, "rest");
    pool.put(this);
  }

  @Override
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
    removeTimeout();
    pool.remove(this);
    pool.closed();
    loop.gauges().upstream(-1);
    if (connector != null) {
      connector.close();
    }
  }
}
