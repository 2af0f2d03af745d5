package io.ostiary.policies;

import com.nimbusds.jose.jwk.JWK;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpAsk;
import io.ostiary.gateway.spi.HttpReply;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.SignIn;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.spi.Work;
import io.ostiary.model.LateLogger;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import io.ostiary.model.setting.Secret;
import io.ostiary.model.setting.SomeIfGiven;
import io.ostiary.policies.JwtCheck.Algorithm;
import io.ostiary.policies.JwtCheck.Unverified;
import io.ostiary.policies.Refusals.Refused;
import io.ostiary.policies.Refusals.Unavailable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Asks for a signed token (RFC 7519) and recognises the caller by it.
public final class Jwt implements Policy<Jwt.Settings> {
  private static final System.Logger LOG = new LateLogger("io.ostiary.policies");
  private static final Duration REMEMBERED = Duration.ofSeconds(60);
  private static final Duration FETCH = Duration.ofSeconds(5);
  private static final int KEY_SET_BYTES_MAX = 1024 * 1024;

  private final InstantSource clock;

  public Jwt() {
    this(InstantSource.system());
  }

  Jwt(InstantSource clock) {
    this.clock = clock;
  }

  public record Settings(
      @About("Where the issuer publishes its public keys (RFC 7517).") @Nullable URI jwksUrl,
      @About("A file of such keys instead.") @Nullable Path jwksFile,
      @About("A secret shared with the issuer instead, for HS algorithms.") @Nullable Secret secret,
      @About("The algorithms that are accepted; not given: RS256 and ES256, with a secret HS256.")
          Set<Algorithm> algorithms,
      @About("Who may have issued the token; none stands for anybody with the key.")
          @OrOne
          @SomeIfGiven
          List<String> issuer,
      @About("For whom it must be meant: one of these; none stands for anybody.")
          @OrOne
          @SomeIfGiven
          List<String> audience,
      @About("By how much clocks may differ.") @Default("30s") Duration leeway,
      @About("Claims that must be there.") @Default("[ exp ]") Set<String> require,
      @About("The claim that is a consumer's name or id; not given: see the page.")
          @Nullable String consumerClaim,
      @About("Whether a caller who is no consumer of ours is refused.") @Default("false")
          boolean requireConsumer,
      @About("The claim that lists groups.") @Default("groups") String groupsClaim,
      @About("Header fields that tell the upstream of claims: field: claim.")
          Map<String, String> headers,
      @About("Whether the upstream sees the token.") @Default("true") boolean forwardToken,
      @About("The age at which keys are fetched anew.") @Default("5m") Duration refresh,
      @About("The age up to which keys serve while no newer ones can be had.") @Default("1d")
          Duration stale,
      @About("How many verified tokens are remembered, for at most a minute.") @Default("10000")
          int remember) {
    public Settings {
      int sources = (jwksUrl == null ? 0 : 1) + (jwksFile == null ? 0 : 1);
      if (sources + (secret == null ? 0 : 1) != 1) {
        throw Require.invalid(
            "jwt",
            sources + (secret == null ? 0 : 1) + " sources of keys",
            "one of jwks-url, jwks-file or secret");
      }
      if (jwksUrl != null) {
        HttpAsk.check("jwt.jwks-url", jwksUrl);
      }
      if (algorithms.isEmpty()) {
        algorithms =
            secret == null
                ? Set.of(Algorithm.parse("RS256"), Algorithm.parse("ES256"))
                : Set.of(Algorithm.parse("HS256"));
      }
      algorithms = Set.copyOf(algorithms);
      for (var algorithm : algorithms) {
        if (algorithm.symmetric() != (secret != null)) {
          throw Require.invalid(
              "jwt.algorithms",
              algorithm,
              secret == null ? "RS, PS, ES or EdDSA with public keys" : "HS with a secret");
        }
        int least = algorithm.secretBytesMin();
        if (secret != null && secret.bytes().length < least) {
          throw Require.invalid(
              "jwt.secret", secret.bytes().length + " bytes", least + " bytes for " + algorithm);
        }
      }
      issuer = List.copyOf(issuer);
      audience = List.copyOf(audience);
      // An empty one would refuse every token.
      issuer.forEach(name -> Require.notBlank("jwt.issuer", name));
      audience.forEach(name -> Require.notBlank("jwt.audience", name));
      require = Set.copyOf(require);
      headers = Map.copyOf(headers);
      Claims.ToHeaders.check("jwt.headers", headers);
      Require.between("jwt.leeway (s)", leeway.toSeconds(), 0, 300);
      Require.between("jwt.refresh (s)", refresh.toSeconds(), 10, 86_400);
      Require.between("jwt.stale (s)", stale.toSeconds(), refresh.toSeconds(), 30 * 86_400L);
      Require.between("jwt.remember", remember, 0, 1_000_000);
    }
  }

  @Override
  public String name() {
    return "jwt";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    return new Gate(settings, site, clock);
  }

  /// What tokens were verified, for all sites with the same settings.
  private record Memory(Remembered<Vouched> tokens) {}

  private static final class Gate implements SignIn {
    private final Settings settings;
    private final InstantSource clock;
    private final JwtCheck check;
    private final BearerGate gate;
    private final Remembered<Vouched> remembered;
    private final @Nullable KeySet keys;
    private final Work work;
    private final Verdict missing;

