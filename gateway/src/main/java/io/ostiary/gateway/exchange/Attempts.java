package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.upstream.Endpoint;
import io.ostiary.gateway.upstream.StreamOwner;
import io.ostiary.gateway.upstream.UpstreamConnection;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.gateway.wire.Methods;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.Ending;
import io.ostiary.model.LedgerSlot;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// The attempts of one exchange to get an answer, one after the other.
///
/// Tried again is only what is safe: when no connection came about, or when a connection from the
/// pool died before a byte of the answer, nothing of a streamed body had been sent, and the method
/// is idempotent (RFC 9112 section 9.3.1). Reused with its call; confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
final class Attempts implements StreamOwner {
  private static final int ATTEMPTS_MAX = 3;
  private static final int INTERIM_MAX = 16;
  private final Call call;
  private final RequestWriter writer;
  private LedgerSlot.@Nullable AttemptSlot slot;
  private @Nullable UpstreamConnection connection;
  private @Nullable UpstreamHandle upstream;
  private @Nullable Endpoint endpoint;
  private int count;
  private int interims;
  private boolean sent;
  private boolean contentSent;

  Attempts(Call call) {
    this.call = call;
    writer = new RequestWriter(call);
  }

  void begin() {
    count = 0;
    slot = null;
    endpoint = null;
    upstream = null;
  }

  void start() {
    upstream = call.routed().way().choose(call);
    call.tunnel().choose(upstream().only2());
    attempt(null, false);
  }

  private void attempt(@Nullable Endpoint avoid, boolean fresh) {
    var handle = upstream();
    var chosen = handle.choose(call.loop(), avoid);
    count++;
    interims = 0;
    sent = false;
    contentSent = false;
    endpoint = chosen;
    call.trace().attempt(call.callId(), count - 1);
    slot = call.times().attempt(handle.upstream(), chosen);
    call.answer()
        .head()
        .start(call.plan().settings().headBytesMax(), call.plan().settings().headFieldsMax());
    chosen.began();
    var acquired = UpstreamConnection.acquire(call.loop(), handle, chosen, this, fresh);
    if (acquired == null) {
      endAttempt(chosen.healthy(call.loop().now()) ? "connections-max" : "unresolved");
      call.upstreamFailed(chosen.healthy(call.loop().now()) ? "connections-max" : "unresolved");
      return;
    }
    connection = acquired;
    if (acquired.established()) {
      connected();
    }
  }

  private void endAttempt(String failure) {
    var ended = endpoint;
    if (ended != null) {
      ended.ended();
      endpoint = null;
    }
    var mine = slot;
    if (mine != null) {
      mine.failure = failure;
      mine.lastByteNanos = call.loop().now();
    }
    slot = null;
  }

  private UpstreamHandle upstream() {
    return java.util.Objects.requireNonNull(upstream);
  }

  private long answerNanos() {
    long own = call.routed().bounds().answerNanos();
    return own > 0 ? own : upstream().answerNanos();
  }

  private long idleNanos() {
    long own = call.routed().bounds().idleNanos();
    return own > 0 ? own : upstream().idleNanos();
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
    return (InetSocketAddress) call.clientSide().channel().localAddress();
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
    var whole = call.requestBody().gathered();
    writer.begin(to, whole == null && call.requestBody().complete());
    if (whole != null) {
      writer.whole(whole);
      requestSent();
    } else if (call.requestBody().complete()) {
      requestSent();
    } else {
      // The head goes at once where the client waits for a word before it sends more.
      if (writer.expectForwarded()) {
        writer.flush();
        to.timeout(answerNanos(), "answer-timeout");
      }
      call.requestBody().forward();
    }
  }

  boolean takesContent() {
    var to = connection;
    return to != null && to.established() && to.writable();
  }

  void content(ByteBuf in, int start, int length, boolean last) {
    if (connection == null) {
      return;
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
      connection().timeout(idleNanos(), "write-timeout");
    } else if (call.tunnel().open()) {
      idle(connection());
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
      of.timeout(idleNanos(), "idle-timeout");
    }
  }

