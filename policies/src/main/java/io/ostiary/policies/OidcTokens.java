package io.ostiary.policies;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.util.JSONObjectUtils;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Work;
import io.ostiary.policies.JwtCheck.Algorithm;
import io.ostiary.policies.Refusals.Refused;
import io.ostiary.policies.Refusals.Unavailable;
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

/// What an OpenID provider gives for a code, and for a refresh token later on; checked before
/// anybody believes it.
///
/// A refresh token is sent once only: where providers give a new one each time, they take a second
/// use for theft and end the whole session. Calls of several tabs that come with the same one share
/// one question, and those that come within a minute after it share its answer.
final class OidcTokens {
  /// How long a call may come with a cookie that another call has had renewed.
  static final Duration SHARED = Duration.ofMinutes(1);

  /// How long nobody asks again where the provider gave no answer.
  static final Duration PAUSE = Duration.ofSeconds(10);

  static final Duration LIMIT = Duration.ofSeconds(5);
  private static final Duration LEEWAY = Duration.ofSeconds(30);

  /// Where the provider does not say how long its access token lasts, and the least that counts.
  private static final long SECONDS = 300;

  private static final long SECONDS_MIN = 1;
  private static final int ANSWER_BYTES_MAX = 256 * 1024;
  private static final int SAID_CHARS_MAX = 200;

  private final Provider provider;
  private final OauthClient client;
  private final HttpCalls http;
  private final Work work;
  private final InstantSource clock;
  private final Memory memory;
  private final Set<String> wanted;
  private final JwtCheck first;
  private final JwtCheck later;

  /// @param claims of the ID token; null: there was none, so what is known stands
  /// @param refresh null: the session cannot be renewed
  /// @param untilMillis when to ask again
  record Given(@Nullable Map<String, Object> claims, @Nullable String refresh, long untilMillis) {}

  /// What came of a refresh token.
  sealed interface Outcome {
    record Renewed(Given given) implements Outcome {}

    /// The provider says that the session is over.
    record Over() implements Outcome {}

    /// Nobody can tell now.
    record Unknown() implements Outcome {}
  }

  /// Outlives plans.
  record Memory(Remembered<Outcome> outcomes, Map<TokenKey, CompletionStage<Outcome>> asking) {
    static Memory of(InstantSource clock) {
      return new Memory(new Remembered<>(10_000, SHARED, clock), new ConcurrentHashMap<>());
    }
  }

  /// @param wanted claims for which the provider is asked where its ID token does not bring them
  OidcTokens(
      String issuer,
      Provider provider,
      OauthClient client,
      Site site,
      InstantSource clock,
      Memory memory,
      Set<String> wanted) {
    this.provider = provider;
    this.client = client;
    http = site.http();
    work = site.work();
    this.wanted = Set.copyOf(wanted);
    this.clock = clock;
    this.memory = memory;
    first = check(issuer, client.id(), List.of("exp", "sub", "nonce"));
    later = check(issuer, client.id(), List.of("exp", "sub"));
  }

  private static JwtCheck check(String issuer, String client, List<String> required) {
    return new JwtCheck(
        List.of(Algorithm.parse("RS256"), Algorithm.parse("ES256"), Algorithm.parse("PS256")),
        List.of(issuer),
        List.of(client),
        required,
        LEEWAY);
  }

  /// @param form names the code, with all that belongs to it
  CompletionStage<Given> forCode(Provider.Endpoints found, Map<String, String> form, String nonce) {
    return http.send(ask(found, found.token(), form, false))
        .thenCompose(reply -> {
          if (ended(reply)) {
            throw new Refused("The provider did not accept the sign-in. Begin again.");
          }
          var answer = parsed(reply.body());
          if (!(answer.get("id_token") instanceof String token)) {
            throw new Refused("The provider did not say who you are.");
          }
          var read = first.read(token, clock.millis());
          if (!OidcLogin.same(nonce, String.valueOf(read.claims().get("nonce")))) {
            throw new Refused("The sign-in belongs to another one. Begin again.");
          }
          return verified(read)
              .thenCompose(claims -> whole(found, answer, claims))
              .thenApply(claims -> given(answer, claims, null));
        });
  }

