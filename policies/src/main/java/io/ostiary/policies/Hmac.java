package io.ostiary.policies;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.SignIn;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.spi.Work;
import io.ostiary.model.Credential;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Bytes;
import io.ostiary.model.setting.Default;
import io.ostiary.policies.Refusals.Refused;
import io.ostiary.policies.StructuredFields.Item;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Asks for a signed request (RFC 9421, HTTP Message Signatures) and recognises the consumer by the
/// key that signed it. What is signed cannot be changed on the way, and not be sent twice.
public final class Hmac implements Policy<Hmac.Settings> {
  private static final HeaderName INPUT = HeaderName.of("Signature-Input");
  private static final HeaderName SIGNATURE = HeaderName.of("Signature");
  private static final HeaderName DIGEST = HeaderName.of("Content-Digest");
  private static final int SIGNATURES_MAX = 4;
  private static final long SKEW_SECONDS = 30;

  private final InstantSource clock;

  public Hmac() {
    this(InstantSource.system());
  }

  Hmac(InstantSource clock) {
    this.clock = clock;
  }

  public record Settings(
      @About("What the signature must cover, as in RFC 9421.")
          @Default("[ '@method', '@authority', '@path', '@query' ]")
          List<String> cover,
      @About("Whether a body must be covered by Content-Digest (RFC 9530).") @Default("true")
          boolean coverBody,
      @About("The algorithms that are accepted.")
          @Default("[ hmac-sha256, ed25519, ecdsa-p256-sha256, rsa-pss-sha512 ]")
          Set<String> algorithms,
      @About("How old a signature may be.") @Default("5m") Duration maxAge,
      @About("The tag that the signature must carry; not given: any.") @Nullable String tag,
      @About("Whether the same signature may come twice.") @Default("false") boolean allowReplay,
      @About("How many signatures are remembered, to know those that come twice.")
          @Default("100000")
          int remember,
      @About("The largest body whose digest is checked.") @Bytes @Default("1MiB") int bodyMax) {
    private static final Set<String> DERIVED =
        Set.of(
            "@method",
            "@authority",
            "@path",
            "@query",
            "@target-uri",
            "@request-target",
            "@scheme");
    private static final Set<String> KNOWN =
        Set.of("hmac-sha256", "ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256");

    public Settings {
      cover = List.copyOf(cover);
      algorithms = Set.copyOf(algorithms);
      if (algorithms.isEmpty() || !KNOWN.containsAll(algorithms)) {
        throw Require.invalid("hmac.algorithms", algorithms, "some of " + KNOWN);
      }
      for (var name : cover) {
        if (!name.matches("@?[a-z0-9-]+")) {
          throw Require.invalid("hmac.cover", name, "such as @method, @path or content-type");
        }
        if (DERIVED.contains("@" + name)) {
          throw new IllegalArgumentException(
              "hmac.cover: %s (expected: @%s; without '@' it is a header field of this name)"
                  .formatted(name, name));
        }
      }
      Require.between("hmac.max-age (s)", maxAge.toSeconds(), 1, 86_400);
      Require.between("hmac.remember", remember, 1000, 10_000_000);
      Require.between("hmac.body-max (bytes)", bodyMax, 0, 64L * 1024 * 1024);
    }
  }

  @Override
  public String name() {
    return "hmac";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var seen =
        site.shared(
            "hmac " + settings.maxAge + " " + settings.remember,
            Seen.class,
            () ->
                new Seen(
                    Caffeine.newBuilder()
                        .maximumSize(settings.remember)
                        .expireAfterWrite(settings.maxAge.plusSeconds(2 * SKEW_SECONDS))
                        .executor(Runnable::run)
                        .build()));
    return new Gate(settings, site, seen, clock);
  }

  /// Signatures that came already.
  private record Seen(Cache<TokenKey, Boolean> bases) {
    boolean isNew(TokenKey base) {
      return bases.asMap().putIfAbsent(base, true) == null;
    }
  }

  /// A signature of the call that is ours to check.
  private record Candidate(
      Callers.Known owner, SigningKey key, String base, StructuredFields.Bytes signature) {
    boolean good() {
      return key.signed(base.getBytes(StandardCharsets.ISO_8859_1), signature.decoded());
    }
  }

  private static final class Gate implements SignIn {
    private final Settings settings;
    private final Callers callers;
    private final Seen seen;
    private final InstantSource clock;
    private final Work work;
    private final StateKey<ContentDigest> digest;
    private final Map<Credential, SigningKey> keys = new ConcurrentHashMap<>();
    private final String realm;

    Gate(Settings settings, Site site, Seen seen, InstantSource clock) {
      this.settings = settings;
      this.seen = seen;
      this.clock = clock;
      callers = Callers.of(site.snapshot());
      work = site.work();
      digest = site.state(ContentDigest.class);
      realm = site.api().name();
    }

    @Override
    public Set<Moment> moments() {
      return settings.coverBody
          ? Set.of(Moment.REQUEST, Moment.REQUEST_BODY)
          : Set.of(Moment.REQUEST);
    }

    @Override
    public BodyNeed requestBodyNeed() {
      return settings.coverBody ? new BodyNeed.Whole(settings.bodyMax) : BodyNeed.NONE;
    }

    @Override
    public boolean addressed(Exchange exchange) {
      return exchange.requestHeaders().has(INPUT);
    }