    Gate(Settings settings, Site site, InstantSource clock) {
      this.settings = settings;
      this.clock = clock;
      check =
          new JwtCheck(
              settings.algorithms,
              settings.issuer,
              settings.audience,
              settings.require,
              settings.leeway);
      gate =
          new BearerGate(
              "jwt",
              site.api().name(),
              new Claims.ToHeaders("jwt.headers", settings.headers),
              Callers.of(site.snapshot()),
              settings.requireConsumer,
              settings.forwardToken,
              true);
      work = site.work();
      keys = keys(site);
      var secret = settings.secret;
      var place = secret == null ? "" : secret.fingerprint();
      remembered =
          site.shared(
                  "jwt tokens " + settings + place,
                  Memory.class,
                  () -> new Memory(new Remembered<>(settings.remember, REMEMBERED, clock)))
              .tokens;
      missing =
          gate.refused("The call has no token. Send it as 'Authorization: Bearer TOKEN'.", "");
    }

    private @Nullable KeySet keys(Site site) {
      var url = settings.jwksUrl;
      var file = settings.jwksFile;
      if (url == null && file == null) {
        return null;
      }
      if (file != null) {
        readable(file);
      }
      var place = url == null ? "jwt.jwks-file " + file : "jwt.jwks-url " + url;
      var http = site.http();
      var ask = url == null ? null : HttpAsk.get(url, site.patience(FETCH), KEY_SET_BYTES_MAX);
      Supplier<CompletionStage<String>> source =
          () ->
              ask != null
                  ? http.send(ask).thenApply(Gate::published)
                  : work.run(() -> Files.readString(Objects.requireNonNull(file)));
      var set =
          site.shared(
              place + " " + settings.refresh + " " + settings.stale,
              KeySet.class,
              () -> new KeySet(place, source, settings.refresh, settings.stale, clock));
      set.source(source);
      set.prepare(http);
      return set;
    }

    /// It is read again later, but one that is wrong from the start is a fault of the
    /// configuration.
    private static void readable(Path file) {
      try {
        KeySet.read(Files.readString(file));
      } catch (IOException e) {
        throw new IllegalArgumentException(
            "jwt.jwks-file: " + file + " (expected: a file that can be read)", e);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("jwt.jwks-file: " + file + ": " + e.getMessage(), e);
      }
    }

    private static String published(HttpReply reply) {
      if (reply.status() != 200) {
        throw new IllegalArgumentException("status " + reply.status() + " (expected: 200)");
      }
      return reply.body();
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
      var fields = exchange.requestHeaders();
      var token = Bearer.of(fields, "Bearer");
      if (token == null) {
        return missing;
      }
      if (Bearer.repeated(fields)) {
        return gate.refused("The call has more than one token. Send one.", "invalid_request");
      }
      var key = TokenKey.of(token);
      var known = remembered.find(key, keys == null ? 0 : keys.generation());
      if (known != null) {
        return gate.admit(exchange, known);
      }
      try {
        var read = check.read(token, clock.millis());
        return keys == null
            ? bySecret(exchange, key, read)
            : new Verdict.Wait(byKeys(exchange, key, read, keys));
      } catch (Refused e) {
        return gate.refused("" + e.getMessage(), "invalid_token");
      }
    }

    /// An HMAC costs microseconds.
    private Verdict bySecret(Exchange exchange, TokenKey key, Unverified read) {
      var secret = settings.secret;
      if (secret == null) {
        throw new IllegalStateException("neither keys nor a secret");
      }
      JwtCheck.verify(read, secret);
      return gate.admit(exchange, verified(key, read, 0));
    }

    private CompletionStage<Verdict> byKeys(
        Exchange exchange, TokenKey key, Unverified read, KeySet set) {
      return candidates(read, set)
          .thenCompose(found ->
              work.run(() -> {
                JwtCheck.verify(read, found.keys);
                return verified(key, read, found.generation);
              }))
          .handle((verified, failure) ->
              failure == null
                  ? new Verdict.OnLoop(() -> gate.admit(exchange, verified))
                  : failed(Refusals.cause(failure)));
    }

    private record Candidates(List<JWK> keys, long generation) {}

    /// The keys that may have signed it, asked for anew where none of those known did.
    private static CompletionStage<Candidates> candidates(Unverified read, KeySet set) {
      var known = set.current();
      var found = known == null ? List.<JWK>of() : JwtCheck.candidates(read, known.all());
      if (known != null && !found.isEmpty()) {
        return CompletableFuture.completedFuture(new Candidates(found, known.generation()));
      }
      return set.renewed()
          .thenApply(keys -> {
            var again = JwtCheck.candidates(read, keys.all());
            if (again.isEmpty()) {
              throw new Refused("The token is signed by a key that is not known here.");
            }
            return new Candidates(again, keys.generation());
          });
    }

    private Vouched verified(TokenKey key, Unverified read, long generation) {
      var verified =
          Vouched.of(
              "jwt", read.claims(), settings.groupsClaim, settings.consumerClaim, gate.headers());
      long until = clock.millis() + REMEMBERED.toMillis();
      remembered.put(key, verified, Math.min(read.expiresMillis(), until), generation);
      return verified;
    }

    private Verdict failed(Throwable failure) {
      if (failure instanceof Refused) {
        return gate.refused("" + failure.getMessage(), "invalid_token");
      }
      if (Refusals.isBusy(failure)) {
        return Refusals.busy();
      }
      if (failure instanceof Unavailable) {
        LOG.log(System.Logger.Level.DEBUG, "jwt", failure);
        return new Verdict.Reply(
            Problem.of(
                    503,
                    "keys-unavailable",
                    "Keys not available",
                    "The keys that verify tokens cannot be had at the moment. Try again later.")
                .withFields(Field.of("Retry-After", "10")));
      }
      throw new IllegalStateException("jwt", failure);
    }
  }
}
