package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Headers;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Api;
import io.ostiary.model.PathPattern;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Tells browsers which pages of other origins may call (WHATWG Fetch, "HTTP-CORS protocol"), and
/// answers their preflights. It speaks for the upstream: what that says of CORS is replaced.
public final class Cors implements Policy<Cors.Settings> {
  private static final HeaderName ORIGIN = HeaderName.of("Origin");
  private static final HeaderName ASKED_METHOD = HeaderName.of("Access-Control-Request-Method");
  private static final HeaderName ALLOW_ORIGIN = HeaderName.of("Access-Control-Allow-Origin");
  private static final HeaderName ALLOW_CREDENTIALS =
      HeaderName.of("Access-Control-Allow-Credentials");
  private static final HeaderName ALLOW_METHODS = HeaderName.of("Access-Control-Allow-Methods");
  private static final HeaderName ALLOW_HEADERS = HeaderName.of("Access-Control-Allow-Headers");
  private static final HeaderName MAX_AGE = HeaderName.of("Access-Control-Max-Age");
  private static final HeaderName EXPOSE = HeaderName.of("Access-Control-Expose-Headers");
  private static final HeaderName ASKED_PRIVATE =
      HeaderName.of("Access-Control-Request-Private-Network");
  private static final HeaderName ALLOW_PRIVATE =
      HeaderName.of("Access-Control-Allow-Private-Network");
  private static final List<String> USUAL_METHODS =
      List.of("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT");

