package io.ostiary.policies;

import io.ostiary.contract.openapi.OpenApi;
import io.ostiary.contract.openapi.Responses;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Document;
import io.ostiary.model.FieldName;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.policies.mocking.MockAnswers;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Answers in the upstream's place with what the API's OpenAPI document says it would.
public final class Mock implements Policy<Mock.Settings> {
  /// @param always false: only calls that ask for it
  /// @param delay how long an answer takes
  public record Settings(
      @About("Whether all calls are answered so; false: those that say 'Prefer: mock' only.")
          @Default("true")
          boolean always,
      @About("How long an answer takes, at most 1m.") @Default("0s") Duration delay) {
    public Settings {
      Require.between("mock.delay (ms)", delay.toMillis(), 0, 60_000);
    }
  }

  /// The document that was read last: its operations are compiled one after the other.
  private record Read(Document document, JsonNode tree) {}

  /// Let go of when memory is short: a large document's tree takes many times its text.
  private volatile SoftReference<Read> read = new SoftReference<>(null);

  @Override
  public String name() {
    return "mock";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public boolean lasting() {
    return true;
  }

  /// Of its API it looks at the document and the policies, which are those of all its routes.
  @Override
  public boolean ofOneRoute(Settings settings) {
    return true;
  }

  @Override
  public boolean answers(Settings settings) {
    return settings.always;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var document = site.api().document();
    var key = site.route().operation();
    if (document == null || key == null) {
      throw new IllegalArgumentException(
          "mock: route '"
              + site.route().id()
              + "' (expected: an operation of the API's document, by 'openapi: FILE')");
    }
    var tree = tree(document);
    var answers = new MockAnswers(tree, key, Mock::settable, responses(document, key));
    return new Gate(settings, answers, bodyMax(site));
  }

  /// Answers have no body that a document could frame, and say themselves what they are.
  private static boolean settable(String field) {
    return FieldName.fits(field)
        && !HeaderRules.owned(field)
        && !field.equalsIgnoreCase("Content-Type");
  }

  /// Whoever develops against a mock wants to hear of bodies that do not fit: where `validate`
  /// reads them, an answer waits for what it says.
  ///
  /// @return how long bodies are that it reads; 0: it does not
  private static int bodyMax(Site site) {
    return Stream.concat(site.api().policies().stream(), site.route().policies().stream())
        .map(PolicyUse::settings)
        .filter(Validate.Settings.class::isInstance)
        .map(Validate.Settings.class::cast)
        .filter(validate -> validate.request() != Validate.Mode.OFF)
        .mapToInt(Validate.Settings::bodyMax)
        .max()
        .orElse(0);
  }

  /// Null where they cannot be understood: whoever only wants to see an answer gets one.
  private static @Nullable Responses responses(Document document, String key) {
    var operation = document instanceof OpenApi api ? api.operation(key) : null;
    try {
      return operation == null ? null : operation.responses();
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  @SuppressWarnings("ReferenceEquality") // The very document is the question.
  private JsonNode tree(Document document) {
    var last = read.get();
    if (last == null || last.document != document) {
      last = new Read(document, new JsonMapper().readTree(document.json()));
      read = new SoftReference<>(last);
    }
    return last.tree;
  }

  /// @param bodyMax above 0: the request's body, of at most that length, is waited for
  private record Gate(Settings settings, MockAnswers answers, int bodyMax) implements Filter {
    private static final HeaderName PREFER = HeaderName.of("Prefer");
    private static final HeaderName ACCEPT = HeaderName.of("Accept");
    private static final Pattern MOCK = Pattern.compile("(?:^|[,;\\s])mock(?:$|[,;\\s])");
    private static final Pattern CODE = Pattern.compile("(?:^|[,;\\s])code=\"?([0-9]{3})\"?");
    private static final Pattern EXAMPLE =
        Pattern.compile("(?:^|[,;\\s])example=\"?([A-Za-z0-9_.-]{1,100})\"?");

    @Override
    public Set<Moment> moments() {
      return Set.of(bodyMax > 0 ? Moment.REQUEST_BODY : Moment.REQUEST);
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return bodyMax > 0 ? new BodyNeed.Whole(bodyMax) : BodyNeed.NONE;
    }

    @Override
    public Verdict requestBody(Exchange exchange, ByteBuffer body, boolean last) {
      return request(exchange);
    }

    @Override
    public Verdict request(Exchange exchange) {
      var prefer = String.join(", ", exchange.requestHeaders().all(PREFER));
      if (!settings.always && !MOCK.matcher(prefer.toLowerCase(Locale.ROOT)).find()) {
        return Verdict.CONTINUE;
      }
      var verdict = answer(exchange, prefer);
      return settings.delay.isZero() ? verdict : Verdict.after(settings.delay.toNanos(), verdict);
    }

    private Verdict answer(Exchange exchange, String prefer) {
      var code = CODE.matcher(prefer);
      var example = EXAMPLE.matcher(prefer);
      int status = code.find() ? Integer.parseInt(code.group(1)) : 0;
      if (status != 0 && !answers.statuses().contains(status)) {
        return new Verdict.Reply(
            Problem.of(
                400,
                "mock-unknown",
                "No such answer",
                "The document knows for this operation: " + answers.statuses() + "."));
      }
      var name = example.find() ? example.group(1) : "";
      var accepted = exchange.requestHeaders().all(ACCEPT);
      var message =
          answers.choose(status, name, accepted.isEmpty() ? null : String.join(",", accepted));
      if (message == null) {
        return new Verdict.Reply(
            Problem.of(
                406,
                "mock-not-acceptable",
                "Nothing to answer with",
                "The document has no answer of an accepted media type, or no example of this"
                    + " name."));
      }
      return new Verdict.Serve(message);
    }
  }
}
