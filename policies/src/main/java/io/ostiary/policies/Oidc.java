package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.SignIn;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.LateLogger;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.Secret;
import io.ostiary.policies.Refusals.Refused;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Leads people to sign in with an OpenID provider (code flow with PKCE) and recognises them by a
/// session that stands in a cookie only we can read; nothing of it is kept here. Where the provider
/// gives a refresh token the session is renewed without anybody noticing, see [OidcTokens].
public final class Oidc implements Policy<Oidc.Settings> {
  static final System.Logger LOG = new LateLogger("io.ostiary.policies");
  private static final int SECRET_BYTES_MIN = 32;

  /// How long a call waits for the provider: for what it says of itself, a token, its keys and what
  /// it says of a person.
  private static final Duration PATIENCE = Duration.ofSeconds(4 * OidcTokens.LIMIT.toSeconds());

  private final InstantSource clock;

  public Oidc() {
    this(InstantSource.system());
  }

  Oidc(InstantSource clock) {
    this.clock = clock;
  }

  public record Settings(
      @About("The provider's issuer, where its configuration is found.") URI issuer,
      @About("Our name with the provider.") String clientId,
      @About("Our secret with the provider.") Secret clientSecret,
      @About("Seals the cookies; at least 32 characters, the same on every node.")
          Secret cookieSecret,
      @About("What is asked for, beside openid.") @Default("[ profile, email ]") Set<String> scopes,
      @About("Where clients reach us, such as https://api.example.com; not given: as they say.")
          @Nullable URI baseUrl,
      @About("The path to which the provider leads back; a route with this policy.")
          @Default("/oidc/callback")
          String callbackPath,
      @About("The path that signs out; a route with this policy.") @Default("/oidc/logout")
          String logoutPath,
      @About("Where the provider leads who signed out; not given: as it likes.")
          @Nullable URI afterLogout,
      @About("How long a session lasts.") @Default("8h") Duration session,
      @About("Whether a session ends when the provider no longer renews its refresh token.")
          @Default("true")
          boolean refresh,
      @About(
              "Whether the provider's userinfo is asked for claims that its ID token does not bring.")
          @Default("true")
          boolean userinfo,
      @About("The claim that is a consumer's name or id; not given: see jwt.")
          @Nullable String consumerClaim,
      @About("Whether people who are no consumers of ours are refused.") @Default("false")
          boolean requireConsumer,
      @About("The claim that lists groups.") @Default("groups") String groupsClaim,
      @About("Header fields that tell the upstream of claims: field: claim.")
          Map<String, String> headers) {
    public Settings {
      HttpAsk.check("oidc.issuer", issuer);
      Require.notBlank("oidc.client-id", clientId);
      if (cookieSecret.bytes().length < SECRET_BYTES_MIN) {
        throw Require.invalid(
            "oidc.cookie-secret", cookieSecret.bytes().length + " bytes", "at least 32");
      }
      if (baseUrl != null) {
        HttpAsk.check("oidc.base-url", baseUrl);
      }
      if (afterLogout != null) {
        HttpAsk.check("oidc.after-logout", afterLogout);
      }
      for (var path : List.of(callbackPath, logoutPath)) {
        if (!path.startsWith("/") || path.indexOf('?') >= 0) {
          throw Require.invalid("oidc.callback-path or logout-path", path, "a path from '/' on");
        }
      }
      scopes = Set.copyOf(scopes);
      headers = Map.copyOf(headers);
      Claims.ToHeaders.check("oidc.headers", headers);
      Require.between("oidc.session (s)", session.toSeconds(), 60, 30 * 86_400L);
    }
  }

  @Override
  public String name() {
    return "oidc";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var issuer = settings.issuer.toString();
    var provider =
        site.shared(
            "oidc " + issuer, Provider.class, () -> new Provider(issuer, site.http(), clock));
    provider.http(site.http());
    provider.keys().prepare(site.http());
    return new Gate(settings, site, provider, clock);
  }

