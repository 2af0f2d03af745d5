package io.ostiary.gateway.exchange;

import io.netty.util.concurrent.ScheduledFuture;
import io.ostiary.gateway.loop.Deadline;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.upstream.Endpoint;
import io.ostiary.gateway.upstream.Pick;
import io.ostiary.gateway.upstream.UpstreamConnection;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.gateway.upstream.WaitingLine;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.Ending;
import io.ostiary.model.LedgerEntry.Why;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.Overload.Priority;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// When an attempt of one exchange begins, and at whom: whether there is room for the call, whose
/// turn it is, and whether and how soon what failed is tried again. What the attempt does then is
/// the business of [Attempts].
///
/// The wait of a call for room, of an attempt for its turn, and of a repeat for its back-off are
/// three different deadlines; [#drop] ends all of them. A place in the budget of repeats is taken
/// before the wait, and given back when the attempt that used it is over.
///
/// Reused with its call; confined to its event loop.
final class Turns implements WaitingLine.Waiter {
  private static final HeaderName SET_COOKIE = HeaderName.of("Set-Cookie");

  private final Call call;
  private final Attempts attempts;
  private final Pick pick = new Pick();
  private final Deadline waitEnds = new Deadline(this::waitedTooLong);
  private @Nullable UpstreamHandle upstream;
  private @Nullable ScheduledFuture<?> backOff;
  private Priority priority = Priority.NORMAL;
  private String waitsFor = "";
  private int count;
  private boolean waiting;
  private boolean repeats;

  Turns(Call call, Attempts attempts) {
    this.call = call;
    this.attempts = attempts;
  }

  void begin() {
    count = 0;
    upstream = null;
    waiting = false;
    repeats = false;
  }

  void start() {
    var way = call.routed().way();
    if (way == null) {
      call.reply(Problems.NO_UPSTREAM, new Ending.ClientFailed("no-upstream"), -1);
      return;
    }
    var handle = way.choose(call);
    upstream = handle;
    call.tunnel().choose();
    pick.begin(call.loop().random(), call.loop().now());
    Keys.tell(pick, call, handle);
    priority = Keys.priority(call, handle.upstream().overload().priorities());
    if (handle.gate().admits(priority)) {
      attempt(Why.FIRST, false);
    } else {
      await("overload");
    }
  }

  UpstreamHandle upstream() {
    return Objects.requireNonNull(upstream);
  }

  Pick pick() {
    return pick;
  }

  long answerNanos() {
    long own = call.routed().bounds().answerNanos();
    return own > 0 ? own : upstream().answerNanos();
  }

  long idleNanos() {
    long own = call.routed().bounds().idleNanos();
    return own > 0 ? own : upstream().idleNanos();
  }

  /// Limits the wait for what comes next, or for the end of the try where that is sooner. The time
  /// that the client takes to send its content is not the try's.
  void limit(UpstreamConnection to, LedgerSlot.AttemptSlot slot, long nanos, String reason) {
    long perTry = upstream().perTryNanos();
    long used = slot.connectedNanos == 0 ? 0 : slot.connectedNanos - slot.startNanos;
    long left = perTry == 0 ? nanos : Math.max(1, perTry - used);
    to.timeout(Math.min(nanos, left), left < nanos ? "try-timeout" : reason);
  }

  /// Tells the client whom it met, where calls of one client are kept together.
  void stick(Endpoint met, ResponseHead head) {
    var sticky = upstream().sticky();
    var cookie = sticky == null ? null : sticky.setCookie(met, pick.sticky());
    if (cookie != null) {
      head.fields().add(SET_COOKIE, cookie);
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
      giveBack();
      if (handle.anybody(call.loop().now())) {
        await("calls-max");
      } else {
        call.upstreamFailed("no-target");
      }
      return;
    }
    attempts.attempt(handle, chosen, why, another(), fresh);
  }

  /// Counts an attempt, such as one beside that which runs.
  ///
  /// @return how many there were before it
  int another() {
    return count++;
  }

  /// The attempt of a hedge goes on, and its place in the budget with it.
  void keepsPlace() {
    repeats = true;
  }

  /// An attempt is over, and with it its place in the budget, if it had one.
  void giveBack() {
    if (repeats) {
      repeats = false;
      upstream().gate().repeated();
    }
  }

  /// Whether another attempt is to come.
  boolean pending() {
    return backOff != null || waiting;
  }

  /// How soon an answer's attempt is repeated because of its status; else [Retry#NO], and the
  /// answer is passed on. The place in the budget has been taken.
  long afterStatus(Endpoint from, ResponseHead head) {
    pick.tried(from);
    if (!attempts.repeatable(false)) {
      return Retry.NO;
    }
    var other = upstream().choose(pick);
    boolean others = other != null && !pick.isTried(other);
    long wait = Retry.afterStatus(call, upstream(), head, count, others);
    return wait != Retry.NO && upstream().gate().repeat() ? wait : Retry.NO;
  }

  /// An attempt came to nothing.
  ///
  /// @param stale whether a connection from the pool may simply have been closed in the meantime
  void failed(@Nullable Endpoint at, String reason, boolean neverConnected, boolean stale) {
    if (!attempts.repeatable(neverConnected)) {
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

  /// Tries once more; the place in the budget has been taken.
  void again(long wait) {
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

  /// No attempt is to come any more.
  void drop() {
    if (waiting) {
      leaveLine();
    }
    var later = backOff;
    if (later != null) {
      later.cancel(false);
      backOff = null;
      giveBack();
    }
  }
}
