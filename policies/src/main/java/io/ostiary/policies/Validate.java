package io.ostiary.policies;

import io.ostiary.contract.openapi.OpenApi;
import io.ostiary.contract.openapi.Operation;
import io.ostiary.contract.openapi.RequestBody;
import io.ostiary.contract.openapi.RequestFault;
import io.ostiary.contract.openapi.RequestView;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Ending;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Holds requests to the API's OpenAPI document: what breaks it is refused, each fault named, and
/// never reaches the upstream.
public final class Validate implements Policy<Validate.Settings> {
  private static final HeaderName CONTENT_TYPE = HeaderName.of("Content-Type");
  private static final HeaderName CONTENT_ENCODING = HeaderName.of("Content-Encoding");

  private final Executor checkers;

  public Validate() {
    this(checkers());
  }

  /// @param checkers where bodies are checked that would hold an event loop for too long; it may
  ///   refuse
  Validate(Executor checkers) {
    this.checkers = checkers;
  }

  /// Half of the processors at most, so that hostile bodies leave the other half to event loops.
  private static Executor checkers() {
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    var pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING_MAX),
            Thread.ofPlatform().daemon().name("ostiary-validate-", 0).factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /// Longer bodies are checked beside the event loop.
  static final int ON_LOOP_BYTES_MAX = 16 * 1024;

  /// So many bodies wait to be checked; further calls are refused.
  private static final int WAITING_MAX = 32;

  /// A check that takes longer makes the next bodies of its operation be checked beside the loop,
  /// whatever their length: with some schemas a hundred bytes suffice to do a million steps.
  private static final long SLOW_NANOS = 5_000_000;

  private static final int WARY_CHECKS = 256;

  /// What is done about a fault.
  public enum Mode {
    /// The request is refused.
    ENFORCE,
    /// The request goes on, and the ledger says `request-invalid`.
    REPORT,
    /// Nothing is looked at.
    OFF
  }

  /// What is done about query parameters that the document does not name.
  public enum Unknown {
    REFUSE,
    IGNORE
  }

  /// @param request what is done about requests that break the document
  /// @param response the same of responses; only `off` so far
  /// @param unknownParameters of the query
  /// @param bodyMax bytes of a request body; a longer one is refused with 413
  public record Settings(
      @About("What is done about requests that break the document: enforce, report or off.")
          @Default("enforce")
          Mode request,
      @About("The same of responses; only 'off' is built so far.") @Default("off") Mode response,
      @About("Whether query parameters that the document does not name are faults.")
          @Default("refuse")
          Unknown unknownParameters,
      @About("The longest request body that is checked; longer ones are refused with 413.")
          @Default("1MiB")
          @Bytes
          int bodyMax) {
    public Settings {
      if (response != Mode.OFF) {
        throw new IllegalArgumentException(
            "validate.response: "
                + response.name().toLowerCase(Locale.ROOT)
                + " (expected: off). Responses cannot be checked yet");
      }
      if (bodyMax < 1 || bodyMax > 64 * 1024 * 1024) {
        throw new IllegalArgumentException(
            "validate.body-max: " + bodyMax + " (expected: 1-67108864 bytes)");
      }
    }
  }

  @Override
  public String name() {
    return "validate";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    if (!(site.api().document() instanceof OpenApi document)) {
      throw new IllegalArgumentException(
          "an API without a document (expected: 'openapi: FILE' for the API '"
              + site.api().name()
              + "')");
    }
    var key = site.route().operation();
    var operation = key == null ? null : document.operation(key);
    if (operation == null) {
      throw new IllegalArgumentException(
          "validate: route '" + site.route().id() + "' (expected: an operation of the document)");
    }
    return new Gate(operation, settings, site.state(Pending.class), checkers);
  }

  /// What the head left to do for the body, and what became of it beside the event loop.
  private static final class Pending {
    final List<RequestFault> faults;

    /// null: the operation takes no body of this type
    final RequestBody.@Nullable Media media;

    /// The word for the ledger.
    volatile @Nullable String remark;

    Pending(List<RequestFault> faults, RequestBody.@Nullable Media media) {
      this.faults = faults;
      this.media = media;
    }
  }

  private record View(Exchange exchange) implements RequestView {
    @Override
    public @Nullable String query() {
      return exchange.query();
    }

    @Override
    public @Nullable String pathParameter(String name) {
      return exchange.pathParameter(name);
    }

    @Override
    public List<String> header(String name) {
      return exchange.requestHeaders().all(HeaderName.of(name));
    }
  }

  private static final class Gate implements Filter {
    private static final Verdict BUSY =
        new Verdict.Reply(
            Problem.of(
                    503,
                    "validate-busy",
                    "Too many bodies to check",
                    "More long bodies wait to be checked than the gateway keeps. Try again later.")
                .withFields(Field.of("Retry-After", "1")));

    private final Operation operation;
    private final @Nullable RequestBody body;
    private final StateKey<Pending> state;
    private final boolean off;
    private final boolean enforce;
    private final boolean refuseUnknown;
    private final int bodyMax;
    private final Executor checkers;

    /// How many checks are still to be done beside the loop because one was slow.
    private final AtomicInteger wary = new AtomicInteger();

