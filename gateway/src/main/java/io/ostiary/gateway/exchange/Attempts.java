package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.ScheduledFuture;
import io.ostiary.gateway.loop.Deadline;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.upstream.Endpoint;
import io.ostiary.gateway.upstream.Pick;
import io.ostiary.gateway.upstream.StreamOwner;
import io.ostiary.gateway.upstream.UpstreamConnection;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.gateway.upstream.WaitingLine;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.Ending;
import io.ostiary.model.LedgerEntry.Why;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.Overload.Priority;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The attempts of one exchange to get an answer. What decides about them stands elsewhere: who is
/// asked ([UpstreamHandle]), whether there is room ([io.ostiary.gateway.upstream.Gate]), what is
/// tried again ([Retry]), and when a second one is made beside the first ([Hedge]).
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
/// * The wait of a call for room, of an attempt for its turn, and of a repeat for its back-off are
///   three different deadlines; [#drop] ends all of them.
///
/// Reused with its call; confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
final class Attempts implements StreamOwner, WaitingLine.Waiter {
  private static final int INTERIM_MAX = 16;
  private static final HeaderName SET_COOKIE = HeaderName.of("Set-Cookie");
  private static final HeaderName GRPC_STATUS = HeaderName.of("grpc-status");

  private final Call call;
  private final RequestWriter writer;
  private final Pick pick = new Pick();
  private final Hedge hedge;
  private final Deadline waitEnds = new Deadline(this::waitedTooLong);
  private LedgerSlot.@Nullable AttemptSlot slot;
  private @Nullable UpstreamConnection connection;
  private @Nullable UpstreamHandle upstream;
  private @Nullable Endpoint endpoint;
  private @Nullable ScheduledFuture<?> backOff;
  private Priority priority = Priority.NORMAL;
  private String waitsFor = "";
  private int count;
  private int interims;
  private boolean waiting;
  private boolean repeats;
  private boolean sent;
  private boolean contentSent;

  Attempts(Call call) {
    this.call = call;
    writer = new RequestWriter(call);
    hedge = new Hedge(call, this);
  }

  void begin() {
    count = 0;
    slot = null;
    endpoint = null;
    upstream = null;
    waiting = false;
    repeats = false;
  }

  void start() {
    var handle = call.routed().way().choose(call);
    upstream = handle;
    call.tunnel().choose(handle.only2());
    pick.begin(call.loop().random(), call.loop().now());
    Keys.tell(pick, call, handle);
    priority = Keys.priority(call, handle.upstream().overload().priorities());
    if (handle.gate().admits(priority)) {
      attempt(Why.FIRST, false);
    } else {
      await("overload");
    }
  }

  /// Waits for a place where calls may, else the call is refused.
  private void await(String reason) {
    var bounds = upstream().upstream().overload();
    waitsFor = reason;
    if (bounds.queue() > 0
        && upstream().gate().line().join(this, priority == Priority.HIGH, bounds.queue())) {
      waiting = true;
      call.loop().deadlines().set(waitEnds, call.loop().now() + bounds.queueTime().toNanos());
      return;
    }
    upstream().gate().shed(priority);
    call.upstreamFailed(reason);
  }

  @Override
  public Loop loop() {
    return call.loop();
  }

  @Override
  public void proceed() {
    var gate = upstream().gate();
    pick.again(call.loop().now());
    if (!gate.admits(priority) || upstream().choose(pick) == null) {
      gate.line().back(this, priority == Priority.HIGH);
      return;
    }
    waiting = false;
    waitEnds.clear();
    attempt(count == 0 ? Why.FIRST : Why.RETRY, false);
  }

  private void waitedTooLong() {
    call.loop().refresh();
    if (waiting) {
      leaveLine();
      upstream().gate().shed(priority);
      call.upstreamFailed(waitsFor.equals("overload") ? "overload" : "queue-timeout");
    }
  }

  private void leaveLine() {
    waiting = false;
    upstream().gate().line().leave(this);
    call.loop().deadlines().remove(waitEnds);
  }

  private void attempt(Why why, boolean fresh) {
    var handle = upstream();
    pick.again(call.loop().now());
    var chosen = handle.choose(pick);
    if (chosen == null) {
      giveBackRepeat();
      if (handle.anybody(call.loop().now())) {
        await("calls-max");
      } else {
        call.upstreamFailed("no-target");
      }
      return;
    }
    count++;
    interims = 0;
    sent = false;
    contentSent = false;
    endpoint = chosen;
    call.trace().attempt(call.callId(), count - 1);
    slot = call.times().attempt(handle.upstream(), chosen, why);
    call.answer()
        .head()
        .start(call.plan().settings().headBytesMax(), call.plan().settings().headFieldsMax());
    chosen.began();
    var acquired = UpstreamConnection.acquire(call.loop(), handle, chosen, this, fresh);
    if (acquired == null) {
      var reason = chosen.healthy(call.loop().now()) ? "connections-max" : "unresolved";
      endAttempt(reason);
      failed(chosen, reason, true, false);
      return;
    }
    connection = acquired;
    if (acquired.established()) {
      connected();
    } else {
      limitTry(acquired, handle.connectNanos(), "connect-timeout");
    }
  }

