package io.ostiary.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.ostiary.gateway.filter.FilterChain;
import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.wire.Bytes;
import io.ostiary.gateway.wire.Fields;
import io.ostiary.gateway.wire.HeadFault;
import io.ostiary.gateway.wire.RequestHead;
import io.ostiary.model.Ending;
import io.ostiary.model.LateLogger;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One exchange, from the first byte of its request to its line in the ledger.
///
/// The parts: [RequestBody] takes the content, [FilterRun] asks the policies, [Attempts] asks the
/// upstream, [Answer] writes to the client, [CallTimes] measures. This class decides what follows
/// what. Borrowed from its loop for one exchange and used again for another, so a call in steady
/// state makes next to no objects; confined to its event loop.
public final class Call extends FilterView {
  private static final System.Logger LOG = new LateLogger("io.ostiary.gateway");
  private static final System.Logger.Level WARNING = System.Logger.Level.WARNING;

  private final RequestHead requestHead = new RequestHead();
  private final RequestBody requestBody = new RequestBody(this);
  private final Routing routing = new Routing(this);
  private final FilterRun filters = new FilterRun(this);
  private final Attempts attempts = new Attempts(this);
  private final Answer answer = new Answer(this);
  private final Tunnel tunnel = new Tunnel(this);
  private final CallTimes times = new CallTimes(this);
  private final Trace trace = new Trace();
  private final TotalTime total = new TotalTime(this);
  private final Caller caller = new Caller(this);
  private final Loop loop;
  private @Nullable ClientSide client;
  private @Nullable Plan plan;
  private @Nullable Terms terms;
  private @Nullable RoutePlan routePlan;
  private @Nullable String path;
  private @Nullable Ending ended;
  private boolean active;
  private int waitingFilter;
  private int loops;
  private long callId;

  public Call(Loop loop) {
    this.loop = loop;
  }

  /// The first byte of a request is there.
  public void begin(ClientSide of, Plan under, int loops) {
    client = of;
    plan = under;
    terms = under.terms();
    this.loops = loops;
    routePlan = null;
    consumer = null;
    identity = null;
    caller.begin();
    path = null;
    remark = null;
    active = true;
    callId = loop.nextCallId(loops);
    filters.begin(FilterChain.EMPTY);
    requestHead.start(under.settings().headBytesMax(), under.settings().headFieldsMax());
    requestBody.begin();
    attempts.begin();
    tunnel.begin();
    answer.begin();
    times.begin(loop.now(), loop.wallMillis());
    trace.clear();
    loop.gauges().began();
  }

  /// The connection goes on in another way; nothing has been answered yet.
  public void moveTo(ClientSide other) {
    client = other;
    answer.begin();
  }

  /// The head cannot be taken: refused before any policy is asked.
  public void refuse(HeadFault fault) {
    refuse(Problems.of(fault), fault.code());
  }

  void refuse(Problem problem, String reason) {
    requestBody.unusable();
    reply(problem, new Ending.ClientFailed(reason), -1);
  }

  /// The head is complete: find the route and ask its policies.
  public void headRead() {
    times.headRead();
    trace.begin(requestHead.fields(), loop, terms().notes().sample());
    requestBody.framed(requestHead, terms().settings());
    if (caller.refused()) {
      return;
    }
    if (requestHead.endsHere()) {
      answer.own(204, List.of(), "", new Ending.Answered(0));
      return;
    }
    requestHead.countHop();
    if (!findRoute()) {
      return;
    }
    if (requestBody.announcedTooLong()) {
      reply(Problems.BODY_TOO_LARGE, new Ending.ClientFailed("body-too-large"), -1);
      return;
    }
    filters.run(
        FilterRun.Step.REQUEST,
        filters().request(),
        routing.preflight() ? filters().preflights() : -1L);
  }

  @Override
  public <T> boolean renew(StateKey<T> key, T given) {
    var renewal = plan == null ? null : Renewal.begin(this, loops);
    if (renewal == null) {
      return false;
    }
    renewal.state(key, given);
    loop.eventLoop().execute(renewal::runTakenOver);
    return true;
  }

