package io.ostiary.policies;

import dev.cel.bundle.CelFactory;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelVariableResolver;
import dev.cel.runtime.Program;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.CallId;
import io.ostiary.model.LateLogger;
import io.ostiary.model.Peers;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Alone;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Lets a call pass where expressions hold (Common Expression Language).
///
/// Compiled and type-checked once. What an expression may cost is bounded: its own length, the
/// turns of its comprehensions, patterns in linear time (RE2); it cannot loop otherwise, nor call
/// anybody. An expression that fails, such as by a claim that is not there, refuses.
public final class Cel implements Policy<Cel.Settings> {
  private static final System.Logger LOG = new LateLogger("io.ostiary.policies");
  private static final int CHARS_MAX = 4096;
  private static final int TURNS_MAX = 1000;
  private static final int EXPRESSIONS_MAX = 16;

  /// Some hundred classes that most starts do without.
  private static final class Environment {
    private static final dev.cel.bundle.Cel CEL = make();

    private static dev.cel.bundle.Cel make() {
      var members = MapType.create(SimpleType.STRING, SimpleType.DYN);
      return CelFactory.plannerCelBuilder()
          .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
          .setOptions(
              CelOptions.current()
                  .enableHeterogeneousNumericComparisons(true)
                  .comprehensionMaxIterations(TURNS_MAX)
                  .maxExpressionCodePointSize(CHARS_MAX)
                  .build())
          .addVar("request", members)
          .addVar("consumer", members)
          .addVar("identity", members)
          .addVar("claims", members)
          .setResultType(SimpleType.BOOL)
          .build();
    }
  }

  public record Settings(
      @Alone @OrOne @About("Expressions that must all hold; see the page for what they know.")
          List<String> require,
      @About("What a refused caller is told.") @Default("The rules of this API do not allow it.")
          String detail) {
    public Settings {
      require = List.copyOf(require);
      Require.between("cel.require (count)", require.size(), 1, EXPRESSIONS_MAX);
      require.forEach(Cel::program);
    }
  }

  /// @throws IllegalArgumentException where it cannot be compiled, with the place in it
  private static Program program(String expression) {
    try {
      return Environment.CEL.createProgram(Environment.CEL.compile(expression).getAst());
    } catch (CelValidationException | CelEvaluationException e) {
      throw new IllegalArgumentException("cel.require: " + e.getMessage(), e);
    }
  }

  @Override
  public String name() {
    return "cel";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

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
    return new Gate(settings);
  }

  private static final class Gate implements Filter {
    private final List<String> expressions;
    private final Program[] programs;
    private final Verdict refused;

    Gate(Settings settings) {
      expressions = settings.require;
      programs = settings.require.stream().map(Cel::program).toArray(Program[]::new);
      refused = new Verdict.Reply(Problem.of(403, "cel", "Not allowed by a rule", settings.detail));
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST);
    }

    @Override
    public Verdict request(Exchange exchange) {
      var known = new Known(exchange);
      for (int i = 0; i < programs.length; i++) {
        try {
          if (!Boolean.TRUE.equals(programs[i].eval(known))) {
            return refused;
          }
        } catch (CelEvaluationException e) {
          LOG.log(
              System.Logger.Level.DEBUG,
              "cel: {0} fails in call {1}: {2}",
              expressions.get(i),
              CallId.text(exchange.callId()),
              e.getMessage());
          return refused;
        }
      }
      return Verdict.CONTINUE;
    }
  }

  /// What expressions know of a call; each part is made when it is first asked for.
  private static final class Known implements CelVariableResolver {
    private final Exchange exchange;
    private final Map<String, Map<String, Object>> made = new HashMap<>(4);

    Known(Exchange exchange) {
      this.exchange = exchange;
    }

    @Override
    public Optional<Object> find(String name) {
      return Optional.of(made.computeIfAbsent(name, this::make));
    }

    private Map<String, Object> make(String name) {
      return switch (name) {
        case "request" -> request();
        case "consumer" -> consumer();
        case "identity" -> identity();
        default -> claims();
      };
    }

    private Map<String, Object> request() {
      var request = new HashMap<String, Object>();
      var query = exchange.query();
      request.put("method", exchange.method());
      request.put("path", exchange.path());
      request.put("query", query == null ? "" : query);
      request.put("secure", exchange.secure());
      request.put("client", Peers.text(exchange.client()));
      request.put("api", exchange.api().name());
      request.put("route", exchange.route().id());
      var headers = new HashMap<String, Object>();
      exchange
          .requestHeaders()
          .forEach((name, value) ->
              headers.merge(
                  name.toLowerCase(Locale.ROOT), value, (one, other) -> one + ", " + other));
      request.put("headers", headers);
      return request;
    }

    private Map<String, Object> consumer() {
      var consumer = exchange.consumer();
      return consumer == null
          ? Map.of("known", false, "id", "", "name", "", "groups", List.of(), "tags", List.of())
          : Map.of(
              "known", true,
              "id", consumer.id(),
              "name", consumer.name(),
              "groups", List.copyOf(consumer.groups()),
              "tags", List.copyOf(consumer.tags()));
    }

    private Map<String, Object> identity() {
      var identity = exchange.identity();
      return identity == null
          ? Map.of("known", false, "by", "", "subject", "", "groups", List.of())
          : Map.of(
              "known", true,
              "by", identity.by(),
              "subject", identity.subject(),
              "groups", List.copyOf(identity.groups()));
    }

    @SuppressWarnings("unchecked") // A map of a map is one again.
    private Map<String, Object> claims() {
      var identity = exchange.identity();
      return identity == null ? Map.of() : (Map<String, Object>) plain(identity.claims());
    }

    /// What JSON brings, in the types that CEL knows.
    private static Object plain(Object value) {
      return switch (value) {
        case Map<?, ?> members -> {
          var plain = new HashMap<String, Object>();
          members.forEach((name, member) -> {
            if (member != null) {
              plain.put(String.valueOf(name), plain(member));
            }
          });
          yield plain;
        }
        case List<?> items -> {
          var plain = new ArrayList<Object>();
          for (var item : items) {
            if (item != null) {
              plain.add(plain(item));
            }
          }
          yield plain;
        }
        case Integer number -> number.longValue();
        case Float number -> number.doubleValue();
        case Long number -> number;
        case Double number -> number;
        case Boolean flag -> flag;
        default -> value.toString();
      };
    }
  }
}
