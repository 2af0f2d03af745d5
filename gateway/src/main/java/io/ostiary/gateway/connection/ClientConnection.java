package io.ostiary.gateway.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.ostiary.gateway.exchange.Call;
import io.ostiary.gateway.exchange.ClientLink;
import io.ostiary.gateway.exchange.ClientSide;
import io.ostiary.gateway.exchange.Plan;
import io.ostiary.gateway.loop.Deadline;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.wire.Buffers;
import io.ostiary.gateway.wire.RequestHead.Progress;
import io.ostiary.model.Ending;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One connection of a client, over HTTP/1.x: it finds the requests in the bytes, and hands one
/// after the other to a [Call].
///
/// Bytes that nobody can take yet stay in `held`, and while there are any, nothing more is read:
/// that is what bounds pipelining and pushes back on a fast sender. Confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
final class ClientConnection extends ChannelInboundHandlerAdapter implements ClientSide {
  private enum State {
    /// A trusted proxy says for whom it speaks.
    PROXY,
    /// Between two requests.
    IDLE,
    HEAD,
    /// A call is running; it says whether it takes content.
    CALL,
    /// The answer is out and the client should go; what it still sends is thrown away, so that it
    /// can read the answer before a reset reaches it.
    LEAVING,
    CLOSED
  }

  private static final long LEAVE_NANOS = 2_000_000_000L;
  private static final int LEAVE_BYTES_MAX = 1024 * 1024;

  /// So long a client that has ended its side is waited for until its answer begins: it may be gone
  /// altogether, which TCP does not tell before something is written.
  private static final long HALF_CLOSED_NANOS = 10_000_000_000L;

  private static final Ending BANNED = new Ending.KernelFailed("banned");
  private static final Ending LEFT = new Ending.ClientFailed("client-left");

  private final Loop loop;
  private final CallPool calls;
  private final ClientLink link;
  private final Channel channel;
  private final Deadline deadline = new Deadline(this::expired);
  private final Deadline halfClosed = new Deadline(this::halfClosedLong);
  private final Plan acceptedUnder;
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