  /// @param origins `*`, origins such as `https://app.example.com`, or `https://*.example.com`
  /// @param methods not given: those that the API has on the path
  /// @param headers request fields that pages may send, or `*`
  /// @param expose response fields that pages may read, or `*`
  /// @param credentials whether cookies and HTTP authentication are let through
  /// @param maxAge how long browsers may remember a preflight
  /// @param privateNetwork whether public pages may call it in a private network
  public record Settings(
      @About(
              "'*', origins such as https://app.example.com, https://*.example.com or"
                  + " http://localhost:*.")
          @OrOne
          List<String> origins,
      @About("Methods that pages may use, or '*'; not given: those the API has on the path.")
          List<String> methods,
      @About("Request fields that pages may send, or '*'.")
          @Default("[Authorization, Content-Type, X-API-Key]")
          List<String> headers,
      @About("Response fields that pages may read, or '*'.") List<String> expose,
      @About("Whether cookies and HTTP authentication are let through.") @Default("false")
          boolean credentials,
      @About("How long browsers may remember a preflight, at most 7d.") @Default("10m")
          Duration maxAge,
      @About("Whether pages of the Internet may call an API that is in a private network.")
          @Default("false")
          boolean privateNetwork) {
    public Settings {
      origins = List.copyOf(origins);
      methods = List.copyOf(methods);
      headers = List.copyOf(headers);
      expose = List.copyOf(expose);
      if (origins.isEmpty()) {
        throw new IllegalArgumentException(
            "cors.origins: nothing (expected: '*' or origins such as https://app.example.com)");
      }
      if (credentials) {
        refuseStar("origins", origins);
        refuseStar("methods", methods);
        refuseStar("headers", headers);
        refuseStar("expose", expose);
      }
      methods.forEach(Settings::method);
      headers.forEach(name -> token("cors.headers", name));
      expose.forEach(name -> token("cors.expose", name));
      Require.between("cors.max-age (s)", maxAge.toSeconds(), 0, 7 * 86_400L);
    }

    private static void refuseStar(String setting, List<String> values) {
      if (values.contains("*")) {
        throw new IllegalArgumentException(
            "cors."
                + setting
                + ": * with 'credentials: true' (expected: names, for browsers take '*' literally"
                + " then)");
      }
    }

    /// Browsers compare methods byte by byte, and send `patch` as it is written.
    private static void method(String method) {
      token("cors.methods", method);
      if (!method.equals(method.toUpperCase(Locale.ROOT))) {
        throw new IllegalArgumentException(
            "cors.methods: '" + method + "' (expected: capital letters, such as PATCH)");
      }
    }

    private static void token(String setting, String text) {
      try {
        HeaderName.of(text);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            setting + ": '" + text + "' (expected: a name or '*')", e);
      }
    }
  }

  /// Of the API that was compiled last: a look through all of its routes for each of them takes
  /// seconds where there are ten thousand.
  private volatile @Nullable Methods last;

  @Override
  public String name() {
    return "cors";
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
  @SuppressWarnings("ReferenceEquality") // a use is known by its very settings object
  public Filter compile(Settings settings, Site site) {
    var ofApi = site.api().policies();
    var uses = ofApi.isEmpty() ? site.route().policies() : ofApi;
    if (!uses.isEmpty() && uses.getFirst().settings() != settings) {
      throw new IllegalArgumentException(
          "cors: behind '"
              + uses.getFirst().name()
              + "' (expected: the first policy of its API, for preflights carry no key and refusals"
              + " need its fields too)");
    }
    return new Gate(settings, methods(settings, site));
  }

  /// Routes of one path share its methods: browsers ask for one, and remember all that are told.
  private List<String> methods(Settings settings, Site site) {
    if (!settings.methods.isEmpty()) {
      return settings.methods;
    }
    var methods = methods(site.api()).of.get(site.route().path());
    return methods == null ? List.of() : List.copyOf(methods);
  }

  @SuppressWarnings("ReferenceEquality") // Every one of its routes comes with the same API.
  private Methods methods(Api api) {
    var methods = last;
    if (methods == null || methods.api != api) {
      methods = Methods.of(api);
      last = methods;
    }
    return methods;
  }

  /// The methods of each path of an API.
  private record Methods(Api api, Map<PathPattern, Set<String>> of) {
    static Methods of(Api api) {
      var of = new HashMap<PathPattern, Set<String>>();
      for (var route : api.routes()) {
        of.computeIfAbsent(route.path(), _ -> new TreeSet<>())
            .addAll(route.methods().isEmpty() ? USUAL_METHODS : route.methods());
      }
      return new Methods(api, of);
    }
  }

  private static final class Gate implements Filter {
    private static final Verdict REFUSED =
        new Verdict.Reply(
            Problem.of(
                    403,
                    "cors",
                    "Origin not allowed",
                    "Pages of this origin may not call this API.")
                .withFields(new Field(Vary.NAME, "Origin")));

    private final CorsPages origins;
    private final boolean credentials;
    private final boolean privateNetwork;
    private final String methods;
    private final String headers;
    private final String expose;
    private final String maxAge;

    Gate(Settings settings, List<String> methods) {
      origins = CorsPages.of(settings.origins);
      credentials = settings.credentials;
      privateNetwork = settings.privateNetwork;
      this.methods = String.join(", ", methods);
      headers = String.join(", ", settings.headers);
      expose = String.join(", ", settings.expose);
      maxAge = Long.toString(settings.maxAge.toSeconds());
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST, Moment.RESPONSE);
    }

    @Override
    public boolean answersPreflights() {
      return true;
    }

    @Override
    public Verdict request(Exchange exchange) {
      var asked = exchange.requestHeaders();
      if (!exchange.method().equals("OPTIONS") || !asked.has(ASKED_METHOD) || !asked.has(ORIGIN)) {
        return Verdict.CONTINUE;
      }
      var origin = origin(asked);
      return origin == null
          ? REFUSED
          : new Verdict.Answer(new Message(204, preflight(origin, asked), ""));
    }

    private List<Field> preflight(String origin, Headers asked) {
      var fields = new ArrayList<Field>(7);
      fields.add(new Field(ALLOW_ORIGIN, shown(origin)));
      if (credentials) {
        fields.add(new Field(ALLOW_CREDENTIALS, "true"));
      }
      fields.add(new Field(ALLOW_METHODS, methods));
      if (!headers.isEmpty()) {
        fields.add(new Field(ALLOW_HEADERS, headers));
      }
      fields.add(new Field(MAX_AGE, maxAge));
      if (privateNetwork && "true".equals(asked.first(ASKED_PRIVATE))) {
        fields.add(new Field(ALLOW_PRIVATE, "true"));
      }
      if (!origins.all()) {
        fields.add(new Field(Vary.NAME, "Origin"));
      }
      return fields;
    }

    @Override
    public Verdict response(Exchange exchange) {
      var headers = exchange.responseHeaders();
      headers.remove(ALLOW_CREDENTIALS);
      headers.remove(EXPOSE);
      var origin = origin(exchange.requestHeaders());
      if (origin == null) {
        headers.remove(ALLOW_ORIGIN);
      } else {
        headers.set(ALLOW_ORIGIN, shown(origin));
        if (credentials) {
          headers.set(ALLOW_CREDENTIALS, "true");
        }
        if (!expose.isEmpty()) {
          headers.set(EXPOSE, expose);
        }
      }
      if (!origins.all()) {
        // Also where no page calls: a cache may hand this answer to one.
        Vary.add(headers, "Origin");
      }
      return Verdict.CONTINUE;
    }

    /// The origin of the page that calls, if it may; null also where no page calls.
    private @Nullable String origin(Headers asked) {
      var origin = asked.first(ORIGIN);
      return origin == null || asked.repeated(ORIGIN) || !origins.hold(origin) ? null : origin;
    }

    private String shown(String origin) {
      return origins.all() ? "*" : origin;
    }
  }
}
