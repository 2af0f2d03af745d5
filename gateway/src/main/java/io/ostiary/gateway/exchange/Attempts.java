package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.upstream.Endpoint;
import io.ostiary.gateway.upstream.StreamOwner;
import io.ostiary.gateway.upstream.UpstreamConnection;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.LedgerEntry.Why;
import io.ostiary.model.LedgerSlot;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// The attempts of one exchange to get an answer: what is said to a target, and what comes of it.
/// When one begins and at whom is decided by [Turns], what is tried again by [Retry], and when a
/// second one is made beside the first by [Hedge].
///
/// The hard part is that anything may end an attempt at any moment: the upstream, the client, a
/// time-out, a filter, the other attempt of a hedge. What keeps it right:
///
/// * At most one attempt counts, the one in `connection`, `endpoint` and `slot`; the three are set
///   together in [#attempt] and let go together in [#endAttempt]. A hedge holds its own until it
///   wins, and then [#replace] puts them here.
/// * `connection` is null from the moment an attempt is over, before anybody else is told. Whoever
///   is called back late finds that out and does nothing.
/// * A repeat is decided after the failed attempt was let go, by what had been sent of it and by
///   whether its content is still at hand ([#repeatable]), never by what its upstream said.
///
/// Reused with its call; confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
final class Attempts implements StreamOwner {
  private static final int INTERIM_MAX = 16;
  private static final HeaderName GRPC_STATUS = HeaderName.of("grpc-status");

  private final Call call;
  private final RequestWriter writer;
  private final Framing framing;
  private final Turns turns;
  private final Hedge hedge;
  private LedgerSlot.@Nullable AttemptSlot slot;
  private @Nullable UpstreamConnection connection;
  private @Nullable Endpoint endpoint;
  private int interims;
  private boolean sent;
  private boolean contentSent;

  Attempts(Call call) {
    this.call = call;
    writer = new RequestWriter(call);
    framing = new Framing(call);
    turns = new Turns(call, this);
    hedge = new Hedge(call, this, turns);
  }

  void begin() {
    turns.begin();
    slot = null;
    endpoint = null;
  }

  void start() {
    turns.start();
  }

  /// @param number how many there were before it
  void attempt(UpstreamHandle handle, Endpoint chosen, Why why, int number, boolean fresh) {
    interims = 0;
    sent = false;
    contentSent = false;
    endpoint = chosen;
    call.trace().attempt(call.callId(), number);
    slot = call.times().attempt(handle.upstream(), chosen, why);
    call.answer()
        .head()
        .start(call.terms().settings().headBytesMax(), call.terms().settings().headFieldsMax());
    chosen.began();
    var acquired = UpstreamConnection.acquire(call.loop(), handle, chosen, this, fresh);
    if (acquired == null) {
      var reason = chosen.healthy(call.loop().now()) ? "connections-max" : "unresolved";
      endAttempt(reason);
      turns.failed(chosen, reason, true, false);
      return;
    }
    connection = acquired;
    if (acquired.established()) {
      connected();
    } else if (handle.perTryNanos() > 0) {
      turns.limit(acquired, slot(), handle.connectNanos(), "connect-timeout");
    }
  }

  private void endAttempt(String failure) {
    var ended = endpoint;
    var mine = slot;
    endpoint = null;
    slot = null;
    if (mine != null) {
      mine.failure = failure;
      mine.lastByteNanos = call.loop().now();
    }
    turns.giveBack();
    if (ended != null) {
      ended.ended();
      upstream().gate().line().freed(call.loop());
    }
  }

  /// Whose answer is awaited, or null.
  @Nullable Endpoint endpoint() {
    return endpoint;
  }

  /// Whether the answer has begun.
  boolean answering() {
    return call.answer().head().begun();
  }

  /// Another attempt is answered first: it takes the place of the one that runs, if any.
  void replace(UpstreamConnection by, Endpoint at, LedgerSlot.AttemptSlot with) {
    var from = connection;
    if (from != null) {
      connection = null;
      call.times().upstreamEnded(from, slot);
      from.close();
      writer.drop();
    }
    endAttempt("given-up");
    connection = by;
    endpoint = at;
    slot = call.times().last(with);
    turns.keepsPlace();
    interims = 0;
    sent = true;
    call.answer()
        .head()
        .start(call.terms().settings().headBytesMax(), call.terms().settings().headFieldsMax());
  }

  /// The attempt beside this one failed.
  void hedgeFailed(String reason) {
    if (connection == null && endpoint == null && !turns.pending()) {
      call.upstreamFailed(reason);
    }
  }

  private UpstreamHandle upstream() {
    return turns.upstream();
  }

