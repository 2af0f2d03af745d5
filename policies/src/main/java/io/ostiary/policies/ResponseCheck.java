package io.ostiary.policies;

import static java.lang.System.Logger.Level.WARNING;

import io.ostiary.contract.openapi.Body;
import io.ostiary.contract.openapi.ContractFault;
import io.ostiary.contract.openapi.Operation;
import io.ostiary.contract.openapi.Responses;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.CallId;
import io.ostiary.model.LateLogger;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The half of [Validate] that holds responses to the document. For all event loops at once.
///
/// To enforce, a response is held back until it is complete and checked. To report, it passes as it
/// comes and a copy is checked with the last piece.
final class ResponseCheck {
  private static final System.Logger LOG = new LateLogger(ResponseCheck.class.getName());
  private static final HeaderName CONTENT_TYPE = HeaderName.of("Content-Type");
  private static final HeaderName CONTENT_ENCODING = HeaderName.of("Content-Encoding");

  /// A broken upstream breaks every call: one line in so much time tells it.
  private static final long LOG_NANOS = 60_000_000_000L;

  private final String operation;
  private final Responses responses;
  private final boolean enforce;
  private final int bodyMax;
  private final StateKey<Watched> state;
  private final BodyChecks checks;
  private final AtomicLong nextLog = new AtomicLong(System.nanoTime());

  /// What the head left to do for the body, and what became of it beside the event loop.
  static final class Watched {
    private final Body body;
    private Body.@Nullable Media media;
    private @Nullable ByteArrayOutputStream copy;

    /// The word for the ledger.
    private volatile @Nullable String remark;

    private Watched(Body body, Body.Media media) {
      this.body = body;
      this.media = media;
    }
  }

  ResponseCheck(
      Operation operation,
      boolean enforce,
      int bodyMax,
      StateKey<Watched> state,
      BodyChecks checks) {
    this.operation = operation.id();
    this.responses = operation.responses();
    this.enforce = enforce;
    this.bodyMax = bodyMax;
    this.state = state;
    this.checks = checks;
  }

  Set<Moment> moments() {
    return responses.looksIntoBodies()
        ? EnumSet.of(Moment.RESPONSE, Moment.RESPONSE_BODY, Moment.END)
        : EnumSet.of(Moment.RESPONSE);
  }

  BodyNeed need() {
    if (!responses.looksIntoBodies()) {
      return BodyNeed.NONE;
    }
    return enforce ? new BodyNeed.Whole(bodyMax) : BodyNeed.STREAM;
  }

  Verdict head(Exchange exchange) {
    int status = exchange.status();
    if (!exchange.fromUpstream() || status == 304) {
      return Verdict.CONTINUE;
    }
    var expected = responses.of(status);
    if (expected == null) {
      // Documents seldom name the ways in which their server breaks down.
      return status >= 500
          ? Verdict.CONTINUE
          : verdict(
              exchange,
              List.of(
                  new ContractFault(
                      "status", "", status + " (expected: " + responses.expected() + ")")));
    }
    var faults =
        new ArrayList<>(
            expected.check(name -> exchange.responseHeaders().all(HeaderName.of(name))));
    var body = expected.body();
    if (body != null && !exchange.method().equals("HEAD") && status != 204) {
      content(exchange, body, faults);
    }
    return verdict(exchange, faults);
  }

  private void content(Exchange exchange, Body body, List<ContractFault> faults) {
    var types = exchange.responseHeaders().all(CONTENT_TYPE);
    var type = types.size() == 1 ? types.getFirst() : null;
    var media = body.media(type);
    if (media == null) {
      var seen = types.isEmpty() ? "is missing" : "'" + String.join(", ", types) + "'";
      faults.add(
          new ContractFault(
              "header", "/Content-Type", seen + " (expected: " + body.expected() + ")"));
      return;
    }
    var encoding = exchange.responseHeaders().first(CONTENT_ENCODING);
    if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
      exchange.remark("response-unchecked");
    } else {
      exchange.state(state, new Watched(body, media));
    }
  }

  Verdict body(Exchange exchange, ByteBuffer content, boolean last) {
    var watched = exchange.state(state);
    var media = watched == null ? null : watched.media;
    if (watched == null || media == null) {
      return Verdict.CONTINUE;
    }
    if (enforce) {
      return check(exchange, watched, media, content);
    }
    if (last && watched.copy == null) {
      return content.remaining() > bodyMax
          ? unchecked(watched)
          : check(exchange, watched, media, content);
    }
    var copy = watched.copy == null ? new ByteArrayOutputStream() : watched.copy;
    watched.copy = copy;
    if (copy.size() + content.remaining() > bodyMax) {
      return unchecked(watched);
    }
    var bytes = new byte[content.remaining()];
    content.get(bytes);
    copy.writeBytes(bytes);
    return last
        ? check(exchange, watched, media, ByteBuffer.wrap(copy.toByteArray()))
        : Verdict.CONTINUE;
  }

  private static Verdict unchecked(Watched watched) {
    watched.media = null;
    watched.copy = null;
    watched.remark = "response-unchecked";
    return Verdict.CONTINUE;
  }

  private Verdict check(Exchange exchange, Watched watched, Body.Media media, ByteBuffer content) {
    long call = exchange.callId();
    return checks.run(
        content,
        lent -> {
          var faults = watched.body.check(media, lent);
          if (faults.isEmpty()) {
            return Verdict.CONTINUE;
          }
          tell(call, faults);
          watched.remark = "response-invalid";
          return enforce ? refusal(faults) : Verdict.CONTINUE;
        },
        () -> unchecked(watched));
  }

  private Verdict verdict(Exchange exchange, List<ContractFault> faults) {
    if (faults.isEmpty()) {
      return Verdict.CONTINUE;
    }
    tell(exchange.callId(), faults);
    exchange.remark("response-invalid");
    return enforce ? refusal(faults) : Verdict.CONTINUE;
  }

  private static Verdict refusal(List<ContractFault> faults) {
    return new Verdict.Reply(
        Validate.problem(
            502, "response-invalid", "Response does not fit the API's document", faults));
  }

  private void tell(long call, List<ContractFault> faults) {
    long now = System.nanoTime();
    long next = nextLog.get();
    if (now - next >= 0 && nextLog.compareAndSet(next, now + LOG_NANOS)) {
      var first = faults.getFirst();
      LOG.log(
          WARNING,
          "operation {0} was answered against its document in call {1}: {2} {3}; faults: {4}",
          operation,
          CallId.text(call),
          (first.in() + " " + first.pointer()).strip(),
          first.message(),
          faults.size());
    }
  }

  void end(Exchange exchange) {
    var watched = exchange.state(state);
    var remark = watched == null ? null : watched.remark;
    if (remark != null) {
      exchange.remark(remark);
    }
  }
}
