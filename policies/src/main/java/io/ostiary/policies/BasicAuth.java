package io.ostiary.policies;

import com.password4j.Argon2Function;
import com.password4j.Password;
import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.SignIn;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.spi.Work;
import io.ostiary.model.Credential;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Asks for a user name and a password (RFC 7617) and recognises the consumer by them.
///
/// A password is kept as Argon2id, which takes tens of milliseconds and 19 MiB by design. So it is
/// checked on threads of its own, of which there are few, and what was checked is remembered for a
/// minute: under a hash with a key that only this process has, and of the kept hash as well, so
/// that another password ends what was remembered.
public final class BasicAuth implements Policy<BasicAuth.Settings> {
  private static final int THREADS =
      Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 4);
  private static final int WAITING_MAX = 64;
  private static final int CREDENTIALS_CHARS_MAX = 1024;
  private static final Duration REMEMBERED = Duration.ofSeconds(60);
  private static final String PEPPER = pepper();

  /// Of a password that nobody knows: a name that is not known takes as long as one that is.
  private static final String NOBODYS =
      "$argon2id$v=19$m=19456,t=2,p=1$wp4tX4Us+kHASyDUYgYQHQ"
          + "$AMHP0X1MO3/WaNTm3VTIFMUp6hTvI3TMKTfiAqjCqNU";

  private final InstantSource clock;

  public BasicAuth() {
    this(InstantSource.system());
  }

  BasicAuth(InstantSource clock) {
    this.clock = clock;
  }

  private static String pepper() {
    var bytes = new byte[16];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  public record Settings(
      @About("Whether the upstream sees name and password.") @Default("false")
          boolean forwardCredentials,
      @About("How many checked passwords are remembered, for at most a minute.") @Default("10000")
          int remember) {
    public Settings {
      Require.between("basic-auth.remember", remember, 0, 1_000_000);
    }
  }

  @Override
  public String name() {
    return "basic-auth";
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
    var checks =
        site.shared(
            "basic-auth " + settings.remember,
            Checks.class,
            () ->
                new Checks(
                    new Work("ostiary-passwords", THREADS, WAITING_MAX),
                    new Remembered<>(settings.remember, REMEMBERED, clock)));
    return new Gate(settings, Callers.of(site.snapshot()), checks, clock, site.api().name());
  }

  /// Shared by all sites, so that there are never more threads than these.
  private record Checks(Work work, Remembered<Boolean> remembered) {}

  private record Given(String user, String password) {
    /// Null: not what RFC 7617 describes.
    static @Nullable Given of(String text) {
      try {
        var bytes = Base64.getDecoder().decode(text);
        var sent = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        // Some systems write an accent as a character of its own (RFC 7617 section 2.1).
        var decoded = Normalizer.normalize(sent, Normalizer.Form.NFC);
        int colon = decoded.indexOf(':');
        return colon <= 0
            ? null
            : new Given(decoded.substring(0, colon), decoded.substring(colon + 1));
      } catch (IllegalArgumentException | CharacterCodingException e) {
        return null;
      }
    }
  }

  private static final class Gate implements SignIn {
    private final boolean hide;
    private final Callers callers;
    private final Checks checks;
    private final InstantSource clock;
    private final Verdict missing;
    private final Verdict malformed;
    private final Verdict wrong;

    Gate(Settings settings, Callers callers, Checks checks, InstantSource clock, String realm) {
      hide = !settings.forwardCredentials;
      this.callers = callers;
      this.checks = checks;
      this.clock = clock;
      missing = refused("The call has no user name and password.", realm);
      malformed = refused("The user name and the password cannot be read.", realm);
      wrong = refused("The user name or the password is wrong.", realm);
    }

    private static Verdict refused(String detail, String realm) {
      return Refusals.unauthorized(
          "basic-auth", "Password required", detail, "Basic", realm, ", charset=\"UTF-8\"");
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST);
    }

    @Override
    public boolean addressed(Exchange exchange) {
      return Bearer.of(exchange.requestHeaders(), "Basic") != null;
    }

    @Override
    public Verdict request(Exchange exchange) {
      var text = Bearer.of(exchange.requestHeaders(), "Basic");
      if (text == null) {
        return missing;
      }
      if (text.length() > CREDENTIALS_CHARS_MAX || Bearer.repeated(exchange.requestHeaders())) {
        return malformed;
      }
      var given = Given.of(text);
      if (given == null) {
        return malformed;
      }
      var known = callers.find(Credential.Kind.PASSWORD, given.user);
      var hash = known == null ? NOBODYS : known.credential().secret();
      var key = TokenKey.of(PEPPER + hash + '\n' + text);
      if (known != null && checks.remembered.find(key, 0) != null) {
        return admit(exchange, known);
      }
      return new Verdict.Wait(
          checks
              .work
              .run(() -> right(given.password, hash))
              .handle((right, failure) -> {
                if (failure != null) {
                  return failed(failure);
                }
                return known != null && right
                    ? new Verdict.OnLoop(() -> remembered(exchange, key, known))
                    : wrong;
              }));
    }

    private static boolean right(String password, String hash) {
      return Password.check(password, hash).with(Argon2Function.getInstanceFromHash(hash));
    }

    private Verdict failed(Throwable failure) {
      if (Refusals.isBusy(Refusals.cause(failure))) {
        return Refusals.busy();
      }
      throw new IllegalStateException("basic-auth", failure);
    }

    private Verdict remembered(Exchange exchange, TokenKey key, Callers.Known known) {
      checks.remembered.put(key, true, clock.millis() + REMEMBERED.toMillis(), 0);
      return admit(exchange, known);
    }

    private Verdict admit(Exchange exchange, Callers.Known known) {
      if (hide) {
        exchange.requestHeaders().remove(Bearer.AUTHORIZATION);
      }
      known.caller().recognised(exchange);
      return Verdict.CONTINUE;
    }
  }
}
