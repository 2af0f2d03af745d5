package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Field;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.Ending;
import io.ostiary.model.Require;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/// Limits how many calls of each caller may be in flight at once, and lets a few wait their turn.
public final class Concurrency implements Policy<Concurrency.Settings> {
  /// @param calls in flight, 1-1,000,000
  /// @param by who is counted
  /// @param queue how many calls of one caller wait, 0-10,000
  /// @param waitMax for how long at most, up to a minute
  /// @param dryRun whether nobody is refused
  public record Settings(
      @About("How many calls of each may be in flight.") int calls,
      @About("Who is counted: consumer, address, route, api, header:NAME or a list of these.")
          @Default("[consumer]")
          @OrOne
          List<CountBy> by,
      @About("How many more of each may wait for their turn.") @Default("0") int queue,
      @About("How long a call may wait, at most 1m.") @Default("1s") Duration waitMax,
      @About("Whether calls over the limit pass, marked in the ledger.") @Default("false")
          boolean dryRun) {
    public Settings {
      by = List.copyOf(by);
      Require.between("concurrency.calls", calls, 1, 1_000_000);
      Require.between("concurrency.queue", queue, 0, 10_000);
      Require.between("concurrency.wait-max (ms)", waitMax.toMillis(), 1, 60_000);
      if (by.isEmpty()) {
        throw new IllegalArgumentException("concurrency.by: nothing (expected: who is counted)");
      }
    }
  }

  @Override
  public String name() {
    return "concurrency";
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
    var where = CountBy.Where.of(site, settings, settings.by);
    var key = "concurrency/" + where.scope() + "/" + where.place() + "/" + settings.by;
    var calls = site.shared(key, InFlight.class, InFlight::new);
    var patience = site.patience(settings.waitMax);
    return new Gate(settings, patience, calls, site.state(InFlight.Place.class));
  }

  private static final class Gate implements Filter {
    private static final String TITLE = "Too many calls in flight";
    private static final String DETAIL =
        "As many calls as may be are being answered. Send this one again when one has ended.";

    private final CountBy[] by;
    private final int callsMax;
    private final int waitingMax;
    private final long waitMillis;
    private final boolean dryRun;
    private final Verdict busy;
    private final InFlight calls;
    private final StateKey<InFlight.Place> state;

    Gate(Settings settings, Duration waitMax, InFlight calls, StateKey<InFlight.Place> state) {
      by = settings.by.toArray(CountBy[]::new);
      callsMax = settings.calls;
      waitingMax = settings.dryRun ? 0 : settings.queue;
      waitMillis = waitMax.toMillis();
      dryRun = settings.dryRun;
      this.calls = calls;
      this.state = state;
      // All callers together: this one has done nothing wrong.
      boolean together = settings.by.stream().allMatch(part -> part instanceof CountBy.Everybody);
      var problem =
          together
              ? Problem.of(503, "concurrency", TITLE, DETAIL)
              : Problem.of(429, "concurrency", TITLE, DETAIL);
      busy = new Verdict.Reply(problem.withFields(Field.of("Retry-After", "1")));
    }

    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST, Moment.END);
    }

    @Override
    public Verdict request(Exchange exchange) {
      long key = CountBy.key(by, exchange, calls.hash());
      var place = calls.enter(key, callsMax, waitingMax, waitMillis, busy);
      if (place == null) {
        if (dryRun) {
          exchange.remark("concurrency-dry-run");
          return Verdict.CONTINUE;
        }
        return busy;
      }
      exchange.state(state, place);
      var turn = place.turn();
      return turn == null ? Verdict.CONTINUE : new Verdict.Wait(turn);
    }

    @Override
    public void end(Exchange exchange, Ending ending) {
      var place = exchange.state(state);
      if (place != null) {
        calls.leave(place);
      }
    }
  }
}