  /// Takes over what another call has found out, for its filter that runs now and those behind it.
  ///
  /// @return whether the route is found again
  boolean takeOver(Call of) {
    requestHead.copyFrom(of.requestHead);
    times.headRead();
    trace.begin(requestHead.fields(), loop, terms().notes().sample());
    requestBody.framed(requestHead, terms().settings());
    var route = of.routed();
    routePlan = route;
    consumer = of.consumer;
    identity = of.identity;
    states = new @Nullable Object[of.states.length];
    filters.begin(route.filters());
    filters.partFrom(of.filters.current());
    return route.equals(routing.find(plan().routes(), requestHead));
  }

  private void runTakenOver() {
    loop.refresh();
    total.begin(Renewal.totalNanos(routed()));
    filters.run(FilterRun.Step.REQUEST, filters().request());
  }

  private boolean findRoute() {
    var route = routing.find(plan().routes(), requestHead);
    if (route == null || Routing.refusesSlash(route, requestHead)) {
      refuse(routing.refusal(route, requestHead));
      return false;
    }
    routePlan = route;
    requestHead.upstream().begin(route.stripBytes(), route.api().encodedSlashes());
    requestBody.bytesMax(route.bounds().requestBodyMax());
    total.begin(Grpc.sooner(route.bounds().totalNanos(), requestHead));
    filters.begin(route.filters());
    int wanted = route.filters().states();
    if (states.length < wanted) {
      states = new @Nullable Object[wanted];
    }
    return true;
  }

  private void refuse(Routing.Refusal why) {
    reply(why.problem(), why.ending(), -1);
  }

  // What the parts say.
  void filtersPassed(FilterRun.Step step) {
    switch (step) {
      case REQUEST -> {
        if (routing.preflight()) {
          refuse(routing.methodNotAllowed());
        } else {
          requestBody.start();
        }
      }
      case REQUEST_WHOLE -> requestBody.wholePassed();
      case REQUEST_PIECE -> requestBody.piecePassed();
      case RESPONSE -> answer.headPassed();
      case RESPONSE_WHOLE -> answer.wholePassed();
      case RESPONSE_PIECE -> answer.piecePassed();
      case REPLY -> answer.replyPassed();
    }
  }

  void filterReplied(int filter, Problem problem) {
    reply(problem, filters().refusal(filter), filter);
  }

  void filterAnswered(int filter, Message message) {
    if (!answer.begun()) {
      attempts.drop();
      answer.own(message, filters().refusal(filter), -1);
    } else {
      abort(filters().refusal(filter));
    }
  }

  /// From its cache, say.
  void filterServed(int filter, Message message) {
    if (answer.begun()) {
      abort(filters().refusal(filter));
      return;
    }
    attempts.drop();
    answer.own(message, new Ending.Answered(0), filter);
  }

  void filterFailed(int filter, Throwable cause) {
    log(filter, cause);
    if (answer.replying()) {
      // It failed on the reply itself: nobody else is asked.
      answer.replyPassed();
      return;
    }
    reply(Problems.POLICY_FAILED, filters().refusal(filter), filter);
  }

  void filterWaits(int filter) {
    attempts.pause();
    var route = routePlan;
    long nanos = route == null ? terms().waits().body() : route.answerNanos();
    clientSide().timeout(nanos, "policy-timeout");
    waitingFilter = filter;
  }

  /// A tunnel has limits of its own.
  void noTotalTime() {
    total.end();
  }

  void filterWaited() {
    clientSide().noTimeout();
    attempts.resumeSoon();
  }

  /// Answers in the upstream's place, or ends the connection where the answer has begun.
  ///
  /// @param filter who refused, -1: nobody; its own response moment is left out
  void reply(Problem problem, Ending ending, int filter) {
    if (!active) {
      return;
    }
    if (answer.begun()) {
      answer.flush();
      abort(ending);
      return;
    }
    attempts.drop();
    filters.stop();
    answer.problem(problem, ending, filter);
  }

  /// The upstream is to blame.
  void upstreamFailed(String reason) {
    reply(Problems.upstream(reason), new Ending.UpstreamFailed(reason), -1);
  }

  /// Nothing can be told any more: the connection is gone, or is cut now.
  public void abort(Ending ending) {
    finish(ending, false);
  }

  /// The time of [ClientSide#timeout] is over.
  public void timedOut(String reason) {
    if (reason.equals("policy-timeout")) {
      filters.stop();
      reply(Problems.POLICY_FAILED, filters().refusal(waitingFilter), waitingFilter);
    } else if (reason.equals("write-timeout") || reason.equals("discard-timeout")) {
      abort(new Ending.ClientFailed(reason));
    } else {
      refuse(Problems.CLIENT_TIMEOUT, reason);
    }
  }