  /// The wait for what comes next, or for the end of the try where that is sooner.
  private void limitTry(UpstreamConnection of, long nanos, String reason) {
    long perTry = upstream().perTryNanos();
    if (perTry == 0) {
      if (sent || !reason.equals("connect-timeout")) {
        of.timeout(nanos, reason);
      }
      return;
    }
    long left = Math.max(1, slot().startNanos + perTry - call.loop().now());
    of.timeout(Math.min(nanos, left), left < nanos ? "try-timeout" : reason);
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
    giveBackRepeat();
    if (ended != null) {
      ended.ended();
      upstream().gate().line().freed(call.loop());
    }
  }

  private void giveBackRepeat() {
    if (repeats) {
      repeats = false;
      upstream().gate().repeated();
    }
  }

  /// Counts an attempt beside this one.
  ///
  /// @return how many there were before it
  int another() {
    return count++;
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
    repeats = true;
    interims = 0;
    sent = true;
    call.answer()
        .head()
        .start(call.plan().settings().headBytesMax(), call.plan().settings().headFieldsMax());
  }

  /// The attempt beside this one failed.
  void hedgeFailed(String reason) {
    if (connection == null && endpoint == null && backOff == null && !waiting) {
      call.upstreamFailed(reason);
    }
  }

  private UpstreamHandle upstream() {
    return java.util.Objects.requireNonNull(upstream);
  }

  long answerNanos() {
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
        limitTry(to, answerNanos(), "answer-timeout");
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
      limitTry(connection(), answerNanos(), "answer-timeout");
      hedge.arm(upstream(), pick);
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
      call.answer().interim();
      head.start(call.plan().settings().headBytesMax(), call.plan().settings().headFieldsMax());
      from.anotherHead();
      return;
    }
    mine.status = status;
    call.times().upstreamStatus = status;
    long since = mine.requestSentNanos == 0 ? mine.connectedNanos : mine.requestSentNanos;
    upstream()
        .answered(from.endpoint(), call.loop(), status, Math.max(0, mine.firstByteNanos - since));
    if (upstream().repeatsByStatus() && (status >= 400 || head.fields().has(GRPC_STATUS))) {
      pick.tried(from.endpoint());
      long wait = repeatable(false) ? afterStatus(head) : Retry.NO;
      if (wait != Retry.NO && upstream().gate().repeat()) {
        giveUpAnswer(from);
        again(wait);
        return;
      }
    }
    if (!bodiless(head) && tooLong(head.contentLength())) {
      return;
    }
    stick(from.endpoint(), head);
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

  private long afterStatus(ResponseHead head) {
    var other = upstream().choose(pick);
    boolean others = other != null && !pick.isTried(other);
    return Retry.afterStatus(call, upstream(), head, count, others);
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

  /// Tells the client whom it met, where calls of one client are kept together.
  private void stick(Endpoint met, ResponseHead head) {
    var sticky = upstream().sticky();
    var cookie = sticky == null ? null : sticky.setCookie(met, pick.sticky());
    if (cookie != null) {
      head.fields().add(SET_COOKIE, cookie);
    }
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
    call.times().upstreamEnded(from, slot);
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
      failed(at, reason, neverConnected, stale);
    }
  }

  /// @param stale whether a connection from the pool may simply have been closed in the meantime
  private void failed(@Nullable Endpoint at, String reason, boolean neverConnected, boolean stale) {
    if (!repeatable(neverConnected)) {
      call.upstreamFailed(reason);
      return;
    }
    var settings = upstream().upstream().retries();
    // The latter: the upstream has said that it did nothing with it (RFC 9113 section 8.7).
    boolean atOnce = (stale && Retry.repeatable(call, settings)) || reason.equals("refused-stream");
    if (atOnce && count < settings.attempts()) {
      // The race that every pool knows says nothing of the target and costs it nothing.
      upstream().gate().countRetry();
      attempt(Why.RETRY, true);
      return;
    }
    if (at != null) {
      pick.tried(at);
    }
    long wait = Retry.afterFailure(call, upstream(), reason, neverConnected, count);
    if (wait != Retry.NO && upstream().gate().repeat()) {
      again(wait);
    } else {
      call.upstreamFailed(reason);
    }
  }

  /// Whether what was sent, if anything, can be sent again.
  private boolean repeatable(boolean neverConnected) {
    return !call.answer().begun()
        && (neverConnected || !contentSent || call.requestBody().gathered() != null);
  }

  /// Tries once more; the place in the budget has been taken.
  private void again(long wait) {
    repeats = true;
    upstream().gate().countRetry();
    if (wait == 0) {
      attempt(Why.RETRY, false);
      return;
    }
    backOff =
        call.loop()
            .eventLoop()
            .schedule(
                () -> {
                  backOff = null;
                  call.loop().refresh();
                  attempt(Why.RETRY, false);
                },
                wait,
                TimeUnit.NANOSECONDS);
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
    if (waiting) {
      leaveLine();
    }
    var later = backOff;
    if (later != null) {
      later.cancel(false);
      backOff = null;
      giveBackRepeat();
    }
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