  private LedgerSlot.AttemptSlot slot() {
    return java.util.Objects.requireNonNull(slot);
  }

  private UpstreamConnection connection() {
    return java.util.Objects.requireNonNull(connection);
  }

  @Override
  public boolean wantsTunnel() {
    return call.tunnel().offered() != null;
  }

  @Override
  public InetSocketAddress client() {
    return new InetSocketAddress(call.client(), call.caller().port());
  }

  @Override
  public @Nullable InetSocketAddress clientTarget() {
    // A Unix socket has no address that could be told.
    return call.clientSide().channel().localAddress() instanceof InetSocketAddress at ? at : null;
  }

  @Override
  public void moved(UpstreamConnection to) {
    connection = to;
  }

  @Override
  public void connected() {
    var to = connection();
    slot().reused = to.reused();
    slot().connectedNanos = call.loop().now();
    contentSent = call.requestBody().kept().begun();
    if (writer.begin(to)) {
      requestSent();
    } else {
      // The head goes at once where the client waits for a word before it sends more.
      if (writer.expectForwarded()) {
        writer.flush();
        turns.limit(to, slot(), turns.answerNanos(), "answer-timeout");
      }
      call.requestBody().forward();
    }
  }

  boolean takesContent() {
    var to = connection;
    return to != null && to.established() && to.writable();
  }

  void content(ByteBuf in, int start, int length, boolean last) {
    var to = connection;
    boolean tunnel = call.tunnel().open();
    if (!tunnel) {
      boolean wanted = to == null || Retry.mayRepeat(call, upstream(), to);
      call.requestBody().kept().add(in, start, length, wanted);
    }
    if (to == null || !to.established()) {
      return; // The next attempt sends it, behind what was sent before.
    }
    contentSent |= length > 0;
    writer.content(in, start, length, last);
    if (last) {
      requestSent();
      return;
    }
    if (!connection().writable()) {
      writer.flush();
    }
    if (!connection().writable()) {
      connection().timeout(turns.idleNanos(), "write-timeout");
    } else if (tunnel) {
      idle(connection());
    } else if (writer.expectForwarded()) {
      connection().noTimeout(); // The client did not wait for a word of the upstream.
    }
  }

  void tunnelOpened() {
    call.noTotalTime();
    idle(connection());
  }

  /// Limits the wait for the next bytes of the upstream.
  private void idle(UpstreamConnection of) {
    if (call.tunnel().open()) {
      of.timeout(call.tunnel().idleNanos(), "tunnel-idle");
    } else {
      of.timeout(turns.idleNanos(), "idle-timeout");
    }
  }

  private void requestSent() {
    sent = true;
    writer.flush();
    slot().requestSentNanos = call.loop().now();
    call.times().upstreamRequestBytes = writer.bytes();
    if (!call.answer().begun()) {
      turns.limit(connection(), slot(), turns.answerNanos(), "answer-timeout");
      hedge.arm(upstream(), turns.pick());
    }
  }

  void flush() {
    if (connection != null && connection.established()) {
      writer.flush();
    }
  }

  boolean requestIsSent() {
    return sent;
  }

  @Override
  public void upstreamWritable(boolean writable) {
    if (!writable) {
      return;
    }
    if (call.tunnel().open()) {
      idle(connection());
      call.clientSide().bodyWanted();
    } else if (!sent) {
      connection().noTimeout();
      call.clientSide().bodyWanted();
    }
  }

  @Override
  public ResponseHead responseHead() {
    return call.answer().head();
  }

  @Override
  public void responseHeadRead() {
    var head = call.answer().head();
    var from = connection();
    var mine = slot();
    if (mine.firstByteNanos == 0) {
      mine.firstByteNanos = call.loop().now();
    }
    hedge.drop();
    int status = head.status();
    if (status == 101 && !call.tunnel().accepts(head)) {
      fail("unasked-upgrade");
      return;
    }
    if (status < 200 && status != 101) {
      if (++interims > INTERIM_MAX) {
        fail("too-many-interims");
        return;
      }
      if (status == 100 && !sent) {
        from.noTimeout(); // The client sends its content now, as fast as it can.
      }
      call.answer().interim();
      head.start(call.terms().settings().headBytesMax(), call.terms().settings().headFieldsMax());
      from.anotherHead();
      return;
    }
    mine.status = status;
    call.times().upstreamStatus = status;
    long since = mine.requestSentNanos == 0 ? mine.connectedNanos : mine.requestSentNanos;
    upstream()
        .answered(from.endpoint(), call.loop(), status, Math.max(0, mine.firstByteNanos - since));
    if (upstream().repeatsByStatus() && (status >= 400 || head.fields().has(GRPC_STATUS))) {
      long wait = turns.afterStatus(from.endpoint(), head);
      if (wait != Retry.NO) {
        giveUpAnswer(from);
        turns.again(wait);
        return;
      }
    }
    if (!framing.bodiless(head) && framing.tooLong(head.contentLength())) {
      return;
    }
    call.requestBody().kept().drop();
    turns.stick(from.endpoint(), head);
    framing.frame(head, from);
    idle(from);
    call.answer().headRead();
  }

