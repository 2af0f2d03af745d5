package io.ostiary.policies;

import com.nimbusds.jose.util.JSONObjectUtils;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.SignIn;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.LateLogger;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import io.ostiary.model.setting.Secret;
import io.ostiary.model.setting.SomeIfGiven;
import java.net.URI;
import java.text.ParseException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Asks for a token and asks its issuer about it (RFC 7662).
public final class Oauth2Introspection implements Policy<Oauth2Introspection.Settings> {
  private static final System.Logger LOG = new LateLogger("io.ostiary.policies");
  private static final int ANSWER_BYTES_MAX = 64 * 1024;
  private static final int TOKEN_CHARS_MAX = 16 * 1024;

  private final InstantSource clock;

  public Oauth2Introspection() {
    this(InstantSource.system());
  }

  Oauth2Introspection(InstantSource clock) {
    this.clock = clock;
  }

  public record Settings(
      @About("Where the issuer answers questions about tokens.") URI url,
      @About("Our name with the issuer.") String clientId,
      @About("Our secret with the issuer.") Secret clientSecret,
      @About("Scopes that the token must have, all of them.") @OrOne @SomeIfGiven
          Set<String> scopes,
      @About("For whom the token must be meant: one of these; none stands for anybody.")
          @OrOne
          @SomeIfGiven
          List<String> audience,
      @About("The member that is a consumer's name or id; not given: see the page.")
          @Nullable String consumerClaim,
      @About("Whether a caller who is no consumer of ours is refused.") @Default("false")
          boolean requireConsumer,
      @About("The member that lists groups.") @Default("groups") String groupsClaim,
      @About("Header fields that tell the upstream of members: field: member.")
          Map<String, String> headers,
      @About("Whether the upstream sees the token.") @Default("true") boolean forwardToken,
      @About("How long an answer may take.") @Default("3s") Duration timeout,
      @About("How long an answer is remembered, at most as long as the token lives.")
          @Default("30s")
          Duration remember,
      @About("How many answers are remembered.") @Default("10000") int rememberMax) {
    public Settings {
      HttpAsk.check("oauth2-introspection.url", url);
      Require.notBlank("oauth2-introspection.client-id", clientId);
      scopes = Set.copyOf(scopes);
      audience = List.copyOf(audience);
      scopes.forEach(scope -> Require.notBlank("oauth2-introspection.scopes", scope));
      audience.forEach(name -> Require.notBlank("oauth2-introspection.audience", name));
      headers = Map.copyOf(headers);
      Claims.ToHeaders.check("oauth2-introspection.headers", headers);
      Require.between("oauth2-introspection.timeout (ms)", timeout.toMillis(), 10, 60_000);
      Require.between("oauth2-introspection.remember (s)", remember.toSeconds(), 0, 300);
      Require.between("oauth2-introspection.remember-max", rememberMax, 0, 1_000_000);
    }
  }

  @Override
  public String name() {
    return "oauth2-introspection";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var place = "oauth2-introspection " + settings + settings.clientSecret.fingerprint();
    var memory =
        site.shared(
            place,
            Memory.class,
            () ->
                new Memory(
                    new Remembered<>(settings.rememberMax, settings.remember, clock),
                    new ConcurrentHashMap<>()));
    return new Gate(settings, site, memory, clock);
  }

  /// @param inactive why the token is not good, or null
  private record Answer(@Nullable Vouched vouched, @Nullable String inactive) {}

  /// @param asking the questions under way, so that many calls with one token ask once
  private record Memory(
      Remembered<Answer> answers, Map<TokenKey, CompletionStage<Answer>> asking) {}

  private static final class Gate implements SignIn {
    private static final Verdict UNAVAILABLE =
        new Verdict.Reply(
            Problem.of(
                    503,
                    "introspection-unavailable",
                    "Tokens cannot be checked",
                    "Whoever issued the token does not answer at the moment. Try again later.")
                .withFields(Field.of("Retry-After", "5")));

    private final Settings settings;
    private final InstantSource clock;
    private final HttpCalls http;
    private final Duration patience;
    private final BearerGate gate;
    private final Memory memory;
    private final OauthClient client;

    Gate(Settings settings, Site site, Memory memory, InstantSource clock) {
      this.settings = settings;
      this.clock = clock;
      this.memory = memory;
      http = site.http();
      patience = site.patience(settings.timeout);
      gate =
          new BearerGate(
              "oauth2-introspection",
              site.api().name(),
              new Claims.ToHeaders("oauth2-introspection.headers", settings.headers),
              Callers.of(site.snapshot()),
              settings.requireConsumer,
              settings.forwardToken,
              false);
      client = new OauthClient(settings.clientId, settings.clientSecret);
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST);
    }

