package io.ostiary.policies;

import io.ostiary.contract.openapi.OpenApi;
import io.ostiary.contract.openapi.Operation;
import io.ostiary.contract.openapi.RequestBody;
import io.ostiary.contract.openapi.RequestFault;
import io.ostiary.contract.openapi.RequestView;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Holds requests to the API's OpenAPI document: what breaks it is refused, each fault named, and
/// never reaches the upstream.
public final class Validate implements Policy<Validate.Settings> {
  private static final HeaderName CONTENT_TYPE = HeaderName.of("Content-Type");
  private static final HeaderName CONTENT_ENCODING = HeaderName.of("Content-Encoding");

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
          "validate: an API without a document (expected: 'openapi: FILE' for the API '"
              + site.api().name()
              + "')");
    }
    var key = site.route().operation();
    var operation = key == null ? null : document.operation(key);
    if (operation == null) {
      throw new IllegalArgumentException(
          "validate: route '" + site.route().id() + "' (expected: an operation of the document)");
    }
    return new Gate(operation, settings, site.state(Pending.class));
  }

  /// What the head left to do for the body.
  ///
  /// @param media null: the operation takes no body of this type
  private record Pending(List<RequestFault> faults, RequestBody.@Nullable Media media) {}

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
    private final Operation operation;
    private final @Nullable RequestBody body;
    private final StateKey<Pending> state;
    private final boolean off;
    private final boolean enforce;
    private final boolean refuseUnknown;
    private final int bodyMax;

    Gate(Operation operation, Settings settings, StateKey<Pending> state) {
      this.operation = operation;
      this.state = state;
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
      return body == null ? Set.of(Moment.REQUEST) : Set.of(Moment.REQUEST, Moment.REQUEST_BODY);
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
      var faults = new ArrayList<>(pending.faults);
      if (pending.media != null) {
        faults.addAll(body.check(pending.media, content));
      } else if (content.hasRemaining()) {
        return unsupported(exchange, body);
      } else if (body.required()) {
        faults.add(new RequestFault("body", "", "is missing"));
      }
      return verdict(exchange, faults);
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