  public void clientWritable(boolean writable) {
    answer.clientWritable(writable);
  }

  /// Content of the request. What is not taken stays in the buffer.
  public void content(ByteBuf in) {
    requestBody.content(in);
  }

  /// Everything the client sent so far has been taken.
  public void contentReadComplete() {
    attempts.flush();
  }

  /// The stream that carries the content has ended; only while content is taken.
  public void contentEnded() {
    requestBody.ended();
  }

  /// Where the trailers of a streamed request are put before its end.
  public Fields requestTrailers() {
    return requestBody.decoder().trailers();
  }

  public boolean takesContent() {
    return active && requestBody.takes();
  }

  /// Whether the exchange has ended.
  boolean over() {
    return !active;
  }

  /// Whether the connection has changed its protocol: [#content] then takes any bytes.
  public boolean tunnelling() {
    return active && tunnel.open();
  }

  /// The client of a tunnel will send nothing more.
  public void clientEnded() {
    tunnel.clientEnded();
  }

  public boolean requestComplete() {
    return requestBody.complete();
  }

  /// Whether a byte of the answer may be on its way.
  public boolean answering() {
    return answer.begun();
  }

  public boolean answerWritten() {
    return answer.written();
  }

  public boolean answered() {
    return answer.allTaken();
  }

  /// Whether it was given up rather than broken: by the upstream, or because its time is over; so
  /// is every tunnel that is cut (RFC 8441 section 5).
  public boolean cancelled() {
    return tunnel.wasOpen() || Endings.givenUp(ended);
  }

  public void countRequestBytes(long more) {
    times.requestBytes += more;
  }

  /// Ends the exchange, whatever its state; only the first time counts.
  void finish(Ending ending, boolean reuse) {
    if (!active) {
      return;
    }
    active = false;
    ended = ending;
    total.end();
    filters.stop();
    attempts.drop();
    filters.end(ending);
    times.record(ending, answer.bytes());
    answer.drop();
    requestBody.drop();
    Arrays.fill(states, null);
    loop.gauges().ended();
    clientSide().ended(this, reuse);
  }

  public void withdraw() {
    // What came was no request.
    active = false;
    loop.gauges().ended();
  }

  void log(int filter, Throwable cause) {
    LOG.log(WARNING, "policy " + filters().name(filter) + " failed in call " + callId, cause);
  }

  /// Lets go of everything, before the call goes back to its loop.
  public void release() {
    client = null;
    plan = null;
    terms = null;
    routePlan = null;
    consumer = null;
    identity = null;
    ended = null;
  }

  // What the parts ask.
  @Override
  Loop loop() {
    return loop;
  }

  @Override
  ClientSide clientSide() {
    return Objects.requireNonNull(client);
  }

  /// Only until its answer begins, where it has a route.
  Plan plan() {
    return Objects.requireNonNull(plan);
  }

  /// Of its plan, until it ends.
  Terms terms() {
    return Objects.requireNonNull(terms);
  }

  /// The answer begins: nothing is looked for in the plan any more.
  void letGoOfPlan() {
    if (routePlan != null) {
      plan = null;
    }
  }

  @Nullable RoutePlan routePlan() {
    return routePlan;
  }

  @Override
  RoutePlan routed() {
    return Objects.requireNonNull(routePlan);
  }

  FilterChain filters() {
    return routePlan == null ? FilterChain.EMPTY : routePlan.filters();
  }

  FilterRun filterRun() {
    return filters;
  }

  @Override
  public RequestHead requestHead() {
    return requestHead;
  }

  RequestBody requestBody() {
    return requestBody;
  }

  Attempts attempts() {
    return attempts;
  }

  Tunnel tunnel() {
    return tunnel;
  }

  @Override
  Answer answer() {
    return answer;
  }

  @Override
  Routing routing() {
    return routing;
  }

  @Override
  CallTimes times() {
    return times;
  }

  Trace trace() {
    return trace;
  }

  @Override
  Caller caller() {
    return caller;
  }

  // What filters see.
  @Override
  public long callId() {
    return callId;
  }

  @Override
  public String path() {
    if (path == null) {
      path = Bytes.text(requestHead.bytes(), requestHead.pathStart(), requestHead.pathEnd());
    }
    return path;
  }
}