    @Override
    public boolean addressed(Exchange exchange) {
      return BearerGate.addressed(exchange);
    }

    @Override
    public void clean(Exchange exchange) {
      gate.clean(exchange);
    }

    @Override
    public Verdict request(Exchange exchange) {
      clean(exchange);
      var token = Bearer.of(exchange.requestHeaders(), "Bearer");
      if (token == null) {
        return gate.refused("The call has no token. Send it as 'Authorization: Bearer TOKEN'.", "");
      }
      if (Bearer.repeated(exchange.requestHeaders()) || token.length() > TOKEN_CHARS_MAX) {
        return gate.refused("The call has more than one token, or a long one.", "invalid_request");
      }
      var key = TokenKey.of(token);
      var known = memory.answers.find(key, 0);
      return known != null
          ? decided(exchange, known)
          : new Verdict.Wait(
              asked(key, token)
                  .handle((answer, failure) ->
                      failure == null
                          ? new Verdict.OnLoop(() -> decided(exchange, answer))
                          : unavailable(failure)));
    }

    private Verdict unavailable(Throwable failure) {
      LOG.log(
          System.Logger.Level.WARNING,
          "oauth2-introspection: {0}: {1}",
          settings.url,
          Refusals.cause(failure).getMessage());
      return UNAVAILABLE;
    }

    private CompletionStage<Answer> asked(TokenKey key, String token) {
      var mine = new CompletableFuture<Answer>();
      var running = memory.asking.putIfAbsent(key, mine);
      if (running != null) {
        return running;
      }
      var form = new LinkedHashMap<String, String>();
      form.put("token", token);
      form.put("token_type_hint", "access_token");
      var ask = client.ask(settings.url, form, patience, ANSWER_BYTES_MAX, true);
      http.send(ask)
          .thenApply(reply -> answer(key, reply))
          .whenComplete((answer, failure) -> {
            memory.asking.remove(key);
            if (failure == null) {
              mine.complete(answer);
            } else {
              mine.completeExceptionally(failure);
            }
          });
      return mine;
    }

    private Answer answer(TokenKey key, HttpReply reply) {
      if (reply.status() != 200) {
        throw new IllegalStateException("status " + reply.status() + " (expected: 200)");
      }
      Map<String, Object> members;
      try {
        members = JSONObjectUtils.parse(reply.body());
      } catch (ParseException e) {
        throw new IllegalStateException("the answer is not JSON", e);
      }
      long now = clock.millis();
      long until = now + settings.remember.toMillis();
      var inactive = inactive(members, now);
      if (inactive == null && members.get("exp") instanceof Number expires) {
        until = Math.min(until, expires.longValue() * 1000);
      }
      var answer =
          inactive == null
              ? new Answer(
                  Vouched.of(
                      "oauth2-introspection",
                      members,
                      settings.groupsClaim,
                      settings.consumerClaim,
                      gate.headers()),
                  null)
              : new Answer(null, inactive);
      memory.answers.put(key, answer, until, 0);
      return answer;
    }

    private @Nullable String inactive(Map<String, Object> members, long nowMillis) {
      if (!Boolean.TRUE.equals(members.get("active"))) {
        return "The token is not good, or not any more.";
      }
      if (members.get("exp") instanceof Number expires && expires.longValue() * 1000 <= nowMillis) {
        return "The token has expired.";
      }
      if (members.get("nbf") instanceof Number from && from.longValue() * 1000 > nowMillis) {
        return "The token is not valid yet.";
      }
      boolean meant =
          settings.audience.isEmpty()
              || Claims.words(members.get("aud")).stream().anyMatch(settings.audience::contains);
      return meant ? null : "The token is meant for somebody else.";
    }

    private Verdict decided(Exchange exchange, Answer answer) {
      var vouched = answer.vouched;
      if (vouched == null) {
        return gate.refused("" + answer.inactive, "invalid_token");
      }
      var had = Claims.words(vouched.identity().claims().get("scope"));
      if (!had.containsAll(settings.scopes)) {
        return new Verdict.Reply(
            Problem.of(
                    403,
                    "insufficient-scope",
                    "The token does not allow this",
                    "The call needs a token with: " + String.join(" ", settings.scopes))
                .withFields(
                    Field.of(
                        "WWW-Authenticate",
                        "Bearer realm=\"%s\", error=\"insufficient_scope\", scope=\"%s\""
                            .formatted(gate.realm(), String.join(" ", settings.scopes)))));
      }
      return gate.admit(exchange, vouched);
    }
  }
}
