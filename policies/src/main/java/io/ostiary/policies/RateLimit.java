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
import io.ostiary.model.PolicyUse;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Lets each caller make so many requests in a time, spread evenly with some burst (GCRA).
public final class RateLimit implements Policy<RateLimit.Settings> {
  private static final HeaderName LIMIT = HeaderName.of("RateLimit");
  private static final HeaderName LIMIT_POLICY = HeaderName.of("RateLimit-Policy");

  /// @param requests how many, 1-1,000,000,000
  /// @param per in which time, 1 ms to 31 days
  /// @param burst how many may come at once; not given: `requests`
  /// @param by who is counted: `consumer`, `address`, `route`, `api` or `header:NAME`
  public record Settings(
      @About("How many requests a caller may make.") int requests,
      @About("In which time, 1ms to 31d.") @Default("1m") Duration per,
      @About("How many may come at once; not given: as many as 'requests'.")
          @Nullable Integer burst,
      @About("Who is counted: consumer, address, route, api or header:NAME.") @Default("consumer")
          By by) {
    public Settings {
      between("rate-limit.requests", requests, 1, 1_000_000_000);
      between("rate-limit.per (ms)", per.toMillis(), 1, Duration.ofDays(31).toMillis());
      int most = burst == null ? requests : burst;
      burst = most;
      between("rate-limit.burst", most, 1, 1_000_000_000);
      require(
          per.toNanos() / requests >= 1,
          "rate-limit.requests: " + requests + " (expected: at most one each nanosecond)");
      require(
          per.toNanos() / requests <= Duration.ofDays(366).toNanos() / most,
          "rate-limit.burst: " + burst + " (expected: a burst that recovers within a year)");
    }

    private static void require(boolean holds, String message) {
      if (!holds) {
        throw new IllegalArgumentException(message);
      }
    }

    private static void between(String name, long value, long min, long max) {
      require(
          value >= min && value <= max,
          name + ": " + value + " (expected: " + min + "-" + max + ")");
    }
  }

  /// Who is counted.
  public sealed interface By {
    /// The consumer, or the address of a client that nobody recognised.
    record Caller() implements By {}

    /// The client's IPv4 address or IPv6 /64.
    record Address() implements By {}

    /// All callers together, of each route or of the API.
    record Everybody(boolean eachRoute) implements By {}

    /// The value of a header field; calls without it count as one caller.
    record Header(HeaderName name) implements By {}

    static By parse(String text) {
      return switch (text) {
        case "consumer" -> new Caller();
        case "address" -> new Address();
        case "route" -> new Everybody(true);
        case "api" -> new Everybody(false);
        case String header when header.startsWith("header:") ->
            new Header(HeaderName.of(header.substring(7)));
        default ->
            throw new IllegalArgumentException(
                "rate-limit.by: "
                    + text
                    + " (expected: consumer, address, route, api or header:NAME)");
      };
    }
  }

  @Override
  public String name() {
    return "rate-limit";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var by = settings.by;
    int place = place(site.api().policies(), settings);
    boolean whole = place >= 0 && !(by instanceof By.Everybody(boolean each) && each);
    int number = place >= 0 ? place : place(site.route().policies(), settings);
    var scope = site.api().name() + (whole ? "" : "/" + site.route().id());
    // The numbers are not part of the key: a changed limit goes on from what was used.
    var key =
        "rate-limit/" + scope + "/" + (place >= 0 ? "api" : "route") + number + "/" + settings.by;
    var cells = site.shared(key, Cells.class, Cells::new);
    return new Gate(settings, by, cells, site.state(String.class), scope);
  }

  /// Which of the list's rate limits this is, or -1. A use is known by its very settings object.
  @SuppressWarnings("ReferenceEquality")
  private static int place(List<PolicyUse> uses, Settings settings) {
    int place = 0;
    for (var use : uses) {
      if (use.settings() == settings) {
        return place;
      }
      place += use.settings() instanceof Settings ? 1 : 0;
    }
    return -1;
  }

  private static final class Gate implements Filter {
    private static final int TEXTS_MAX = 4096;

    /// @param text `RateLimit` where so much remains
    private record Told(long remaining, String text) {}

    private final By by;
    private final Cells cells;
    private final StateKey<String> state;
    private final String quoted;
    private final String policy;
    private final long interval;
    private final long tolerance;
    private final long burst;

    /// What was told last, by the low bits of what remained: callers are mostly far from their
    /// limit and near each other, so hardly a call makes a text of its own.
    private final AtomicReferenceArray<@Nullable Told> told;

    Gate(Settings settings, By by, Cells cells, StateKey<String> state, String scope) {
      this.by = by;
      this.cells = cells;
      this.state = state;
      interval = settings.per.toNanos() / settings.requests;
      burst = Objects.requireNonNullElse(settings.burst, settings.requests);
      tolerance = interval * burst;
      quoted = "\"" + scope.replaceAll("[^ !#-\\[\\]-~]", "_") + "\"";
      long seconds = settings.per.toSeconds();
      policy = quoted + ";q=" + settings.requests + (seconds > 0 ? ";w=" + seconds : "");
      told =
          new AtomicReferenceArray<>(
              Integer.highestOneBit((int) Math.min(burst + 1, TEXTS_MAX) * 2 - 1));
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST, Moment.RESPONSE);
    }

    @Override
    public Verdict request(Exchange exchange) {
      long left = cells.take(key(exchange), exchange.nanos(), interval, tolerance);
      if (left < 0) {
        return refusal(-left);
      }
      exchange.state(state, text(left / interval));
      return Verdict.CONTINUE;
    }

    private long key(Exchange exchange) {
      return switch (by) {
        case By.Everybody _ -> 1;
        case By.Address _ -> address(exchange);
        case By.Caller _ -> {
          var consumer = exchange.consumer();
          yield consumer == null ? address(exchange) : cells.hash(consumer.id());
        }
        case By.Header(HeaderName name) -> {
          var value = exchange.requestHeaders().first(name);
          yield value == null ? 1 : cells.hash(value);
        }
      };
    }

    private long address(Exchange exchange) {
      return cells.network(exchange.client().getAddress());
    }

    @Override
    public Verdict response(Exchange exchange) {
      var text = exchange.state(state);
      if (text != null) {
        exchange.responseHeaders().add(LIMIT_POLICY, policy);
        exchange.responseHeaders().add(LIMIT, text);
      }
      return Verdict.CONTINUE;
    }

    /// Until everything is back takes what was used times the interval, rounded up.
    private String text(long remaining) {
      int index = (int) remaining & (told.length() - 1);
      var last = told.get(index);
      if (last == null || last.remaining != remaining) {
        last =
            new Told(
                remaining,
                quoted + ";r=" + remaining + ";t=" + seconds((burst - remaining) * interval));
        told.set(index, last);
      }
      return last.text;
    }

    private Verdict refusal(long waitNanos) {
      long seconds = Math.max(1, seconds(waitNanos));
      var detail = "Too many calls. The next one is let through in " + seconds + " s.";
      return new Verdict.Reply(
          Problem.of(429, "rate-limit", "Too many requests", detail)
              .withFields(
                  Field.of("Retry-After", Long.toString(seconds)),
                  new Field(LIMIT_POLICY, policy),
                  new Field(LIMIT, quoted + ";r=0;t=" + seconds)));
    }

    private static long seconds(long nanos) {
      return Math.ceilDiv(nanos, 1_000_000_000L);
    }
  }
}
