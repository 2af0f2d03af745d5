package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Tally;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Lets each caller make so many calls in a day or month of the calendar. What was used survives
/// reloads and restarts.
public final class Quota implements Policy<Quota.Settings> {
  private static final HeaderName LIMIT = HeaderName.of("RateLimit");
  private static final HeaderName LIMIT_POLICY = HeaderName.of("RateLimit-Policy");

  /// A period of the calendar.
  public enum Per {
    HOUR,
    DAY,
    /// Begins on Monday.
    WEEK,
    MONTH,
    YEAR;

    private ZonedDateTime start(ZonedDateTime now) {
      var day = now.truncatedTo(ChronoUnit.DAYS);
      return switch (this) {
        case HOUR -> now.truncatedTo(ChronoUnit.HOURS);
        case DAY -> day;
        case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
        case MONTH -> day.withDayOfMonth(1);
        case YEAR -> day.withDayOfYear(1);
      };
    }

    private ZonedDateTime end(ZonedDateTime start) {
      return switch (this) {
        case HOUR -> start.plusHours(1);
        case DAY -> start.plusDays(1);
        case WEEK -> start.plusWeeks(1);
        case MONTH -> start.plusMonths(1);
        case YEAR -> start.plusYears(1);
      };
    }
  }

  /// Who is counted.
  public enum By {
    /// Calls of nobody known count together.
    CONSUMER,
    API,
    ROUTE
  }

  /// @param requests in one period
  /// @param per which period
  /// @param zone by whose calendar
  /// @param by who is counted
  /// @param dryRun whether nobody is refused
  public record Settings(
      @About("How many requests a caller may make in each period.") long requests,
      @About("Which period of the calendar: hour, day, week, month or year.") @Default("month")
          Per per,
      @About("By whose calendar, such as Europe/Paris.") @Default("UTC") String zone,
      @About("Who is counted: consumer, api or route.") @Default("consumer") By by,
      @About("Whether calls over the quota pass, marked in the ledger.") @Default("false")
          boolean dryRun) {
    public Settings {
      if (requests < 1 || requests > 1_000_000_000_000L) {
        throw new IllegalArgumentException(
            "quota.requests: " + requests + " (expected: 1-1000000000000)");
      }
      try {
        ZoneId.of(zone);
      } catch (DateTimeException e) {
        throw new IllegalArgumentException(
            "quota.zone: " + zone + " (expected: UTC or a zone such as Europe/Paris)", e);
      }
    }
  }

  private final InstantSource clock;

  public Quota() {
    this(InstantSource.system());
  }

  Quota(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public String name() {
    return "quota";
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
    var per = settings.per.name().toLowerCase(Locale.ROOT);
    var by = CountBy.parse(settings.by.name().toLowerCase(Locale.ROOT));
    var where = CountBy.Where.of(site, settings, List.of(by));
    // Kept for months, so nothing of it but what people know: the number of the use is left out.
    var name = where.scope() + "/" + per + (settings.by == By.CONSUMER ? "" : "/" + by);
    return new Gate(settings, name, site.tally(name), site.state(String.class), clock);
  }

  /// The period that runs, in epoch milliseconds.
  private record Span(long start, long end) {}

  private static final class Gate implements Filter {
    /// As whom calls of nobody known count.
    private static final String NOBODY = "(nobody)";

    private final Settings settings;
    private final Tally tally;
    private final StateKey<String> state;
    private final InstantSource clock;
    private final ZoneId zone;
    private final String quoted;
    private volatile Span span = new Span(0, 0);

    Gate(Settings settings, String name, Tally tally, StateKey<String> state, InstantSource clock) {
      this.settings = settings;
      this.tally = tally;
      this.state = state;
      this.clock = clock;
      zone = ZoneId.of(settings.zone);
      quoted = "\"" + name.replaceAll("[^ !#-\\[\\]-~]", "_") + "\"";
      span(clock.millis());
    }

    @Override
    public Set<Moment> moments() {
      return settings.dryRun ? Set.of(Moment.REQUEST) : Set.of(Moment.REQUEST, Moment.RESPONSE);
    }

    private Span span(long now) {
      var known = span;
      if (now >= known.start && now < known.end) {
        return known;
      }
      var start = settings.per.start(java.time.Instant.ofEpochMilli(now).atZone(zone));
      var end = settings.per.end(start);
      var fresh = new Span(start.toInstant().toEpochMilli(), end.toInstant().toEpochMilli());
      span = fresh;
      tally.terms(new Tally.Terms(settings.requests, fresh.end / 1000));
      return fresh;
    }

    @Override
    public Verdict request(Exchange exchange) {
      long now = clock.millis();
      var in = span(now);
      long left = tally.take(who(exchange), in.start / 1000, settings.requests);
      long seconds = Math.max(1, Math.ceilDiv(in.end - now, 1000));
      if (left >= 0) {
        exchange.state(state, quoted + ";r=" + left + ";t=" + seconds);
        return Verdict.CONTINUE;
      }
      if (settings.dryRun) {
        exchange.remark("quota-dry-run");
        return Verdict.CONTINUE;
      }
      return new Verdict.Reply(
          Problem.of(
                  429,
                  "quota",
                  "Quota used up",
                  "All "
                      + settings.requests
                      + " calls of this "
                      + settings.per.name().toLowerCase(Locale.ROOT)
                      + " are used. The next period begins in "
                      + seconds
                      + " s.")
              .withFields(
                  Field.of("Retry-After", Long.toString(seconds)),
                  new Field(LIMIT_POLICY, policy()),
                  new Field(LIMIT, quoted + ";r=0;t=" + seconds)));
    }

    private String who(Exchange exchange) {
      if (settings.by != By.CONSUMER) {
        return "";
      }
      var consumer = exchange.consumer();
      return consumer == null ? NOBODY : consumer.id();
    }

    private String policy() {
      return quoted + ";q=" + settings.requests + ";w=" + (span.end - span.start) / 1000;
    }

    @Override
    public Verdict response(Exchange exchange) {
      var text = exchange.state(state);
      if (text != null) {
        exchange.responseHeaders().add(LIMIT_POLICY, policy());
        exchange.responseHeaders().add(LIMIT, text);
      }
      return Verdict.CONTINUE;
    }
  }
}