  private HttpAsk ask(
      Provider.Endpoints found, URI where, Map<String, String> form, boolean repeatable) {
    return found.secretInForm()
        ? client.askInForm(where, form, LIMIT, ANSWER_BYTES_MAX, repeatable)
        : client.ask(where, form, LIMIT, ANSWER_BYTES_MAX, repeatable);
  }

  /// With what the provider says of this person beside the ID token (OpenID Connect Core 1.0
  /// section 5.3), where something is wanted that the token does not say. Many put only `sub`
  /// there.
  private CompletionStage<Map<String, Object>> whole(
      Provider.Endpoints found, Map<String, Object> answer, Map<String, Object> claims) {
    var where = found.userinfo();
    if (where == null
        || !(answer.get("access_token") instanceof String token)
        || wanted.stream().allMatch(name -> Claims.find(claims, name) != null)) {
      return CompletableFuture.completedFuture(claims);
    }
    var fields =
        List.of(
            Field.of("Accept", "application/json"), Field.of("Authorization", "Bearer " + token));
    return http.send(new HttpAsk("GET", where, fields, "", LIMIT, ANSWER_BYTES_MAX, true))
        .thenApply(reply -> {
          var more = parsed(reply.body());
          if (reply.status() != 200 || !(more.get("sub") instanceof String subject)) {
            throw new Unavailable(
                "%s: status %d, %s (expected: 200 and JSON with sub)"
                    .formatted(where, reply.status(), more.isEmpty() ? "no JSON" : more.keySet()));
          }
          if (!subject.equals(claims.get("sub"))) {
            throw new Refused("The provider speaks of somebody else. Begin again.");
          }
          var all = new LinkedHashMap<>(more);
          all.putAll(claims);
          return all;
        });
  }

  /// @param subject whose session it is
  CompletionStage<Outcome> renewed(String refresh, String subject) {
    var key = TokenKey.of(refresh);
    var known = memory.outcomes.find(key, 0);
    if (known != null) {
      return CompletableFuture.completedFuture(known);
    }
    var mine = new CompletableFuture<Outcome>();
    var running = memory.asking.putIfAbsent(key, mine);
    if (running != null) {
      return running;
    }
    var again = memory.outcomes.find(key, 0);
    if (again != null) {
      // It ended between the look and the question.
      settle(key, mine, again);
      return mine;
    }
    provider
        .endpoints()
        .thenCompose(found -> renew(found, refresh, subject))
        .whenComplete((outcome, failure) -> {
          var settled = failure == null ? outcome : unknown(failure);
          var shared = settled instanceof Outcome.Unknown ? PAUSE : SHARED;
          memory.outcomes.put(key, settled, clock.millis() + shared.toMillis(), 0);
          settle(key, mine, settled);
        });
    return mine;
  }

  private void settle(TokenKey key, CompletableFuture<Outcome> mine, Outcome outcome) {
    memory.asking.remove(key, mine);
    mine.complete(outcome);
  }

  private Outcome unknown(Throwable failure) {
    var cause = Refusals.cause(failure);
    if (cause instanceof Refused) {
      return new Outcome.Over();
    }
    Oidc.LOG.log(
        System.Logger.Level.WARNING,
        "oidc: a session is not renewed and goes on as it is: {0}",
        cause.getMessage());
    return new Outcome.Unknown();
  }

