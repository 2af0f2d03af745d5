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
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
  private static final List<String> USUAL_METHODS =
      List.of("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT");

  /// @param origins `*`, origins such as `https://app.example.com`, or `https://*.example.com`
  /// @param methods not given: those that the API has on the path
  /// @param headers request fields that pages may send, or `*`
  /// @param expose response fields that pages may read, or `*`
  /// @param credentials whether cookies and HTTP authentication are let through
  /// @param maxAge how long browsers may remember a preflight
  public record Settings(
      @About("'*', origins such as https://app.example.com, or https://*.example.com.") @OrOne
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
          Duration maxAge) {
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
      methods.forEach(method -> token("cors.methods", method));
      headers.forEach(name -> token("cors.headers", name));
      expose.forEach(name -> token("cors.expose", name));
      if (maxAge.isNegative() || maxAge.toDays() > 7) {
        throw new IllegalArgumentException("cors.max-age: " + maxAge + " (expected: 0s-7d)");
      }
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

    private static void token(String setting, String text) {
      try {
        HeaderName.of(text);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            setting + ": '" + text + "' (expected: a name or '*')", e);
      }
    }
  }

  @Override
  public String name() {
    return "cors";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a use is known by its very settings object
  public Filter compile(Settings settings, Site site) {
    var uses = new ArrayList<>(site.api().policies());
    uses.addAll(site.route().policies());
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
  private static List<String> methods(Settings settings, Site site) {
    if (!settings.methods.isEmpty()) {
      return settings.methods;
    }
    var methods = new TreeSet<String>();
    for (var route : site.api().routes()) {
      if (route.path().equals(site.route().path())) {
        methods.addAll(route.methods().isEmpty() ? USUAL_METHODS : route.methods());
      }
    }
    return List.copyOf(methods);
  }

  /// Pages that may call, by their origin.
  private record Pages(boolean all, Set<String> exact, List<Below> below) {
    /// `https://*.example.com:8443`, without the star.
    private record Below(String start, String end) {
      boolean holds(String origin) {
        if (!origin.startsWith(start)
            || !origin.endsWith(end)
            || origin.length() <= start.length() + end.length()) {
          return false;
        }
        var label = origin.substring(start.length(), origin.length() - end.length());
        return label.chars().allMatch(c -> c == '.' || c == '-' || Character.isLetterOrDigit(c));
      }
    }

    static Pages of(List<String> texts) {
      var exact = new ArrayList<String>();
      var below = new ArrayList<Below>();
      for (var text : texts) {
        if (text.equals("*")) {
          continue;
        }
        var origin = text.toLowerCase(Locale.ROOT);
        int star = origin.indexOf("://*.");
        if (!origin.matches(
            "[a-z][a-z0-9+.-]*://(\\*\\.)?([a-z0-9._-]+|\\[[0-9a-f:.]+])(:[0-9]+)?")) {
          throw new IllegalArgumentException(
              "cors.origins: '"
                  + text
                  + "' (expected: '*', https://app.example.com or https://*.example.com, without a"
                  + " path)");
        }
        if (star < 0) {
          exact.add(origin);
        } else {
          below.add(new Below(origin.substring(0, star + 3), origin.substring(star + 4)));
        }
      }
      return new Pages(texts.contains("*"), Set.copyOf(exact), List.copyOf(below));
    }

    boolean hold(String origin) {
      if (all || exact.contains(origin)) {
        return true;
      }
      for (int i = 0; i < below.size(); i++) {
        if (below.get(i).holds(origin)) {
          return true;
        }
      }
      return false;
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

    private final Pages origins;
    private final boolean credentials;
    private final String methods;
    private final String headers;
    private final String expose;
    private final String maxAge;

    Gate(Settings settings, List<String> methods) {
      origins = Pages.of(settings.origins);
      credentials = settings.credentials;
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
      return origin == null ? REFUSED : new Verdict.Answer(new Message(204, preflight(origin), ""));
    }

    private List<Field> preflight(String origin) {
      var fields = new ArrayList<Field>(6);
      fields.add(new Field(ALLOW_ORIGIN, shown(origin)));
      if (credentials) {
        fields.add(new Field(ALLOW_CREDENTIALS, "true"));
      }
      fields.add(new Field(ALLOW_METHODS, methods));
      if (!headers.isEmpty()) {
        fields.add(new Field(ALLOW_HEADERS, headers));
      }
      fields.add(new Field(MAX_AGE, maxAge));
      if (!origins.all) {
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
      if (!origins.all) {
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
      return origins.all ? "*" : origin;
    }
  }
}