    @Override
    public Verdict request(Exchange exchange) {
      try {
        var candidate = candidate(exchange);
        if (candidate.key.quick()) {
          return decided(exchange, candidate, candidate.good());
        }
        return new Verdict.Wait(
            work.run(candidate::good)
                .handle((good, failure) ->
                    failure == null
                        ? new Verdict.OnLoop(() -> decided(exchange, candidate, good))
                        : failed(failure)));
      } catch (Refused e) {
        return refused("" + e.getMessage());
      }
    }

    private static Verdict failed(Throwable failure) {
      if (Refusals.isBusy(Refusals.cause(failure))) {
        return Refusals.busy();
      }
      throw new IllegalStateException("hmac", failure);
    }

    /// The first signature of a key that we know and that may be used.
    private Candidate candidate(Exchange exchange) {
      var headers = exchange.requestHeaders();
      if (!headers.has(INPUT)) {
        throw new Refused("The call is not signed: it has no Signature-Input.");
      }
      Map<String, Item> inputs;
      Map<String, Item> signatures;
      try {
        inputs = StructuredFields.dictionary(String.join(", ", headers.all(INPUT)));
        signatures = StructuredFields.dictionary(String.join(", ", headers.all(SIGNATURE)));
      } catch (IllegalArgumentException e) {
        throw new Refused("Signature-Input or Signature is malformed.");
      }
      int looked = 0;
      for (var one : inputs.entrySet()) {
        var input = one.getValue();
        if (!(input.parameters().get("keyid") instanceof String id)
            || !fitsTag(input)
            || looked++ >= SIGNATURES_MAX) {
          continue;
        }
        var owner = callers.find(Credential.Kind.SIGNATURE, id);
        if (owner != null) {
          return candidate(exchange, input, signatures.get(one.getKey()), owner);
        }
      }
      throw new Refused("The call is signed by a key that is not known here.");
    }

    private boolean fitsTag(Item input) {
      return settings.tag == null || settings.tag.equals(input.parameters().get("tag"));
    }

    private Candidate candidate(
        Exchange exchange, Item input, @Nullable Item signature, Callers.Known owner) {
      if (signature == null || !(signature.value() instanceof StructuredFields.Bytes bytes)) {
        throw new Refused("The signature is not there.");
      }
      var key = keys.computeIfAbsent(owner.credential(), SigningKey::of);
      var said = input.parameters().get("alg");
      if (!settings.algorithms.contains(key.algorithm())
          || (said != null && !said.equals(key.algorithm()))) {
        throw new Refused("The signature's algorithm is not the one of its key, or not accepted.");
      }
      checkTimes(input);
      var covered = coverage(input);
      checkBody(exchange, covered);
      return new Candidate(owner, key, SignatureBase.of(exchange, input), bytes);
    }

    private void checkTimes(Item input) {
      long now = clock.millis() / 1000;
      if (!(input.parameters().get("created") instanceof Long created)) {
        throw new Refused("The signature does not say when it was created.");
      }
      if (created > now + SKEW_SECONDS) {
        throw new Refused("The signature was created in the future.");
      }
      if (created + settings.maxAge.toSeconds() + SKEW_SECONDS < now) {
        throw new Refused("The signature is too old.");
      }
      if (input.parameters().get("expires") instanceof Long expires && expires <= now) {
        throw new Refused("The signature has expired.");
      }
    }

    /// Only what is covered whole counts.
    private Set<String> coverage(Item input) {
      var covered =
          SignatureBase.components(input).stream()
              .filter(component -> component.parameters().isEmpty())
              .map(component -> (String) component.value())
              .collect(Collectors.toSet());
      for (var name : settings.cover) {
        if (!covered.contains(name) && !implied(name, covered)) {
          throw new Refused("The signature does not cover \"" + name + "\".");
        }
      }
      return covered;
    }

    private static boolean implied(String name, Set<String> covered) {
      return switch (name) {
        case "@authority", "@scheme" -> covered.contains("@target-uri");
        case "@path", "@query" ->
            covered.contains("@target-uri") || covered.contains("@request-target");
        default -> false;
      };
    }

    private void checkBody(Exchange exchange, Set<String> covered) {
      if (!settings.coverBody) {
        return;
      }
      var headers = exchange.requestHeaders();
      if (covered.contains("content-digest")) {
        try {
          exchange.state(digest, ContentDigest.of(headers.all(DIGEST)));
        } catch (IllegalArgumentException e) {
          throw new Refused("Content-Digest is malformed, or has neither sha-256 nor sha-512.");
        }
      } else if (exchange.hasContent()) {
        throw new Refused("The signature does not cover \"content-digest\", and there is a body.");
      }
    }

    /// Whether it came before is asked last: a forged copy must not use up the genuine one.
    private Verdict decided(Exchange exchange, Candidate candidate, boolean good) {
      if (!good) {
        return refused("The signature is not good.");
      }
      if (!settings.allowReplay
          && !seen.isNew(TokenKey.of(candidate.owner.credential().id() + '\n' + candidate.base))) {
        return refused("The signature came before. Sign each call, with a nonce.");
      }
      candidate.owner.caller().recognised(exchange);
      return Verdict.CONTINUE;
    }

    @Override
    public Verdict requestBody(Exchange exchange, ByteBuffer body, boolean last) {
      var wanted = exchange.state(digest);
      boolean good = wanted == null ? !body.hasRemaining() : wanted.fits(body);
      return good ? Verdict.CONTINUE : refused("The body is not the one of Content-Digest.");
    }

    private Verdict refused(String detail) {
      return Refusals.unauthorized("hmac", "Signature required", detail, "Signature", realm, "");
    }
  }
}