  ClientConnection(CallPool calls, ClientLink link) {
    this.calls = calls;
    this.link = link;
    loop = link.loop();
    channel = link.channel();
    acceptedUnder = calls.plan();
    if (CallPool.namesClient(acceptedUnder, link.listener(), link.peer().bytes())) {
      state = State.PROXY;
      proxyHeader = new ProxyHeader();
    }
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    loop.gauges().accepted();
    calls.opened(this);
    timeout(calls.plan().waits().head(), "idle");
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

  /// Goes through the bytes as far as anybody takes them, and keeps the rest.
  private void process(ByteBuf in) {
    processing = true;
    try {
      boolean taken = true;
      while (taken && in.isReadable()) {
        taken = step(in);
      }
    } finally {
      processing = false;
      if (in.isReadable() && state != State.CLOSED) {
        held = in;
        read(false);
      } else {
        in.release();
      }
    }
    if (held == null && state != State.CLOSED) {
      read(true);
      endIfNothingFollows();
    }
  }

  /// Whether bytes were taken.
  private boolean step(ByteBuf in) {
    switch (state) {
      case PROXY -> readProxyHeader(in);
      case IDLE -> beginCall();
      case HEAD -> readHead(in);
      case CALL -> {
        var running = running();
        if (!running.takesContent()) {
          return false;
        }
        int before = in.readerIndex();
        running.content(in);
        limitBody();
        return in.readerIndex() != before || state != State.CALL;
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
      }
      case FAULTY -> {
        calls.refusedProxy(link.listener(), link.peer(), header.fault());
        close();
      }
    }
  }

  private void beginCall() {
    if (calls.plan() != acceptedUnder && cutIfBanned()) {
      return;
    }
    state = State.HEAD;
    requestNumber++;
    var begun = calls.take();
    call = begun;
    begun.begin(this, calls.plan(), calls.loops());
    timeout(calls.plan().waits().head(), "head-timeout");
  }

  /// Whether the bans refuse the very source of the packets; then nothing is answered.
  boolean cutIfBanned() {
    if (state == State.CLOSED || !calls.banned(link.peer().bytes())) {
      return false;
    }
    loop.gauges().banned();
    gone(BANNED);
    return true;
  }

  private Call running() {
    return Objects.requireNonNull(call);
  }

  private void readHead(ByteBuf in) {
    var begun = running();
    int before = in.readerIndex();
    var progress = begun.requestHead().read(in);
    begun.countRequestBytes(in.readerIndex() - before);
    if (progress == Progress.MORE) {
      return;
    }
    state = State.CALL;
    deadline.clear();
    if (progress == Progress.FAULTY) {
      begun.refuse(begun.requestHead().fault());
    } else {
      begun.headRead();
    }
  }

  private void leave(ByteBuf in) {
    leftBytes += in.readableBytes();
    in.skipBytes(in.readableBytes());
    if (leftBytes > LEAVE_BYTES_MAX) {
      close();
    }
  }

  private void read(boolean on) {
    // Asked to read on behind the end, epoll and NIO would call the connection broken.
    if (reading != on && !(on && inputEnded)) {
      reading = on;
      channel.config().setAutoRead(on);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    var running = call;
    if (running != null) {
      running.contentReadComplete();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    var running = call;
    if (running != null) {
      loop.refresh();
      running.clientWritable(channel.isWritable());
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      loop.refresh();
      inputEnded = true;
      endIfNothingFollows();
    }
  }

  /// The client has ended its side (RFC 9112 section 9.6). Requests that are complete are answered;
  /// what is not will never be.
  private void endIfNothingFollows() {
    if (!inputEnded || held != null || processing) {
      return;
    }
    switch (state) {
      case PROXY, IDLE, LEAVING -> close();
      case HEAD -> gone(LEFT);
      case CALL -> {
        if (running().tunnelling()) {
          running().clientEnded();
        } else if (running().requestComplete() || running().answerWritten()) {
          loop.deadlines().set(halfClosed, loop.now() + HALF_CLOSED_NANOS);
        } else {
          gone(LEFT);
        }
      }
      case CLOSED -> {}
    }
  }

  private void halfClosedLong() {
    var running = call;
    if (running != null && !running.answering()) {
      gone(LEFT);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    gone(LEFT);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof java.io.IOException)) {
      System.getLogger("io.ostiary.gateway")
          .log(System.Logger.Level.ERROR, "a client connection failed", cause);
    }
    gone(
        cause instanceof java.io.IOException
            ? new Ending.ClientFailed("client-reset")
            : new Ending.GatewayFailed("internal"));
  }

  private void gone(Ending ending) {
    loop.refresh();
    var running = call;
    if (running != null) {
      running.abort(ending);
    }
    close();
  }

  private void expired() {
    loop.refresh();
    var running = call;
    if (running == null) {
      close();
      return;
    }
    state = State.CALL;
    running.timedOut(timeoutReason);
  }

  void close() {
    if (state == State.CLOSED) {
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

  /// The gateway ends: at rest it closes now, else after its call.
  void drain() {
    if (state == State.IDLE || state == State.PROXY) {
      close();
    }
  }

  /// The time for draining is over.
  void cut() {
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

  /// A tunnel has a limit of its own, for both directions together.
  private void limitBody() {
    var running = call;
    if (state == State.CALL && running != null && running.takesContent() && !running.tunnelling()) {
      timeout(calls.plan().waits().body(), "body-timeout");
    }
  }

  @Override
  public void endOutput() {
    ((DuplexChannel) channel).shutdownOutput();
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
    if (!reuse) {
      if (!channel.isActive() || !answered) {
        close();
        return;
      }
      leave();
      return;
    }
    if (draining() && held == null) {
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
    return calls.draining() || (inputEnded && held == null);
  }
}
