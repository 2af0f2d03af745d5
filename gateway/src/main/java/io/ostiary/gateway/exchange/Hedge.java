package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.ScheduledFuture;
import io.ostiary.gateway.upstream.Endpoint;
import io.ostiary.gateway.upstream.Pick;
import io.ostiary.gateway.upstream.StreamOwner;
import io.ostiary.gateway.upstream.UpstreamConnection;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.gateway.wire.ResponseHead;
import io.ostiary.model.LedgerEntry.Why;
import io.ostiary.model.LedgerSlot;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A second attempt beside the first one, at another target, begun when that has not been answered
/// for a while. Until the first byte of its answer it is on its own; then it takes the first one's
/// place, and from there on passes everything to [Attempts]. Where the first one is answered
/// before, it is given up.
///
/// Reused with its call; confined to its event loop.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
final class Hedge implements StreamOwner {
  private final Call call;
  private final Attempts attempts;
  private final Turns turns;
  private final RequestWriter writer;
  private @Nullable ScheduledFuture<?> timer;
  private @Nullable UpstreamConnection connection;
  private @Nullable Endpoint endpoint;
  private LedgerSlot.@Nullable AttemptSlot slot;
  private @Nullable UpstreamHandle upstream;
  private boolean won;

  Hedge(Call call, Attempts attempts, Turns turns) {
    this.call = call;
    this.attempts = attempts;
    this.turns = turns;
    writer = new RequestWriter(call);
  }

  /// The first attempt's request has been sent.
  void arm(UpstreamHandle handle, Pick pick) {
    var settings = handle.upstream().retries();
    if (settings.hedge().off()
        || handle.size() < 2
        || timer != null
        || connection != null
        || call.tunnel().offered() != null
        || !Retry.repeatable(call, settings)
        || (call.requestHead().hasBody() && !call.requestBody().atHand())) {
      return;
    }
    long nanos = handle.hedgeNanos();
    if (nanos > 0) {
      timer =
          call.loop().eventLoop().schedule(() -> begin(handle, pick), nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void begin(UpstreamHandle handle, Pick pick) {
    call.loop().refresh();
    timer = null;
    won = false;
    var busy = attempts.endpoint();
    if (busy == null || call.answer().begun() || attempts.answering()) {
      return;
    }
    pick.again(call.loop().now());
    pick.tried(busy);
    var chosen = handle.choose(pick);
    if (chosen == null || chosen == busy || !handle.gate().repeat()) {
      return;
    }
    handle.gate().countHedge();
    upstream = handle;
    endpoint = chosen;
    pick.tried(chosen);
    chosen.began();
    call.trace().attempt(call.callId(), turns.another());
    slot = call.times().attempt(handle.upstream(), chosen, Why.HEDGE);
    var acquired = UpstreamConnection.acquire(call.loop(), handle, chosen, this, false);
    if (acquired == null) {
      end("connections-max");
      return;
    }
    connection = acquired;
    if (acquired.established()) {
      connected();
    }
  }

  /// Whether it may still be answered.
  boolean runs() {
    return connection != null;
  }

  @Override
  public @Nullable InetSocketAddress client() {
    return attempts.client();
  }

  @Override
  public @Nullable InetSocketAddress clientTarget() {
    return attempts.clientTarget();
  }

  @Override
  public void moved(UpstreamConnection to) {
    if (connection == null) {
      attempts.moved(to);
    } else {
      connection = to;
    }
  }

  @Override
  public void connected() {
    var to = Objects.requireNonNull(connection);
    var mine = Objects.requireNonNull(slot);
    mine.reused = to.reused();
    mine.connectedNanos = call.loop().now();
    writer.begin(to);
    writer.flush();
    mine.requestSentNanos = call.loop().now();
    turns.limit(to, mine, turns.answerNanos(), "answer-timeout");
  }

  /// The first byte of its answer is there.
  @Override
  public ResponseHead responseHead() {
    if (!won && connection != null) {
      won = true;
      Objects.requireNonNull(upstream).gate().countHedgeWon();
      attempts.replace(connection, Objects.requireNonNull(endpoint), Objects.requireNonNull(slot));
      // From now on it is an attempt like any other, and its place in the budget goes with it.
      letGo();
    }
    return attempts.responseHead();
  }

  @Override
  public boolean headBegun() {
    return connection == null && attempts.headBegun();
  }

  @Override
  public void responseHeadRead() {
    attempts.responseHeadRead();
  }

  @Override
  public void responseBody(ByteBuf in, int start, int length, boolean last) {
    attempts.responseBody(in, start, length, last);
  }

  @Override
  public void upstreamFailed(String reason) {
    if (connection == null) {
      attempts.upstreamFailed(reason);
      return;
    }
    var failed = endpoint;
    if (failed != null) {
      Objects.requireNonNull(upstream).failed(failed, call.loop());
    }
    end(reason);
    attempts.hedgeFailed(reason);
  }

  @Override
  public void upstreamWritable(boolean writable) {
    if (connection == null) {
      attempts.upstreamWritable(writable);
    }
  }

  @Override
  public void upstreamReadComplete() {
    if (connection == null) {
      attempts.upstreamReadComplete();
    }
  }

  /// The other one was answered, or the call ends.
  void drop() {
    var running = timer;
    if (running != null) {
      running.cancel(false);
      timer = null;
    }
    var open = connection;
    if (open != null) {
      open.close();
      end("given-up");
    }
  }

  private void end(String failure) {
    var ended = endpoint;
    var mine = slot;
    if (ended != null) {
      ended.ended();
    }
    if (mine != null) {
      mine.failure = failure;
      mine.lastByteNanos = call.loop().now();
    }
    if (upstream != null) {
      upstream.gate().repeated();
    }
    letGo();
  }

  private void letGo() {
    writer.drop();
    connection = null;
    endpoint = null;
    slot = null;
  }
}
