package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.UnroutedWatch;
import io.ostiary.model.Ending;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import java.time.Duration;
import java.util.Set;

/// Has a client banned that floods the gateway with calls that fail by its own fault: refused in
/// the kernel, before a socket is built, for a time.
public final class Ban implements Policy<Ban.Settings> {
  /// What happens to a client that goes too far.
  public enum Act {
    DENY,
    LIMIT
  }

  /// The ways to offend, each with a limit of its own.
  enum Kind {
    UNAUTHORIZED(0, "answered with 401"),
    FORBIDDEN(1, "answered with 403"),
    NOT_FOUND(2, "answered with 404"),
    TOO_MANY(3, "answered with 429"),
    INVALID(4, "that break the contract"),
    MALFORMED(5, "that cannot be read as HTTP");

    final int number;
    final String words;

    Kind(int number, String words) {
      this.number = number;
      this.words = words;
    }
  }

  /// Of each kind: how many calls a client may make in the window; 0: any number.
  ///
  /// @param window 1 s to 1 d
  /// @param lasts how long the first time; twice as long each further time
  /// @param lastsMax up to this, at most a year
  /// @param sharedPercent 0-101; 101: nobody is spared
  public record Settings(
      @About("How many calls may be answered with 401, by a policy or the upstream; 0: any number.")
          @Default("20")
          int unauthorized,
      @About("How many calls may be answered with 403; 0: any number.") @Default("0") int forbidden,
      @About("How many calls may be answered with 404, unknown paths too; 0: any number.")
          @Default("0")
          int notFound,
      @About("How many calls may be answered with 429; 0: any number.") @Default("100") int tooMany,
      @About("How many calls may break the contract (validate); 0: any number.") @Default("50")
          int invalid,
      @About("How many calls may be no HTTP that can be read; 0: any number.") @Default("10")
          int malformed,
      @About("In which time, 1s to 1d.") @Default("1m") Duration window,
      @About("What happens then: deny, or limit to a rate.") @Default("deny") Act action,
      @About("For how long; each further time within a day for twice as long.") @Default("10m")
          Duration lasts,
      @About("But never longer than this.") @Default("1d") Duration lastsMax,
      @About(
              "From this share of good calls by known consumers on, in per cent, an address is"
                  + " limited rather than banned; 101: none is spared.")
          @Default("5")
          int sharedPercent,
      @About("How many calls a limited address may make in a second; the rest is answered 429.")
          @Default("5")
          int limitCalls,
      @About("How many packets a limited address may send in a second; the rest is dropped.")
          @Default("500")
          int limitPackets) {
    private static final long DAY_MILLIS = 86_400_000;

    public Settings {
      int most = 1_000_000;
      Require.between("ban.unauthorized", unauthorized, 0, most);
      Require.between("ban.forbidden", forbidden, 0, most);
      Require.between("ban.not-found", notFound, 0, most);
      Require.between("ban.too-many", tooMany, 0, most);
      Require.between("ban.invalid", invalid, 0, most);
      Require.between("ban.malformed", malformed, 0, most);
      Require.between("ban.window (ms)", window.toMillis(), 1000, DAY_MILLIS);
      Require.between("ban.lasts (ms)", lasts.toMillis(), 1000, 365 * DAY_MILLIS);
      Require.between(
          "ban.lasts-max (ms)", lastsMax.toMillis(), lasts.toMillis(), 365 * DAY_MILLIS);
      Require.between("ban.shared-percent", sharedPercent, 0, 101);
      Require.between("ban.limit-calls", limitCalls, 1, most);
      Require.between("ban.limit-packets", limitPackets, 1, 100_000_000);
      if (unauthorized + forbidden + notFound + tooMany + invalid + malformed == 0) {
        throw new IllegalArgumentException("ban: every limit is 0 (expected: at least one is not)");
      }
    }

    int most(Kind kind) {
      return switch (kind) {
        case UNAUTHORIZED -> unauthorized;
        case FORBIDDEN -> forbidden;
        case NOT_FOUND -> notFound;
        case TOO_MANY -> tooMany;
        case INVALID -> invalid;
        case MALFORMED -> malformed;
      };
    }
  }

  @Override
  public String name() {
    return "ban";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  /// Places with the same settings count together, for it is the client that offends.
  @Override
  public Filter compile(Settings settings, Site site) {
    var counts = site.shared("ban/" + settings, Counts.class, Counts::new);
    return new Gate(new BanJudge(settings, counts, site.bans()));
  }

  /// What is known of clients. Outlives plans.
  static final class Counts {
    final KeyedHash hash = new KeyedHash();
    final Offenders offenders = new Offenders();
    final Shares shares = new Shares();
  }

  private record Gate(BanJudge judge) implements Filter {
    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.END);
    }

    @Override
    public void end(Exchange exchange, Ending ending) {
      judge.ended(exchange, ending);
    }

    @Override
    public UnroutedWatch unrouted() {
      return judge;
    }
  }
}