  private static final class Gate implements SignIn {
    private static final HeaderName HOST = HeaderName.of("Host");
    private static final HeaderName ACCEPT = HeaderName.of("Accept");
    private static final HeaderName FETCH_MODE = HeaderName.of("Sec-Fetch-Mode");
    private static final HeaderName SET_COOKIE = HeaderName.of("Set-Cookie");
    private static final HeaderName CACHE_CONTROL = HeaderName.of("Cache-Control");
    private static final Pattern ERROR = Pattern.compile("[a-z_]{1,40}");
    private static final Set<String> KEPT =
        Set.of("iss", "sub", "email", "name", "preferred_username");

    private final Settings settings;
    private final Provider provider;
    private final InstantSource clock;
    private final OidcTokens tokens;
    private final Callers callers;
    private final Claims.ToHeaders headers;
    private final Duration patience;
    private final OidcCookies cookies;
    private final OidcLogin login;
    private final SealedCookie session;
    private final StateKey<String> renewed;

    Gate(Settings settings, Site site, Provider provider, InstantSource clock) {
      this.settings = settings;
      this.provider = provider;
      this.clock = clock;
      var issuer = settings.issuer.toString();
      tokens =
          new OidcTokens(
              issuer,
              provider,
              new OauthClient(settings.clientId, settings.clientSecret),
              site,
              clock,
              site.shared(
                  "oidc tokens " + issuer + " " + settings.clientId,
                  OidcTokens.Memory.class,
                  () -> OidcTokens.Memory.of(clock)),
              settings.userinfo ? wanted() : Set.of());
      renewed = site.state(String.class);
      patience = site.patience(PATIENCE);
      callers = Callers.of(site.snapshot());
      headers = new Claims.ToHeaders("oidc.headers", settings.headers);
      cookies = OidcCookies.of(issuer, settings.clientId, settings.cookieSecret);
      login = new OidcLogin(cookies, settings.clientId, settings.scopes, clock);
      session = cookies.session();
    }

    @Override
    public Set<Moment> moments() {
      return settings.refresh ? Set.of(Moment.REQUEST, Moment.RESPONSE) : Set.of(Moment.REQUEST);
    }

    @Override
    public boolean addressed(Exchange exchange) {
      return When.cookie(exchange, session.name()) != null
          || exchange.path().equals(settings.callbackPath)
          || exchange.path().equals(settings.logoutPath);
    }

    @Override
    public void clean(Exchange exchange) {
      headers.clear(exchange.requestHeaders());
    }

    @Override
    public Verdict request(Exchange exchange) {
      clean(exchange);
      if (exchange.path().equals(settings.callbackPath)) {
        return cameBack(exchange);
      }
      var value = When.cookie(exchange, session.name());
      var open = value == null ? null : session.open(value);
      if (exchange.path().equals(settings.logoutPath)) {
        return new Verdict.Wait(signOut(open));
      }
      if (open == null || number(open, "until") <= clock.millis()) {
        return signIn(exchange);
      }
      if (settings.refresh
          && open.get("refresh") instanceof String refresh
          && number(open, "fresh") <= clock.millis()) {
        return new Verdict.Wait(
            within(tokens.renewed(refresh, subject(open)))
                .exceptionally(_ -> new OidcTokens.Outcome.Unknown())
                .thenApply(outcome -> new Verdict.OnLoop(() -> goOn(exchange, open, outcome))));
      }
      OidcCookies.hide(exchange);
      return admit(exchange, open);
    }

