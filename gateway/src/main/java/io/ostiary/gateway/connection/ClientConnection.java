package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.ostiary.gateway.exchange.Bans;
import io.ostiary.gateway.exchange.Call;
import io.ostiary.gateway.exchange.ClientLink;
import io.ostiary.gateway.exchange.ClientSide;
import io.ostiary.gateway.loop.Deadline;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.wire.Buffers;
import io.ostiary.gateway.wire.Frame;
import io.ostiary.gateway.wire.HeadFault;
import io.ostiary.gateway.wire.RequestHead.Progress;
import io.ostiary.model.Ending;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One connection of a client over HTTP/1.x: finds requests in the bytes, hands each to a [Call].
///
/// Bytes that nobody can take yet stay in `held`, and while there are any, nothing more is read:
/// that is what bounds pipelining and pushes back on a fast sender. Confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
final class ClientConnection extends ChannelInboundHandlerAdapter
    implements ClientSide, OpenConnection {
  private enum State {
    /// A trusted proxy says for whom it speaks.
    PROXY,
    /// The handshake of TLS; the bytes are others'.
    TLS,
    /// Between two requests.
    IDLE,
    HEAD,
    /// A call is running; it says whether it takes content.
    CALL,
    /// The answer is out and the client should go; what it still sends is thrown away.
    LEAVING,
    /// The client speaks HTTP/2; an [Http2Connection] goes on.
    HANDED_OVER,
    CLOSED
  }

  /// So long a client that has ended its side is waited for until its answer begins.
  private static final long HALF_CLOSED_NANOS = 10_000_000_000L;

  private final Loop loop;
  private final CallPool calls;
  private final ClientLink link;
  private final Channel channel;
  private final Deadline deadline = new Deadline(this::expired);
  private final Deadline halfClosed = new Deadline(this::halfClosedLong);
  private final Bans acceptedUnder;
  private final @Nullable Credentials credentials;
  private State state = State.IDLE;
  private @Nullable ProxyHeader proxyHeader;
  private @Nullable Call call;
  private @Nullable ByteBuf held;
  private String timeoutReason = "";
  private boolean processing;
  private boolean reading = true;
  private boolean inputEnded;
  private int requestNumber;
  private int leftBytes;

  /// @param credentials null: the connection is not encrypted
  ClientConnection(CallPool calls, ClientLink link, @Nullable Credentials credentials) {
    this.calls = calls;
    this.link = link;
    this.credentials = credentials;
    loop = link.loop();
    channel = link.channel();
    acceptedUnder = calls.plan().bans(); // Not the plan: a connection may outlive many of them.
    if (CallPool.namesClient(calls.plan(), link.listener(), link.peer().bytes())) {
      state = State.PROXY;
      proxyHeader = new ProxyHeader();
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    loop.gauges().accepted();
    calls.opened(this);
    timeout(calls.plan().waits().head(), "idle");
    if (state == State.IDLE) {
      beginTls();
    }
  }

  private void beginTls() {
    if (credentials != null) {
      state = State.TLS;
      channel.pipeline().addFirst(credentials.handler(channel.alloc()));
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    var in = (ByteBuf) message;
    loop.refresh();
    if (held != null) {
      held = Buffers.join(channel.alloc(), held, in);
      return;
    }
    process(in);
  }

  private void process(ByteBuf in) {
    processing = true;
    try {
      boolean taken = true;
      while (taken && in.isReadable()) {
        taken = step(in);
      }
    } finally {
      processing = false;
      if (state == State.HANDED_OVER) {
        handOver(call == null ? Frame.PREFACE_HEAD_BYTES : 0, in);
      } else if (state == State.TLS) {
        // What followed a proxy's header in one read; it comes back decrypted.
        channel.pipeline().fireChannelRead(in);
      } else if (in.isReadable() && state != State.CLOSED) {
        held = in;
        read(false);
      } else {
        in.release();
      }
    }
    if (held == null && !over()) {
      read(true);
      endIfNothingFollows();
    }
  }

  private boolean over() {
    return state == State.CLOSED || state == State.HANDED_OVER;
  }

  private void handOver(int prefaceRead, ByteBuf rest) {
    loop.deadlines().remove(deadline);
    loop.deadlines().remove(halfClosed);
    read(true);
    calls.handedOver(this);
    var first = call;
    call = null;
    new Http2Connection(calls, link, prefaceRead).takeOver(this, first, rest);
  }

  /// Whether bytes were taken.
  private boolean step(ByteBuf in) {
    switch (state) {
      case PROXY -> readProxyHeader(in);
      case IDLE -> beginCall();
      case HEAD -> readHead(in);
      case CALL -> {
        var running = Objects.requireNonNull(call);
        if (!running.takesContent()) {
          return false;
        }
        int before = in.readerIndex();
        running.content(in);
        limitBody();
        return in.readerIndex() != before || state != State.CALL;
      }
      case TLS, HANDED_OVER -> {
        return false;
      }
      case LEAVING, CLOSED -> leave(in);
    }
    return true;
  }

  private void readProxyHeader(ByteBuf in) {
    var header = Objects.requireNonNull(proxyHeader);
    switch (header.read(in)) {
      case MORE -> {}
      case COMPLETE -> {
        link.speaksFor(header.speaker(link.peer()));
        state = State.IDLE;
        beginTls();
      }
      case FAULTY -> {
        calls.refusedProxy(link.listener(), link.peer(), header.fault());
        close();
      }
    }
  }

  private void beginCall() {
    if (calls.plan().bans() != acceptedUnder && cutIfBanned()) {
      return;
    }
    state = State.HEAD;
    requestNumber++;
    var begun = calls.take();
    call = begun;
    begun.begin(this, calls.plan(), calls.loops());
    timeout(calls.plan().waits().head(), "head-timeout");
  }

  @Override
  public boolean cutIfBanned() {
    if (over() || !calls.banned(link.peer().bytes())) {
      return false;
    }
    loop.gauges().banned();
    gone(BANNED);
    return true;
  }

  private void readHead(ByteBuf in) {
    var begun = Objects.requireNonNull(call);
    int before = in.readerIndex();
    var progress = begun.requestHead().read(in);
    begun.countRequestBytes(in.readerIndex() - before);
    if (progress == Progress.MORE) {
      return;
    }
    if (progress == Progress.COMPLETE && requestNumber == 1 && handsOver(begun)) {
      state = State.HANDED_OVER;
      return;
    }
    state = State.CALL;
    deadline.clear();
    if (begun.requestHead().preface()) {
      begun.refuse(HeadFault.VERSION);
    } else if (progress == Progress.FAULTY) {
      begun.refuse(begun.requestHead().fault());
    } else {
      begun.headRead();
    }
  }

  /// Whether HTTP/2 is spoken from here on: it begins with it, or offers it in its first request.
  private boolean handsOver(Call begun) {
    if (begun.requestHead().preface()) {
      call = null;
      begun.withdraw();
      calls.give(begun);
      return true;
    }
    return !link.secure() && begun.requestHead().http2Settings() != null;
  }

  private void leave(ByteBuf in) {
    leftBytes += in.readableBytes();
    in.skipBytes(in.readableBytes());
    if (leftBytes > LEAVE_BYTES_MAX) {
      close();
    }
  }

  private void read(boolean on) {
    // Behind the end, epoll and NIO would call that broken.
    if (reading != on && !(on && inputEnded)) {
      reading = on;
      channel.config().setAutoRead(on);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (call != null) {
      call.contentReadComplete();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (call != null) {
      loop.refresh();
      call.clientWritable(channel.isWritable());
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE || event == SslCloseCompletionEvent.SUCCESS) {
      loop.refresh();
      inputEnded = true;
      endIfNothingFollows();
    } else if (event instanceof SslHandshakeCompletionEvent shaken) {
      loop.refresh();
      secured(shaken);
    }
  }

  private void secured(SslHandshakeCompletionEvent shaken) {
    var session = state == State.TLS && shaken.isSuccess() ? Handshake.of(channel) : null;
    if (session == null) {
      loop.gauges().handshakeFailed();
      close();
      return;
    }
    loop.gauges().handshake();
    link.secured(session.clientCertificate());
    state = State.IDLE;
    timeout(calls.plan().waits().head(), "idle");
    if (session.http2()) {
      state = State.HANDED_OVER;
      handOver(0, Unpooled.EMPTY_BUFFER);
    }
  }

  /// The client has ended its side (RFC 9112 section 9.6). Requests that are complete are answered;
  /// what is not will never be.
  private void endIfNothingFollows() {
    if (!inputEnded || held != null || processing) {
      return;
    }
    switch (state) {
      case PROXY, TLS, IDLE, LEAVING -> close();
      case HEAD -> gone(LEFT);
      case CALL -> {
        var running = Objects.requireNonNull(call);
        if (running.tunnelling()) {
          running.clientEnded();
        } else if (running.requestComplete() || running.answerWritten()) {
          loop.deadlines().set(halfClosed, loop.now() + HALF_CLOSED_NANOS);
        } else {
          gone(LEFT);
        }
      }
      case HANDED_OVER, CLOSED -> {}
    }
  }

  private void halfClosedLong() {
    if (call != null && !call.answering()) {
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

  private void gone(Ending ending) {
    loop.refresh();
    if (call != null) {
      call.abort(ending);
    }
    close();
  }

  private void expired() {
    loop.refresh();
    if (call == null) {
      close();
      return;
    }
    state = State.CALL;
    call.timedOut(timeoutReason);
  }

  void close() {
    if (over()) {
      return;
    }
    state = State.CLOSED;
    loop.deadlines().remove(deadline);
    loop.deadlines().remove(halfClosed);
    if (held != null) {
      held.release();
      held = null;
    }
    loop.gauges().closed();
    calls.closed(this);
    channel.close();
  }

  @Override
  public void drain() {
    if (state == State.IDLE && requestNumber > 0) {
      leave(); // A request that crosses a close is answered with a reset.
    } else if (state == State.IDLE || state == State.PROXY || state == State.TLS) {
      timeout(LEAVE_NANOS, "idle"); // Accepted, so owed an answer, which says it is the last.
    }
  }

  @Override
  public void cut() {
    gone(new Ending.GatewayFailed("drain-timeout"));
  }

  @Override
  public void bodyWanted() {
    limitBody();
    if (processing) {
      return;
    }
    var rest = held;
    held = null;
    if (rest != null) {
      process(rest);
      if (call != null) {
        call.contentReadComplete();
      }
    } else {
      read(true);
      if (call != null && call.tunnelling()) {
        endIfNothingFollows();
      }
    }
  }

  /// The client is waited for only while content is wanted of it. A tunnel has a limit of its own.
  private void limitBody() {
    if (state == State.CALL && call != null && call.takesContent() && !call.tunnelling()) {
      timeout(calls.plan().waits().body(), "body-timeout");
    } else if (timeoutReason.equals("body-timeout")) {
      deadline.clear();
    }
  }

  @Override
  public void endOutput() {
    Handshake.endOutput(channel);
  }

  @Override
  public void ended(Call over, boolean reuse) {
    boolean answered = over.answered();
    call = null;
    halfClosed.clear();
    calls.give(over);
    if (state == State.CLOSED) {
      return;
    }
    if (!reuse && channel.isActive() && answered) {
      leave();
      return;
    }
    if (!reuse || (held == null && (inputEnded || (calls.draining() && !calls.leaving())))) {
      close();
      return;
    }
    state = State.IDLE;
    timeout(calls.plan().waits().idle(), "idle");
    var rest = held;
    if (!processing && rest != null) {
      held = null;
      process(rest);
    }
  }

  private void leave() {
    if (inputEnded) {
      close();
      return;
    }
    state = State.LEAVING;
    leftBytes = 0;
    timeout(LEAVE_NANOS, "leave");
    endOutput();
    var rest = held;
    held = null;
    if (rest != null) {
      rest.release();
    }
    read(true);
  }

  @Override
  public void timeout(long nanos, String reason) {
    timeoutReason = reason;
    loop.deadlines().set(deadline, loop.now() + nanos);
  }

  @Override
  public void noTimeout() {
    deadline.clear();
  }

  @Override
  public ClientLink link() {
    return link;
  }

  @Override
  public int requestNumber() {
    return requestNumber;
  }

  @Override
  public boolean draining() {
    return calls.lastOn(link) || (inputEnded && held == null);
  }
}