  private void requestSent() {
    sent = true;
    writer.flush();
    slot().requestSentNanos = call.loop().now();
    call.times().upstreamRequestBytes = writer.bytes();
    if (!call.answer().begun()) {
      connection().timeout(answerNanos(), "answer-timeout");
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
      call.answer().interim();
      head.start(call.plan().settings().headBytesMax(), call.plan().settings().headFieldsMax());
      from.anotherHead();
      return;
    }
    mine.status = status;
    call.times().upstreamStatus = status;
    long since = mine.requestSentNanos == 0 ? mine.connectedNanos : mine.requestSentNanos;
    from.endpoint().answered(Math.max(0, mine.firstByteNanos - since), call.loop().now());
    if (!bodiless(head) && tooLong(head.contentLength())) {
      return;
    }
    frame(head, from);
    idle(from);
    call.answer().headRead();
  }

  /// Whether the response is longer than the route lets pass; then the call has ended.
  private boolean tooLong(long bytes) {
    if (call.tunnel().open() || !call.routed().bounds().responseTooLong(bytes)) {
      return false;
    }
    call.reply(Problems.RESPONSE_TOO_LARGE, new Ending.UpstreamFailed("response-too-large"), -1);
    return true;
  }

  private void frame(ResponseHead head, UpstreamConnection from) {
    var limits = call.plan().settings();
    if (head.status() == 101) {
      from.tunnel();
    } else {
      from.frame(head, bodiless(head), limits.headBytesMax(), limits.headFieldsMax());
    }
  }

  private boolean bodiless(ResponseHead head) {
    return call.requestHead().method().equals("HEAD")
        || head.status() == 204
        || head.status() == 304;
  }

  @Override
  public void responseBody(ByteBuf in, int start, int length, boolean last) {
    var from = connection();
    if (tooLong(from.contentBytes())) {
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
    boolean odd = head.status() == 204 && (head.chunked() || head.contentLength() > 0);
    boolean strange = call.requestHead().hasBody() && bodilessMethod();
    endAttempt("");
    call.times().upstreamEnded(from);
    connection = null;
    writer.drop();
    from.done(head, sent, odd || strange);
    call.answer().content(in, start, length, true);
  }

  private boolean bodilessMethod() {
    return call.requestHead().method().equals("GET") || call.requestHead().method().equals("HEAD");
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
    var failed = endpoint;
    boolean neverConnected = slot != null && slot.connectedNanos == 0;
    boolean reused = slot != null && slot.reused;
    if (connection != null) {
      call.times().upstreamResponseBytes = connection.bytesRead();
      call.times().upstreamEnded(connection);
    }
    connection = null;
    writer.drop();
    if (failed != null && !(reused && reason.equals("closed-before-response"))) {
      failed.failed(call.loop().now());
    }
    endAttempt(reason);
    if (!call.answer().begun() && repeatable(reason, neverConnected, reused)) {
      attempt(neverConnected ? failed : null, true);
      return;
    }
    call.upstreamFailed(reason);
  }

  private boolean repeatable(String reason, boolean neverConnected, boolean reused) {
    if (count >= ATTEMPTS_MAX || (contentSent && call.requestBody().gathered() == null)) {
      return false;
    }
    if (reason.equals("refused-stream")) {
      // The upstream has said that it did nothing with it (RFC 9113 section 8.7).
      return true;
    }
    if (neverConnected) {
      return upstream().size() > 1 && !reason.equals("internal");
    }
    boolean died = reason.equals("closed-before-response") || reason.equals("reset");
    return reused
        && died
        && !call.answer().head().begun()
        && Methods.idempotent(call.requestHead().method());
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
    var from = connection;
    if (from != null) {
      connection = null;
      call.times().upstreamResponseBytes = from.bytesRead();
      call.times().upstreamRequestBytes = writer.bytes();
      call.times().upstreamEnded(from);
      from.close();
      endAttempt(failure);
    }
    writer.drop();
  }
}