  /// The answer is not passed on. What may follow of it is not waited for.
  private void giveUpAnswer(UpstreamConnection from) {
    connection = null;
    call.times().upstreamResponseBytes = from.bytesRead();
    call.times().upstreamEnded(from, slot);
    from.close();
    writer.drop();
    endAttempt("");
  }

  @Override
  public void responseBody(ByteBuf in, int start, int length, boolean last) {
    var from = connection();
    if (framing.tooLong(from.contentBytes())) {
      return;
    }
    if (!last) {
      idle(from);
      call.answer().content(in, start, length, false);
      return;
    }
    if (call.tunnel().open()) {
      slot().lastByteNanos = call.loop().now();
      call.tunnel().upstreamEnded();
      return;
    }
    var head = call.answer().head();
    slot().lastByteNanos = call.loop().now();
    call.times().upstreamResponseBytes = from.bytesRead();
    from.noTimeout();
    call.answer().trailers(from.trailers());
    boolean odd = framing.odd(head);
    endAttempt("");
    call.times().upstreamEnded(from, slot);
    connection = null;
    writer.drop();
    from.done(head, sent, odd);
    call.answer().content(in, start, length, true);
  }

  @Override
  public void upstreamReadComplete() {
    call.answer().flush();
  }

  private void fail(String reason) {
    var from = connection;
    if (from != null) {
      from.close();
    }
    upstreamFailed(reason);
  }

  /// Sends the upstream what is left, tells it that nothing follows, and then the other.
  void endOutput(Runnable told) {
    writer.flush();
    connection().endOutput(told);
  }

  /// The tunnel was closed as it should be.
  void tunnelOver() {
    if (connection != null) {
      drop("");
    }
  }

  @Override
  public void upstreamFailed(String reason) {
    if (call.tunnel().open() && reason.equals("tunnel-idle")) {
      call.tunnel().idle();
      return;
    }
    if (call.tunnel().open() && call.tunnel().upstreamHasEnded()) {
      call.tunnel().upstreamGone();
      return;
    }
    var at = endpoint;
    boolean neverConnected = slot != null && slot.connectedNanos == 0;
    boolean reused = slot != null && slot.reused;
    boolean died = reason.equals("closed-before-response") || reason.equals("reset");
    boolean stale = reused && died && !answering();
    if (connection != null) {
      call.times().upstreamResponseBytes = connection.bytesRead();
      call.times().upstreamEnded(connection, slot);
    }
    connection = null;
    writer.drop();
    if (at != null && !(reused && reason.equals("closed-before-response"))) {
      upstream().failed(at, call.loop());
    }
    endAttempt(reason);
    if (!hedge.runs()) {
      turns.failed(at, reason, neverConnected, stale);
    }
  }

  /// Whether what was sent, if anything, can be sent again.
  boolean repeatable(boolean neverConnected) {
    var body = call.requestBody();
    return !call.answer().begun()
        && (neverConnected || !contentSent || body.gathered() != null || body.kept().whole());
  }

  void pause() {
    if (connection != null && connection.established()) {
      connection.pause();
    }
  }

  /// Lets the upstream be read again, once this event has been handled.
  void resumeSoon() {
    var paused = connection;
    if (paused != null && paused.established()) {
      call.loop().eventLoop().execute(() -> resumeIf(paused));
    }
  }

  private void resumeIf(UpstreamConnection paused) {
    if (connection == paused && !call.filterRun().waiting() && call.answer().clientKeepsUp()) {
      call.loop().refresh();
      paused.resume();
    }
  }

  void pauseForClient() {
    if (connection != null) {
      connection.pause();
      connection.noTimeout();
    }
  }

  void resumeForClient() {
    var paused = connection;
    if (paused != null && !call.filterRun().waiting()) {
      idle(paused);
      paused.resume();
    }
  }

  /// Gives up the attempt that runs, if any.
  void drop() {
    drop("given-up");
  }

  private void drop(String failure) {
    hedge.drop();
    turns.drop();
    var from = connection;
    if (from != null) {
      connection = null;
      call.times().upstreamResponseBytes = from.bytesRead();
      call.times().upstreamRequestBytes = writer.bytes();
      call.times().upstreamEnded(from, slot);
      from.close();
      endAttempt(failure);
    }
    writer.drop();
  }
}
