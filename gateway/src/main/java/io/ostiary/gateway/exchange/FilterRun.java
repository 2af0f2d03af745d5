package io.ostiary.gateway.exchange;

import io.ostiary.gateway.filter.FilterChain;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Ending;
import io.ostiary.model.LateLogger;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Runs the filters of one moment after the other, and stops the exchange, not its event loop,
/// where one of them waits. The only place that catches what a filter throws. Reused with its call;
/// confined to its event loop.
final class FilterRun {
  /// The points of an exchange at which filters run.
  enum Step {
    REQUEST,
    REQUEST_WHOLE,
    REQUEST_PIECE,
    RESPONSE,
    RESPONSE_WHOLE,
    RESPONSE_PIECE,
    REPLY
  }

  private static final System.Logger LOG = new LateLogger("io.ostiary.gateway");
  private static final ByteBuffer EMPTY = ByteBuffer.allocate(0).asReadOnlyBuffer();

  private final Call call;
  private FilterChain chain = FilterChain.EMPTY;
  private Step step = Step.REQUEST;
  private int[] order = {};
  private int position;
  private long mask;
  private long part = -1;
  private ByteBuffer piece = EMPTY;
  private @Nullable BodyChanges changes;
  private boolean last;
  private boolean waiting;

  /// Since when, and who asked for it.
  private long waitingSince;

  private String waitsFor = "";
  private long touched;
  private long epoch;

  FilterRun(Call call) {
    this.call = call;
  }

  void begin(FilterChain of) {
    chain = of;
    touched = of.endOnly();
    part = -1;
    waiting = false;
    epoch++;
  }

  /// The filters in front of this one have no part in this exchange.
  void partFrom(int filter) {
    part = -1L << filter;
    touched &= part;
  }

  /// Filters that have a part in this exchange; one bit each.
  long part() {
    return part;
  }

  /// The filter that runs now.
  int current() {
    return order[position - 1];
  }

  /// Filters of which any moment was reached; one bit each.
  long touched() {
    return touched;
  }

  boolean waiting() {
    return waiting;
  }

  void run(Step at, int[] filters) {
    run(at, filters, -1L);
  }

  void run(Step at, int[] filters, long among) {
    run(at, filters, among, EMPTY, true);
  }

  /// @param among only filters whose bit is set
  void run(Step at, int[] filters, long among, ByteBuffer bytes, boolean isLast) {
    run(at, filters, among, bytes, isLast, null);
  }

  /// @param by those who replace this body; null: nobody does
  void run(
      Step at,
      int[] filters,
      long among,
      ByteBuffer bytes,
      boolean isLast,
      @Nullable BodyChanges by) {
    step = at;
    changes = by;
    order = filters;
    position = 0;
    mask = among;
    piece = bytes;
    last = isLast;
    go();
  }

  private void go() {
    while (position < order.length) {
      int filter = order[position++];
      if (((mask & part) >>> filter & 1) == 0) {
        continue;
      }
      touched |= 1L << filter;
      if (changes != null && changes.heldBack(last)) {
        break;
      }
      Verdict verdict;
      var hold = call.loop().hold();
      hold.enter(chain.name(filter), call.callId());
      try {
        verdict = invoke(filter);
      } catch (RuntimeException | StackOverflowError e) {
        hold.leave();
        call.filterFailed(filter, e);
        return;
      }
      hold.leave();
      timed(filter, verdict);
      if (!decided(filter, verdict) || !passed(filter)) {
        return;
      }
    }
    piece = EMPTY;
    changes = null;
    call.filtersPassed(step);
  }

  private Verdict invoke(int i) {
    var filter = chain.filter(i);
    if (changes != null && changes.by(i)) {
      var verdict = changes.apply(i, piece.duplicate(), last);
      piece = changes.made();
      return verdict;
    }
    if (changes != null && piece.remaining() > chain.bodyMax(i, step != Step.RESPONSE_WHOLE)) {
      // It came short and grew on its way, as compressed content does.
      return new Verdict.Reply(
          step == Step.RESPONSE_WHOLE ? Problems.RESPONSE_TOO_LARGE : Problems.BODY_TOO_LARGE);
    }
    return switch (step) {
      case REQUEST -> filter.request(call);
      case REQUEST_WHOLE, REQUEST_PIECE -> filter.requestBody(call, piece.duplicate(), last);
      case RESPONSE, REPLY -> filter.response(call);
      case RESPONSE_WHOLE, RESPONSE_PIECE -> filter.responseBody(call, piece.duplicate(), last);
    };
  }

