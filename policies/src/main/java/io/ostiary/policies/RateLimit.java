package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.FieldLines;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Api;
import io.ostiary.model.Require;
import io.ostiary.model.Route;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Lets each caller make so many requests in a time, spread evenly with some burst (GCRA). Several
/// limits hold at once: a call passes if it fits all of them, and counts in all or in none.
public final class RateLimit implements Policy<RateLimit.Settings> {
  static final HeaderName LIMIT = HeaderName.of("RateLimit");
  static final HeaderName LIMIT_POLICY = HeaderName.of("RateLimit-Policy");
  private static final int LIMITS_MAX = 8;
  private static final int COST_MAX = 1_000_000;

  /// @param requests how many, 1-1,000,000,000; null: `limits` say it
  /// @param per in which time, 1 ms to 31 days
  /// @param burst how many may come at once; not given: `requests`
  /// @param limits in place of the three before, where several hold at once
  /// @param by who is counted
  /// @param cost what a call counts
  /// @param costs the same of single routes, by their id
  /// @param costField a response field by which the upstream says what a call has really cost
  /// @param dryRun whether nobody is refused
  /// @param waitMax how long a call over the limit waits for its turn
  public record Settings(
      @About("How many requests a caller may make; not given: see 'limits'.")
          @Nullable Integer requests,
      @About("In which time, 1ms to 31d.") @Default("1m") Duration per,
      @About("How many may come at once; not given: as many as 'requests'.")
          @Nullable Integer burst,
      @About("Several limits at once, at most 8, in place of the three before.") List<Limit> limits,
      @About("Who is counted: consumer, address, route, api, header:NAME or a list of these.")
          @Default("[consumer]")
          @OrOne
          List<CountBy> by,
      @About("How many requests a call counts as.") @Default("1") int cost,
      @About("The same for single routes, by their id: { search: 5 }.") Map<String, Integer> costs,
      @About(
              "A response field in which the upstream says what a call has cost; hidden from clients.")
          @Nullable String costField,
      @About("Whether calls over the limit pass, marked in the ledger.") @Default("false")
          boolean dryRun,
      @About(
              "How long a call over the limit waits for its turn, at most 1m; 0s: it is refused at"
                  + " once.")
          @Default("0s")
          Duration waitMax) {
    public Settings {
      limits = List.copyOf(limits);
      by = List.copyOf(by);
      costs = Map.copyOf(costs);
      require(
          (requests == null) != limits.isEmpty(),
          () ->
              "rate-limit.requests: "
                  + (requests == null ? "nothing" : "together with 'limits'")
                  + " (expected: either 'requests' or 'limits')");
      require(limits.size() <= LIMITS_MAX, () -> "rate-limit.limits: more than 8 (expected: 1-8)");
      require(!by.isEmpty(), () -> "rate-limit.by: nothing (expected: who is counted)");
      if (requests != null) {
        limits = List.of(new Limit(requests, per, burst));
      }
      var times = new HashSet<Duration>(0);
      for (var limit : limits) {
        require(
            limits.size() == 1 || times.add(limit.per),
            () ->
                "rate-limit.limits: two with 'per: "
                    + limit.per
                    + "' (expected: one for each time)");
        cost(limit, "cost", cost);
        costs.forEach((route, of) -> cost(limit, "costs." + route, of));
      }
      if (costField != null) {
        HeaderRules.changeable("rate-limit.cost-field", costField);
      }
      Require.between("rate-limit.wait-max (ms)", waitMax.toMillis(), 0, 60_000);
      require(
          !dryRun || waitMax.isZero(),
          () -> "rate-limit.wait-max: beside dry-run (expected: one of the two)");
    }

    /// One limit, with any burst.
    Settings(int requests, Duration per, @Nullable Integer burst, CountBy by) {
      this(requests, per, burst, List.of(), List.of(by), 1, Map.of(), null, false, Duration.ZERO);
    }

    private static void cost(Limit limit, String name, int cost) {
      if (cost < 0 || cost > Math.min(COST_MAX, limit.most())) {
        Require.between("rate-limit." + name, cost, 0, Math.min(COST_MAX, limit.most()));
      }
    }
  }

  /// One of several limits.
  public record Limit(
      @About("How many requests a caller may make.") int requests,
      @About("In which time, 1ms to 31d.") Duration per,
      @About("How many may come at once; not given: as many as 'requests'.")
          @Nullable Integer burst) {
    public Limit {
      Require.between("rate-limit.requests", requests, 1, 1_000_000_000);
      Require.between("rate-limit.per (ms)", per.toMillis(), 1, Duration.ofDays(31).toMillis());
      int most = burst == null ? requests : burst;
      Require.between("rate-limit.burst", most, 1, 1_000_000_000);
      require(
          per.toNanos() / requests >= 1,
          () -> "rate-limit.requests: " + requests + " (expected: at most one each nanosecond)");
      require(
          per.toNanos() / requests <= Duration.ofDays(366).toNanos() / most,
          () -> "rate-limit.burst: " + most + " (expected: a burst that recovers within a year)");
    }

    int most() {
      return Objects.requireNonNullElse(burst, requests);
    }
  }

  /// @param message made only where it is said: there may be ten thousand limits
  private static void require(boolean holds, Supplier<String> message) {
    if (!holds) {
      throw new IllegalArgumentException(message.get());
    }
  }

  /// The ids of an API's routes.
  private record Routes(Api api, Set<String> ids) {}