  private CompletionStage<Outcome> renew(Provider.Endpoints found, String refresh, String subject) {
    var form = new LinkedHashMap<String, String>();
    form.put("grant_type", "refresh_token");
    form.put("refresh_token", refresh);
    return http.send(ask(found, found.token(), form, false))
        .thenCompose(reply -> {
          if (ended(reply)) {
            return CompletableFuture.completedFuture(new Outcome.Over());
          }
          var answer = parsed(reply.body());
          if (!(answer.get("id_token") instanceof String token)) {
            return CompletableFuture.completedFuture(
                new Outcome.Renewed(given(answer, null, refresh)));
          }
          var read = later.read(token, clock.millis());
          if (!OidcLogin.same(subject, String.valueOf(read.claims().get("sub")))) {
            // OpenID Connect Core 1.0 section 12.2.
            throw new Refused("The session belongs to somebody else.");
          }
          return verified(read)
              .thenCompose(claims -> whole(found, answer, claims))
              .thenApply(claims -> new Outcome.Renewed(given(answer, claims, refresh)));
        });
  }

  /// Whether a code or a session is no longer good. Only `invalid_grant` says that; all else is
  /// between the provider and us, and its words are for the log.
  private static boolean ended(HttpReply reply) {
    if (reply.status() == 200) {
      return false;
    }
    var error = parsed(reply.body());
    if (reply.status() == 400 && "invalid_grant".equals(error.get("error"))) {
      return true;
    }
    throw new Unavailable(
        "the token endpoint answered with status %d, error %s, %s"
            .formatted(
                reply.status(), said(error.get("error")), said(error.get("error_description"))));
  }

  private static String said(@Nullable Object text) {
    var plain = text == null ? "not given" : Caller.plain(String.valueOf(text)).replace("%20", " ");
    return plain.length() > SAID_CHARS_MAX ? plain.substring(0, SAID_CHARS_MAX) : plain;
  }

  private CompletionStage<Map<String, Object>> verified(JwtCheck.Unverified read) {
    return keys(read)
        .thenCompose(keys ->
            work.run(() -> {
              JwtCheck.verify(read, keys);
              return read.claims();
            }));
  }

  private CompletionStage<List<JWK>> keys(JwtCheck.Unverified read) {
    var known = provider.keys().current();
    var found = known == null ? List.<JWK>of() : candidates(read, known);
    return found.isEmpty()
        ? provider.keys().renewed().thenApply(keys -> candidates(read, keys))
        : CompletableFuture.completedFuture(found);
  }

  private static List<JWK> candidates(JwtCheck.Unverified read, KeySet.Keys keys) {
    return JwtCheck.candidates(read, keys.all());
  }

  /// @param before goes on where the provider gives no other one (RFC 6749 section 6)
  private Given given(
      Map<String, Object> answer, @Nullable Map<String, Object> claims, @Nullable String before) {
    long seconds = answer.get("expires_in") instanceof Number number ? number.longValue() : SECONDS;
    var refresh = answer.get("refresh_token") instanceof String token ? token : before;
    return new Given(claims, refresh, clock.millis() + Math.max(SECONDS_MIN, seconds) * 1000);
  }

  /// Ends a refresh token (RFC 7009), where the provider takes that. Never fails: who signs out is
  /// signed out here in any case.
  CompletionStage<Boolean> revoked(Provider.Endpoints found, String refresh) {
    var where = found.revocation();
    if (where == null) {
      return CompletableFuture.completedFuture(false);
    }
    var form = new LinkedHashMap<String, String>();
    form.put("token", refresh);
    form.put("token_type_hint", "refresh_token");
    return http.send(ask(found, where, form, true))
        .handle((reply, failure) -> {
          boolean done = failure == null && reply.status() == 200;
          if (!done) {
            Oidc.LOG.log(
                System.Logger.Level.WARNING,
                "oidc: {0} did not revoke a refresh token: {1}",
                where,
                failure == null
                    ? "status " + reply.status()
                    : Refusals.cause(failure).getMessage());
          }
          return done;
        });
  }

  private static Map<String, Object> parsed(String body) {
    try {
      return JSONObjectUtils.parse(body);
    } catch (ParseException e) {
      return Map.of();
    }
  }
}
