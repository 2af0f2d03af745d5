package io.ostiary.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.ostiary.gateway.loop.Dial;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.Target;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/// The beginning of one connection to a target: TCP or a Unix socket, the header of the PROXY
/// protocol, TLS. When it stands, whoever waits for it puts a handler of his own into the pipeline.
/// It has no limit of its own: whoever waits has. Confined to its event loop.
final class Connector extends ChannelInboundHandlerAdapter {
  /// Who needs the connection. Told once, and never before [#start] has returned.
  interface Waiting {
    /// @param http2 whether the target agreed to HTTP/2
    void connected(boolean http2);

    /// @param reason a stable word
    void notConnected(String reason);
  }

  private static final WriteBufferWaterMark MARKS = new WriteBufferWaterMark(32 * 1024, 128 * 1024);

  /// Fixed, so that the kernel does not let an upstream run megabytes ahead of a slow client.
  private static final int RECEIVE_BYTES = 256 * 1024;

  /// Large answers are read in large pieces: each piece costs an entry in the ring to read it and
  /// one to write it, 10 us together.
  private static final RecvByteBufAllocator READS =
      new AdaptiveRecvByteBufAllocator(64, 2048, 128 * 1024);

  private final Loop loop;
  private final Wiring wiring;
  private final Target target;
  private final boolean text;
  private final @Nullable ByteBuf header;
  private @Nullable Channel channel;
  private @Nullable Waiting waiting;
  private @Nullable SslHandler tls;
  private long cookie;

  private Connector(
      Loop loop,
      Wiring wiring,
      Target target,
      boolean text,
      SocketAddress address,
      @Nullable ByteBuf header,
      Waiting waiting) {
    this.loop = loop;
    this.wiring = wiring;
    this.target = target;
    this.text = text;
    this.header = header;
    this.waiting = waiting;
    try {
      channel = opened(address);
      if (address instanceof InetSocketAddress) {
        // Before it is established, so that a handshake that fails leaves its facts too.
        cookie = loop.cookie(channel);
      }
      Dial.connect(loop, channel, address, this::connectDone);
    } catch (ChannelException e) {
      // The process may open no more. Told later, so that nobody is told before he has this.
      loop.eventLoop().execute(() -> connectDone(e));
    }
  }

  private Channel opened(SocketAddress address) {
    var made = Dial.open(loop, address, this);
    if (address instanceof InetSocketAddress) {
      made.config().setOption(ChannelOption.TCP_NODELAY, true);
    }
    made.config().setWriteBufferWaterMark(MARKS);
    if (text) {
      made.config().setOption(ChannelOption.SO_RCVBUF, RECEIVE_BYTES);
      made.config().setRecvByteBufAllocator(READS);
    }
    return made;
  }

  /// @param text whether only HTTP/1.1 will do
  /// @param header what the connection begins with; null: nothing
  static Connector start(
      Loop loop,
      Wiring wiring,
      Target target,
      boolean text,
      SocketAddress address,
      @Nullable ByteBuf header,
      Waiting waiting) {
    return new Connector(loop, wiring, target, text, address, header, waiting);
  }

  /// Null: no socket could be opened, which whoever waits is about to be told.
  @Nullable Channel channel() {
    return channel;
  }

  /// The kernel's name of the connection, 0: none.
  long cookie() {
    return cookie;
  }

  /// Nobody waits any more, and nobody needs the connection.
  void close() {
    waiting = null;
    if (channel != null) {
      Dial.close(channel);
    }
  }

  private void connectDone(@Nullable Throwable failed) {
    loop.refresh();
    var stands = channel;
    if (failed != null || stands == null) {
      ReferenceCountUtil.release(header);
      fail(failed == null ? "connect-failed" : Refused.word(target, failed));
      return;
    }
    if (header != null) {
      stands.writeAndFlush(header);
    }
    var handler = wiring.handler(stands, target, text);
    if (handler == null) {
      ready(stands, !text);
      return;
    }
    tls = handler;
    stands.pipeline().addFirst(handler);
  }

  private void ready(Channel stands, boolean http2) {
    var told = waiting;
    waiting = null;
    stands.pipeline().remove(this);
    if (told == null) {
      stands.close();
    } else {
      told.connected(http2);
    }
  }

  private void fail(String reason) {
    var told = waiting;
    close();
    if (told != null) {
      told.notConnected(reason);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (!(event instanceof SslHandshakeCompletionEvent done) || tls == null) {
      return;
    }
    loop.refresh();
    if (!done.isSuccess()) {
      fail(TlsFailure.reason(done.cause()));
      return;
    }
    boolean http2 = "h2".equals(tls.applicationProtocol());
    if (http2 || text || wiring.mayTurnOutText()) {
      ready(context.channel(), http2);
    } else {
      fail("tls-alpn");
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    // Nothing can come before we have asked.
    ReferenceCountUtil.release(message);
    fail("malformed-response");
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    loop.refresh();
    fail(tls == null ? "connect-failed" : "tls-closed");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    loop.refresh();
    fail(reason(cause));
  }

  /// What an exception on a connection to a target is to its calls.
  static String reason(Throwable cause) {
    if (TlsFailure.is(cause)) {
      return TlsFailure.reason(cause);
    }
    if (cause instanceof java.io.IOException) {
      return "reset";
    }
    System.getLogger("io.ostiary.gateway")
        .log(System.Logger.Level.ERROR, "an upstream connection failed", cause);
    return "internal";
  }
}
