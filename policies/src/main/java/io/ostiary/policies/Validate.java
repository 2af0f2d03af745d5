package io.ostiary.policies;

import io.ostiary.contract.openapi.Body;
import io.ostiary.contract.openapi.ContractFault;
import io.ostiary.contract.openapi.OpenApi;
import io.ostiary.contract.openapi.Operation;
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
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// Holds requests and responses to the API's OpenAPI document. A request that breaks it is refused,
/// each fault named, and never reaches the upstream; a response that breaks it never reaches the
/// client, or is reported.
public final class Validate implements Policy<Validate.Settings> {
  private static final HeaderName CONTENT_TYPE = HeaderName.of("Content-Type");
  private static final HeaderName CONTENT_ENCODING = HeaderName.of("Content-Encoding");

  private final Executor executor;

  public Validate() {
    this(BodyChecks.threads());
  }

  /// @param executor where bodies are checked that would hold an event loop for too long; it may
  ///   refuse
  Validate(Executor executor) {
    this.executor = executor;
  }

  /// What is done about a fault.
  public enum Mode {
    /// The client gets a problem instead.
    ENFORCE,
    /// It goes on, and the ledger says `request-invalid` or `response-invalid`.
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
  /// @param response the same of responses
  /// @param unknownParameters of the query
  /// @param bodyMax bytes of a body that is checked; a longer request is refused with 413, a longer
  ///   response with 502 or, with `report`, not looked into
  public record Settings(
      @About("What is done about requests that break the document: enforce, report or off.")
          @Default("enforce")
          Mode request,
      @About("What is done about responses that break it: enforce, report or off.") @Default("off")
          Mode response,
      @About(
              "Whether query parameters that the document does not name are faults: refuse or ignore.")
          @Default("refuse")
          Unknown unknownParameters,
      @About(
              "The longest body that is checked; a longer request is refused with 413, a longer response with 502.")
          @Default("1MiB")
          @Bytes
          int bodyMax) {
    public Settings {
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

  /// What it checks follows from the API's document, and another document makes another API.
  @Override
  public boolean lasting() {
    return true;
  }

  @Override
  public boolean ofOneRoute(Settings settings) {
    return true;
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
          "route '" + site.route().id() + "' (expected: an operation of the document)");
    }
    var responses =
        settings.response == Mode.OFF
            ? null
            : new ResponseCheck(
                operation,
                settings.response == Mode.ENFORCE,
                settings.bodyMax,
                site.state(ResponseCheck.Watched.class),
                new BodyChecks(executor));
    var checks = new BodyChecks(executor);
    return new Gate(operation, settings, site.state(Pending.class), checks, responses);
  }

  /// What the head left to do for the body, and what became of it beside the event loop.
  private static final class Pending {
    final List<ContractFault> faults;

    /// null: the operation takes no body of this type
    final Body.@Nullable Media media;

    /// The word for the ledger.
    volatile @Nullable String remark;

    Pending(List<ContractFault> faults, Body.@Nullable Media media) {
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
    private final @Nullable Body body;
    private final StateKey<Pending> state;
    private final boolean off;
    private final boolean enforce;
    private final boolean refuseUnknown;
    private final int bodyMax;
    private final BodyChecks checks;
    private final @Nullable ResponseCheck responses;

    Gate(
        Operation operation,
        Settings settings,
        StateKey<Pending> state,
        BodyChecks checks,
        @Nullable ResponseCheck responses) {
      this.operation = operation;
      this.state = state;
      this.checks = checks;
      this.responses = responses;
      body = operation.body();
      off = settings.request == Mode.OFF;
      enforce = settings.request == Mode.ENFORCE;
      refuseUnknown = settings.unknownParameters == Unknown.REFUSE;
      bodyMax = settings.bodyMax;
    }

    @Override
    public Set<Moment> moments() {
      var moments = EnumSet.noneOf(Moment.class);
      if (!off) {
        moments.add(Moment.REQUEST);
        if (body != null) {
          moments.addAll(Set.of(Moment.REQUEST_BODY, Moment.END));
        }
      }
      if (responses != null) {
        moments.addAll(responses.moments());
      }
      return moments;
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
        var by = body;
        return checks.run(
            content,
            lent -> {
              var faults = new ArrayList<>(pending.faults);
              faults.addAll(by.check(media, lent));
              return verdict(pending, faults);
            },
            () -> busy(exchange));
      }
      if (content.hasRemaining()) {
        return unsupported(exchange, body);
      }
      var faults = new ArrayList<>(pending.faults);
      if (body.required()) {
        faults.add(new ContractFault("body", "", "is missing"));
      }
      return verdict(exchange, faults);
    }

    private Verdict busy(Exchange exchange) {
      if (enforce) {
        return BUSY;
      }
      exchange.remark("request-unchecked");
      return Verdict.CONTINUE;
    }

    private Verdict verdict(Pending pending, List<ContractFault> faults) {
      if (enforce || faults.isEmpty()) {
        return faults.isEmpty() ? Verdict.CONTINUE : refusal(faults);
      }
      pending.remark = "request-invalid";
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict response(Exchange exchange) {
      return responses == null ? Verdict.CONTINUE : responses.head(exchange);
    }

    @Override
    public BodyNeed responseBodyNeed() {
      return responses == null ? BodyNeed.NONE : responses.need();
    }

    @Override
    public Verdict responseBody(Exchange exchange, ByteBuffer content, boolean last) {
      return responses == null ? Verdict.CONTINUE : responses.body(exchange, content, last);
    }

    @Override
    public void end(Exchange exchange, Ending ending) {
      if (responses != null) {
        responses.end(exchange);
      }
      var pending = exchange.state(state);
      var remark = pending == null ? null : pending.remark;
      if (remark != null) {
        exchange.remark(remark);
      }
    }

    private Verdict unsupported(Exchange exchange, Body expected) {
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

    private Verdict verdict(Exchange exchange, List<ContractFault> faults) {
      if (faults.isEmpty()) {
        return Verdict.CONTINUE;
      }
      if (!enforce) {
        exchange.remark("request-invalid");
        return Verdict.CONTINUE;
      }
      return refusal(faults);
    }

    private static Verdict refusal(List<ContractFault> faults) {
      return new Verdict.Reply(
          problem(400, "validate", "Request does not fit the API's document", faults));
    }
  }

  static Problem problem(int status, String code, String title, List<ContractFault> faults) {
    var plain =
        Problem.of(
            status, code, title, faults.size() == 1 ? "1 fault." : faults.size() + " faults.");
    var told =
        faults.stream()
            .map(fault -> new Problem.Fault(fault.in(), fault.pointer(), fault.message()))
            .toList();
    return new Problem(status, code, title, plain.detail(), told, plain.fields());
  }
}