    Gate(Operation operation, Settings settings, StateKey<Pending> state, Executor checkers) {
      this.operation = operation;
      this.state = state;
      this.checkers = checkers;
      body = operation.body();
      off = settings.request == Mode.OFF;
      enforce = settings.request == Mode.ENFORCE;
      refuseUnknown = settings.unknownParameters == Unknown.REFUSE;
      bodyMax = settings.bodyMax;
    }

    @Override
    public Set<Moment> moments() {
      if (off) {
        return Set.of();
      }
      return body == null
          ? Set.of(Moment.REQUEST)
          : Set.of(Moment.REQUEST, Moment.REQUEST_BODY, Moment.END);
    }

    /// Where a body follows, its faults are told together with those of the head.
    @Override
    public Verdict request(Exchange exchange) {
      var faults = operation.check(new View(exchange), refuseUnknown);
      if (body == null) {
        return verdict(exchange, faults);
      }
      var types = exchange.requestHeaders().all(CONTENT_TYPE);
      var type = types.size() == 1 ? types.getFirst() : null;
      var media = encoded(exchange) ? null : body.media(type);
      if (media == null && !types.isEmpty()) {
        return unsupported(exchange, body);
      }
      exchange.state(state, new Pending(faults, media));
      return Verdict.CONTINUE;
    }

    /// What is compressed cannot be checked.
    private static boolean encoded(Exchange exchange) {
      var encoding = exchange.requestHeaders().first(CONTENT_ENCODING);
      return encoding != null && !encoding.equalsIgnoreCase("identity");
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return off || body == null ? BodyNeed.NONE : new BodyNeed.Whole(bodyMax);
    }

    @Override
    public Verdict requestBody(Exchange exchange, ByteBuffer content, boolean last) {
      var pending = exchange.state(state);
      if (pending == null || body == null) {
        return Verdict.CONTINUE;
      }
      var media = pending.media;
      if (media != null) {
        return content.remaining() > ON_LOOP_BYTES_MAX || wary.get() > 0
            ? checkBeside(exchange, pending, body, media, content)
            : verdict(exchange, check(pending, body, media, content));
      }
      if (content.hasRemaining()) {
        return unsupported(exchange, body);
      }
      var faults = new ArrayList<>(pending.faults);
      if (body.required()) {
        faults.add(new RequestFault("body", "", "is missing"));
      }
      return verdict(exchange, faults);
    }

    private List<RequestFault> check(
        Pending pending, RequestBody by, RequestBody.Media media, ByteBuffer content) {
      long begun = System.nanoTime();
      var faults = new ArrayList<>(pending.faults);
      faults.addAll(by.check(media, content));
      if (System.nanoTime() - begun > SLOW_NANOS) {
        wary.set(WARY_CHECKS);
      } else if (wary.get() > 0) {
        wary.decrementAndGet();
      }
      return faults;
    }

    /// The content is only lent, and the exchange belongs to its loop: the check gets a copy of the
    /// one and does not touch the other.
    private Verdict checkBeside(
        Exchange exchange,
        Pending pending,
        RequestBody by,
        RequestBody.Media media,
        ByteBuffer content) {
      var copy = ByteBuffer.allocate(content.remaining()).put(content).flip();
      try {
        return new Verdict.Wait(
            CompletableFuture.supplyAsync(
                () -> verdict(pending, check(pending, by, media, copy)), checkers));
      } catch (RejectedExecutionException e) {
        if (enforce) {
          return BUSY;
        }
        exchange.remark("request-unchecked");
        return Verdict.CONTINUE;
      }
    }

    private Verdict verdict(Pending pending, List<RequestFault> faults) {
      if (enforce || faults.isEmpty()) {
        return faults.isEmpty() ? Verdict.CONTINUE : refusal(faults);
      }
      pending.remark = "request-invalid";
      return Verdict.CONTINUE;
    }

    @Override
    public void end(Exchange exchange, Ending ending) {
      var pending = exchange.state(state);
      var remark = pending == null ? null : pending.remark;
      if (remark != null) {
        exchange.remark(remark);
      }
    }

    private Verdict unsupported(Exchange exchange, RequestBody expected) {
      if (!enforce) {
        exchange.remark("request-invalid");
        return Verdict.CONTINUE;
      }
      var detail =
          encoded(exchange)
              ? "The body is compressed. Send it without Content-Encoding."
              : "Send the body with one Content-Type of: " + expected.expected() + ".";
      return new Verdict.Reply(
          Problem.of(415, "unsupported-media-type", "Media type not supported", detail));
    }

    private Verdict verdict(Exchange exchange, List<RequestFault> faults) {
      if (faults.isEmpty()) {
        return Verdict.CONTINUE;
      }
      if (!enforce) {
        exchange.remark("request-invalid");
        return Verdict.CONTINUE;
      }
      return refusal(faults);
    }

    private static Verdict refusal(List<RequestFault> faults) {
      var told =
          faults.stream()
              .map(fault -> new Problem.Fault(fault.in(), fault.pointer(), fault.message()))
              .toList();
      return new Verdict.Reply(problem(told));
    }

    private static Problem problem(List<Problem.Fault> faults) {
      var plain =
          Problem.of(
              400,
              "validate",
              "Request does not fit the API's document",
              faults.size() == 1 ? "1 fault." : faults.size() + " faults.");
      return new Problem(
          plain.status(), plain.code(), plain.title(), plain.detail(), faults, plain.fields());
    }
  }
}