  /// Of the API that was compiled last: a look through all of its routes for each of them takes
  /// seconds where there are ten thousand.
  private volatile @Nullable Routes last;

  @Override
  public String name() {
    return "rate-limit";
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
    return settings.costs.isEmpty();
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var where = CountBy.Where.of(site, settings, settings.by);
    int cost = settings.costs.isEmpty() ? settings.cost : cost(settings, site);
    boolean alone = settings.limits.size() == 1;
    var wait = settings.waitMax.isZero() ? settings.waitMax : site.patience(settings.waitMax);
    var windows = new ArrayList<RateWindow>();
    for (int i = 0; i < settings.limits.size(); i++) {
      var limit = settings.limits.get(i);
      // The numbers are not part of the key: a changed limit goes on from what was used.
      var key = "rate-limit/" + where.scope() + "/" + where.place() + "/" + settings.by + "/" + i;
      windows.add(
          new RateWindow(
              where.scope() + (alone ? "" : "/" + text(limit.per)),
              limit,
              site.shared(key, Cells.class, Cells::new),
              site.state(FieldLines.class),
              settings.costField != null,
              wait.toNanos()));
    }
    return new Gate(settings, windows, cost);
  }

  private int cost(Settings settings, Site site) {
    var routes = routes(site.api());
    for (var route : settings.costs.keySet()) {
      require(
          routes.ids.contains(route),
          () -> "rate-limit.costs: " + route + " (expected: the id of a route of this API)");
    }
    return settings.costs.getOrDefault(site.route().id(), settings.cost);
  }

  @SuppressWarnings("ReferenceEquality") // Every one of its routes comes with the same API.
  private Routes routes(Api api) {
    var routes = last;
    if (routes == null || routes.api != api) {
      routes = new Routes(api, api.routes().stream().map(Route::id).collect(Collectors.toSet()));
      last = routes;
    }
    return routes;
  }

  /// `PT1M30S` as people write it: `1m30s`.
  private static String text(Duration time) {
    return time.toString().replaceFirst("^P(.*?D)?T?", "$1").toLowerCase(java.util.Locale.ROOT);
  }

  private static final class Gate implements Filter {
    private static final Set<Moment> ONE_WAY = Set.of(Moment.REQUEST);
    private static final Set<Moment> BOTH_WAYS = Set.of(Moment.REQUEST, Moment.RESPONSE);

    private final CountBy[] by;
    private final RateWindow[] windows;
    private final long cost;
    private final @Nullable HeaderName costField;
    private final boolean dryRun;

    Gate(Settings settings, List<RateWindow> windows, int cost) {
      by = settings.by.toArray(CountBy[]::new);
      this.windows = windows.toArray(RateWindow[]::new);
      this.cost = cost;
      costField = settings.costField == null ? null : HeaderName.of(settings.costField);
      dryRun = settings.dryRun;
    }

    @Override
    public Set<Moment> moments() {
      return dryRun && costField == null ? ONE_WAY : BOTH_WAYS;
    }

    @Override
    public Verdict request(Exchange exchange) {
      long wait = 0;
      for (int i = 0; i < windows.length; i++) {
        long left = windows[i].take(by, exchange, cost);
        if (left < 0) {
          // It counts in all or in none. Until this is undone another call may be refused that
          // would just have fitted, but none passes that should not.
          for (int taken = 0; taken < i; taken++) {
            windows[taken].giveBack(by, exchange, cost);
          }
          return over(exchange, i, -left);
        }
        wait = Math.max(wait, windows[i].turn(left));
      }
      // It has its place among the calls of its caller already, so nobody overtakes it.
      return wait == 0 ? Verdict.CONTINUE : Verdict.after(wait, Verdict.CONTINUE);
    }

    private Verdict over(Exchange exchange, int spent, long waitNanos) {
      if (dryRun) {
        exchange.remark("rate-limit-dry-run");
        return Verdict.CONTINUE;
      }
      long seconds = Math.max(1, RateWindow.seconds(waitNanos));
      var detail = "Too many calls. The next one is let through in " + seconds + " s.";
      var fields = new ArrayList<Field>(windows.length + 2);
      fields.add(Field.of("Retry-After", Long.toString(seconds)));
      for (var window : windows) {
        fields.add(new Field(LIMIT_POLICY, window.policy()));
      }
      fields.add(new Field(LIMIT, windows[spent].spent(seconds)));
      return new Verdict.Reply(
          Problem.of(429, "rate-limit", "Too many requests", detail)
              .withFields(fields.toArray(Field[]::new)));
    }

    @Override
    public Verdict response(Exchange exchange) {
      charge(exchange);
      if (dryRun) {
        return Verdict.CONTINUE;
      }
      var headers = exchange.responseHeaders();
      for (var window : windows) {
        var told = window.told(exchange);
        if (told != null) {
          headers.add(told);
        }
      }
      return Verdict.CONTINUE;
    }

    /// What the call has cost beyond what was taken before.
    private void charge(Exchange exchange) {
      if (costField == null || !exchange.fromUpstream()) {
        return;
      }
      var told = exchange.responseHeaders().first(costField);
      exchange.responseHeaders().remove(costField);
      if (told == null || !told.matches("[0-9]{1,7}")) {
        return;
      }
      long more = Math.min(Integer.parseInt(told), COST_MAX) - cost;
      for (var window : windows) {
        window.charge(by, exchange, more);
      }
    }
  }
}