    /// For as long as this call may wait; the question itself goes on, for others share it.
    private <T> CompletableFuture<T> within(CompletionStage<T> asked) {
      return asked.toCompletableFuture().copy().orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static String subject(Map<String, Object> open) {
      return open.get("claims") instanceof Map<?, ?> claims ? "" + claims.get("sub") : "";
    }

    /// Under the session as it is now; the answer brings its cookie.
    private Verdict goOn(Exchange exchange, Map<String, Object> open, OidcTokens.Outcome outcome) {
      return switch (outcome) {
        case OidcTokens.Outcome.Over() -> signIn(exchange);
        case OidcTokens.Outcome.Unknown() -> {
          OidcCookies.hide(exchange);
          yield admit(exchange, open);
        }
        case OidcTokens.Outcome.Renewed(var given) -> {
          var content = new LinkedHashMap<>(open);
          if (given.claims() != null) {
            content.put("claims", kept(given.claims()));
          }
          long left = (number(open, "until") - clock.millis()) / 1000;
          var sealed = sealed(content, given);
          if (sealed != null) {
            exchange.state(renewed, session.set(sealed, Math.max(1, left)));
          }
          OidcCookies.hide(exchange);
          yield admit(exchange, content);
        }
      };
    }

    @Override
    public Verdict response(Exchange exchange) {
      var cookie = exchange.state(renewed);
      if (cookie != null) {
        exchange.responseHeaders().add(SET_COOKIE, cookie);
        // Nobody else may be handed this answer with this cookie.
        exchange.responseHeaders().set(CACHE_CONTROL, "no-store");
      }
      return Verdict.CONTINUE;
    }

    private Verdict admit(Exchange exchange, Map<String, Object> open) {
      if (!(open.get("claims") instanceof Map<?, ?> kept)) {
        return refused("The session cannot be read. Sign in again.");
      }
      var claims = new LinkedHashMap<String, Object>();
      kept.forEach((name, value) -> claims.put(String.valueOf(name), value));
      var vouched =
          Vouched.of("oidc", claims, settings.groupsClaim, settings.consumerClaim, headers);
      return vouched.recognised(exchange, callers, settings.requireConsumer)
          ? Verdict.CONTINUE
          : new Verdict.Reply(
              Problem.of(
                  403, "oidc-unknown", "Not known here", "You are signed in, but not known here."));
    }

    /// Pages are led to the provider; programs, which could not follow, are told.
    private Verdict signIn(Exchange exchange) {
      var accept = exchange.requestHeaders().first(ACCEPT);
      var mode = exchange.requestHeaders().first(FETCH_MODE);
      if (!exchange.method().equals("GET")
          || accept == null
          || !accept.contains("text/html")
          || (mode != null && !mode.equals("navigate"))) {
        return refused("The call has no session, or it has ended. Sign in in a browser.");
      }
      var query = exchange.query();
      var target = exchange.path() + (query == null ? "" : "?" + query);
      var trip = new OidcLogin.Trip(target, callback(exchange), cookies.logins(exchange));
      return new Verdict.Wait(
          within(provider.endpoints())
              .handle((found, failure) ->
                  failure == null
                      ? new Verdict.Answer(login.leave(found, trip))
                      : unavailable(failure)));
    }

    private Verdict cameBack(Exchange exchange) {
      var query = exchange.query() == null ? "" : "" + exchange.query();
      var state = one(query, "state");
      var begun = state == null ? null : login.cameBack(exchange, state);
      if (begun == null) {
        return refused("The sign-in was not begun here, or too long ago. Begin again.");
      }
      var from = one(query, "iss");
      if (from != null && !from.equals(provider.issuer())) {
        return refused("The sign-in comes back from another provider. Begin again.");
      }
      var code = one(query, "code");
      if (code == null) {
        return notLetIn(query);
      }
      var body = new LinkedHashMap<String, String>();
      body.put("grant_type", "authorization_code");
      body.put("code", code);
      body.put("redirect_uri", begun.back());
      body.put("code_verifier", begun.verifier());
      return new Verdict.Wait(
          within(
                  provider
                      .endpoints()
                      .thenCompose(found -> {
                        if (from == null && found.saysIssuer()) {
                          throw new Refused("The sign-in does not say where it comes from.");
                        }
                        return tokens.forCode(found, body, begun.nonce());
                      }))
              .handle((given, failure) ->
                  failure == null ? signedIn(given, begun) : unavailable(failure)));
    }

    /// What the provider says is told where it is one of its words (RFC 6749 section 4.1.2.1).
    private Verdict notLetIn(String query) {
      var error = one(query, "error");
      boolean known = error != null && ERROR.matcher(error).matches();
      if (known && !"access_denied".equals(error)) {
        LOG.log(
            System.Logger.Level.WARNING, "oidc: {0} lets nobody in: {1}", provider.issuer(), error);
      }
      return refused("The provider did not let you in" + (known ? ": " + error + "." : "."));
    }

    private Verdict signedIn(OidcTokens.Given given, OidcLogin.Begun begun) {
      Map<String, Object> content = new LinkedHashMap<>();
      content.put("claims", kept(Objects.requireNonNull(given.claims())));
      content.put("until", clock.millis() + settings.session.toMillis());
      var value = sealed(content, given);
      if (value == null) {
        return refused("What the provider says of you does not fit a cookie. Tell the operator.");
      }
      var target = begun.target();
      var safe = target.startsWith("/") && !target.startsWith("//") ? target : "/";
      return redirect(safe, begun.over(), session.set(value, settings.session.toSeconds()));
    }

    /// The claims that the settings name.
    private Set<String> wanted() {
      var wanted = new TreeSet<>(settings.headers.values());
      wanted.add(settings.groupsClaim);
      if (settings.consumerClaim != null) {
        wanted.add(settings.consumerClaim);
      }
      return wanted;
    }

    /// What of the claims anybody asks for.
    private Map<String, Object> kept(Map<String, Object> claims) {
      var wanted = new TreeSet<>(KEPT);
      wanted.addAll(wanted());
      var kept = new LinkedHashMap<String, Object>();
      for (var name : wanted) {
        var claim = Claims.find(claims, name);
        if (claim != null) {
          kept.put(name, claim);
        }
      }
      return kept;
    }

    /// The session as a cookie's value, with what renews it; null: it does not fit.
    private @Nullable String sealed(Map<String, Object> content, OidcTokens.Given given) {
      content.remove("refresh");
      content.remove("fresh");
      if (settings.refresh && given.refresh() != null) {
        content.put("refresh", given.refresh());
        content.put("fresh", given.untilMillis());
      }
      var value = session.seal(content);
      return value.length() + session.name().length() > SealedCookie.CHARS_MAX ? null : value;
    }

    private CompletionStage<Verdict> signOut(@Nullable Map<String, Object> open) {
      var refresh = open == null ? null : open.get("refresh");
      return within(
              provider
                  .endpoints()
                  .thenCompose(found ->
                      refresh instanceof String token
                          ? tokens.revoked(found, token).thenApply(_ -> found)
                          : CompletableFuture.completedFuture(found)))
          .handle((found, _) -> signedOut(found));
    }

    private Verdict signedOut(Provider.@Nullable Endpoints found) {
      var logout = found == null ? null : found.logout();
      var form = new LinkedHashMap<String, String>();
      form.put("client_id", settings.clientId);
      var after = settings.afterLogout;
      if (after != null) {
        form.put("post_logout_redirect_uri", after.toString());
      }
      var place =
          logout == null
              ? after == null ? "/" : after.toString()
              : logout + (logout.getRawQuery() == null ? "?" : "&") + OauthClient.form(form);
      return redirect(place, session.clear());
    }

    private static Verdict redirect(String location, String... cookies) {
      return new Verdict.Answer(OidcLogin.redirect(location, List.of(cookies)));
    }

    private Verdict unavailable(Throwable failure) {
      var cause = Refusals.cause(failure);
      if (cause instanceof Refused) {
        return refused("" + cause.getMessage());
      }
      if (Refusals.isBusy(cause)) {
        return Refusals.busy();
      }
      LOG.log(
          System.Logger.Level.WARNING,
          "oidc: {0}: {1}",
          settings.issuer,
          cause instanceof TimeoutException ? "no answer within " + patience : cause.getMessage());
      return new Verdict.Reply(
          Problem.of(
                  503,
                  "oidc-unavailable",
                  "Sign-in not possible",
                  "The provider that signs people in does not answer. Try again later.")
              .withFields(Field.of("Retry-After", "10")));
    }

    private static Verdict refused(String detail) {
      return new Verdict.Reply(Problem.of(401, "oidc", "Sign-in required", detail));
    }

    private String callback(Exchange exchange) {
      if (settings.baseUrl != null) {
        var base = settings.baseUrl.toString();
        return (base.endsWith("/") ? base.substring(0, base.length() - 1) : base)
            + settings.callbackPath;
      }
      var host = exchange.requestHeaders().first(HOST);
      return (exchange.https() ? "https://" : "http://") + host + settings.callbackPath;
    }

    private static @Nullable String one(String query, String name) {
      var values = Query.take(query, name).values();
      return values.size() == 1 ? values.getFirst() : null;
    }

    private static long number(Map<String, Object> content, String name) {
      return content.get(name) instanceof Number number ? number.longValue() : 0;
    }
  }
}
