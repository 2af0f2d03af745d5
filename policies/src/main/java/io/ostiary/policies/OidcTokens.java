package io.ostiary.policies;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.util.JSONObjectUtils;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.gateway.spi.Work;
import io.ostiary.policies.JwtCheck.Algorithm;
import io.ostiary.policies.Refusals.Refused;
import io.ostiary.policies.Refusals.Unavailable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.text.ParseException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  private final Provider provider;
  private final OauthClient client;
  private final HttpCalls http;
  private final Work work;
  private final InstantSource clock;
  private final Memory memory;
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

  OidcTokens(
      String issuer,
      Provider provider,
      OauthClient client,
      HttpCalls http,
      Work work,
      InstantSource clock,
      Memory memory) {
    this.provider = provider;
    this.client = client;
    this.http = http;
    this.work = work;
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
    return http.send(client.ask(found.token(), form, LIMIT, ANSWER_BYTES_MAX, false))
        .thenCompose(reply -> {
          if (reply.status() != 200) {
            throw new Refused("The provider did not accept the sign-in. Begin again.");
          }
          var answer = parsed(reply.body());
          if (!(answer.get("id_token") instanceof String token)) {
            throw new Refused("The provider did not say who you are.");
          }
          var read = first.read(token, clock.millis());
          if (!same(nonce, String.valueOf(read.claims().get("nonce")))) {
            throw new Refused("The sign-in belongs to another one. Begin again.");
          }
          return verified(read).thenApply(claims -> given(answer, claims, null));
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
    return http.send(client.ask(found.token(), form, LIMIT, ANSWER_BYTES_MAX, false))
        .thenCompose(reply -> {
          if (reply.status() != 200) {
            return CompletableFuture.completedFuture(declined(reply));
          }
          var answer = parsed(reply.body());
          if (!(answer.get("id_token") instanceof String token)) {
            return CompletableFuture.completedFuture(
                new Outcome.Renewed(given(answer, null, refresh)));
          }
          var read = later.read(token, clock.millis());
          if (!same(subject, String.valueOf(read.claims().get("sub")))) {
            // OpenID Connect Core 1.0 section 12.2.
            throw new Refused("The session belongs to somebody else.");
          }
          return verified(read)
              .thenApply(claims -> new Outcome.Renewed(given(answer, claims, refresh)));
        });
  }

  /// Only `invalid_grant` says something of the session; all else is between the provider and us.
  private static Outcome declined(HttpReply reply) {
    if (reply.status() == 400 && "invalid_grant".equals(parsed(reply.body()).get("error"))) {
      return new Outcome.Over();
    }
    throw new Unavailable("the token endpoint answered with status " + reply.status());
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
    return http.send(client.ask(where, form, LIMIT, ANSWER_BYTES_MAX, true))
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

  private static boolean same(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }
}