  /// Whether the next filter may run now.
  private boolean decided(int filter, Verdict verdict) {
    switch (verdict) {
      case Verdict.Continue() -> {
        return true;
      }
      case Verdict.Reply(var problem) -> call.filterReplied(filter, problem);
      case Verdict.Answer(var message) -> call.filterAnswered(filter, message);
      case Verdict.Serve(var message) -> call.filterServed(filter, message);
      case Verdict.Wait(var stage) -> {
        return waitFor(filter, stage);
      }
      case Verdict.OnLoop(var decide) -> {
        return decidedHere(filter, decide);
      }
    }
    return false;
  }

  private boolean decidedHere(int filter, Supplier<Verdict> decide) {
    Verdict verdict;
    var hold = call.loop().hold();
    hold.enter(chain.name(filter), call.callId());
    try {
      verdict = decide.get();
      hold.leave();
    } catch (RuntimeException | StackOverflowError e) {
      hold.leave();
      call.filterFailed(filter, e);
      return false;
    }
    return decided(filter, verdict);
  }

  private boolean waitFor(int filter, CompletionStage<Verdict> stage) {
    var future = stage.toCompletableFuture();
    if (future.isDone() && !future.isCompletedExceptionally()) {
      return resumed(filter, future.join());
    }
    waiting = true;
    waitingSince = call.loop().now();
    waitsFor = chain.name(filter);
    call.filterWaits(filter);
    long mine = epoch;
    stage.whenComplete((verdict, failure) ->
        call.loop().eventLoop().execute(() -> stageEnded(filter, mine, verdict, failure)));
    return false;
  }

  private void stageEnded(
      int filter, long mine, @Nullable Verdict verdict, @Nullable Throwable failure) {
    if (mine != epoch || !waiting) {
      return;
    }
    call.loop().refresh();
    waited();
    call.filterWaited();
    if (verdict == null) {
      call.filterFailed(filter, failure == null ? new NullPointerException() : failure);
    } else if (resumed(filter, verdict) && passed(filter)) {
      go();
    }
  }

  /// Decisions about the request's head, or about its whole body, have times of their own.
  private void waited() {
    waiting = false;
    long nanos = call.loop().now() - waitingSince;
    switch (step) {
      case REQUEST, REQUEST_WHOLE -> {}
      case REQUEST_PIECE -> call.times().requestHeld.add(waitsFor, nanos);
      case RESPONSE, RESPONSE_WHOLE, RESPONSE_PIECE, REPLY ->
          call.times().responseHeld.add(waitsFor, nanos);
    }
  }

  /// What a filter puts in the place of the response shows in its head for those who see it next.
  private boolean passed(int filter) {
    return step != Step.RESPONSE || call.answer().headPassed(filter);
  }

  private boolean resumed(int filter, Verdict verdict) {
    timed(filter, verdict);
    return decided(filter, verdict);
  }

  /// A filter that reads the whole body has two moments in the call's story: head and body.
  private void timed(int filter, Verdict verdict) {
    boolean counts = step == Step.REQUEST || step == Step.REQUEST_WHOLE;
    if (counts && !(verdict instanceof Verdict.Wait)) {
      call.times().filterEnded(chain.name(filter));
    }
  }

  /// The exchange is over: everybody who saw a moment of it is told, once.
  void end(Ending ending) {
    if (call.routePlan() == null) {
      tellUnrouted(ending);
      return;
    }
    long seen = touched;
    if (seen == 0) {
      return;
    }
    for (int filter : chain.end()) {
      if ((seen >>> filter & 1) != 0) {
        var hold = call.loop().hold();
        hold.enter(chain.name(filter), call.callId());
        try {
          chain.filter(filter).end(call, ending);
        } catch (RuntimeException e) {
          call.log(filter, e);
        }
        hold.leave();
      }
    }
  }

  private void tellUnrouted(Ending ending) {
    for (var watch : call.plan().unrouted()) {
      try {
        watch.ended(call, ending);
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.WARNING, "a watch failed in call " + call.callId(), e);
      }
    }
  }

  /// Nothing that was waited for counts any more.
  void stop() {
    epoch++;
    if (waiting) {
      waited();
    }
    piece = EMPTY;
    changes = null;
  }
}
