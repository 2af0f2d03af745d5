package io.ostiary.policies;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Problem;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Alone;
import io.ostiary.model.setting.Default;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Makes some calls slow or fail on purpose, so that clients can be tried against it.
public final class Fault implements Policy<Fault.Settings> {
  private static final Duration DELAY_MAX = Duration.ofMinutes(1);

  /// @param delay comes first; a call can be delayed and then refused
  /// @param delayed how many calls may be held back at once; those above are not delayed
  /// @param when calls of which the shares are drawn
  public record Settings(
      @About("How long calls are held back, and how many of them.") @Nullable Delay delay,
      @About("What calls are answered with, and how many of them.") @Nullable Abort abort,
      @About("How many calls of a route may be held back at once; others go on.") @Default("1000")
          int delayed,
      @About("Calls of which these are shares; not given: all.") When when) {
    public Settings {
      if (delay == null && abort == null) {
        throw new IllegalArgumentException("fault: nothing (expected: delay or abort)");
      }
      if (delayed < 1 || delayed > 100_000) {
        throw new IllegalArgumentException("fault.delayed: " + delayed + " (expected: 1-100000)");
      }
    }
  }

  /// @param time 1 ms to 1 min
  /// @param percent 0-100
  public record Delay(
      @Alone @About("How long.") Duration time,
      @About("Share of the calls, 0-100.") @Default("100") double percent) {
    public Delay {
      if (time.toMillis() < 1 || time.compareTo(DELAY_MAX) > 0) {
        throw new IllegalArgumentException(
            "fault.delay: " + time.toMillis() + " ms (expected: 1 ms to 1 min)");
      }
      checkPercent("fault.delay.percent", percent);
    }
  }

  /// @param status 400-599
  /// @param percent 0-100
  public record Abort(
      @Alone @About("The status, 400-599.") int status,
      @About("Share of the calls, 0-100.") @Default("100") double percent) {
    public Abort {
      if (status < 400 || status > 599) {
        throw new IllegalArgumentException(
            "fault.abort.status: " + status + " (expected: 400-599)");
      }
      checkPercent("fault.abort.percent", percent);
    }
  }

  private static void checkPercent(String setting, double percent) {
    if (!(percent >= 0 && percent <= 100)) {
      throw new IllegalArgumentException(setting + ": " + percent + " (expected: 0-100)");
    }
  }

  @Override
  public String name() {
    return "fault";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter compile(Settings settings, Site site) {
    var delay = settings.delay;
    if (delay != null) {
      var longest = site.waitMax();
      if (delay.time.compareTo(longest) >= 0) {
        throw new IllegalArgumentException(
            "fault.delay: %d ms (expected: less than %d ms, for which a policy may wait at route"
                    .formatted(delay.time.toMillis(), longest.toMillis())
                + " '%s')".formatted(site.route().id()));
      }
    }
    var key = "fault/" + site.api().name() + "/" + site.route().id() + "/" + settings;
    var held = site.shared(key, AtomicInteger.class, AtomicInteger::new);
    return new Injection(settings, settings.when.compile(), held);
  }

  /// @param held also counts calls that have ended while they were held back, until their time is
  ///   over: the timer is what costs memory
  private record Injection(Settings settings, Predicate<Exchange> when, AtomicInteger held)
      implements Filter {
    @Override
    public Set<Moment> moments() {
      return Set.of(Moment.REQUEST);
    }

    @Override
    public Verdict request(Exchange exchange) {
      if (!when.test(exchange)) {
        return Verdict.CONTINUE;
      }
      var verdict = aborted();
      var delay = settings.delay;
      if (delay == null || !drawn(delay.percent)) {
        return verdict;
      }
      if (held.incrementAndGet() > settings.delayed) {
        held.decrementAndGet();
        return verdict;
      }
      exchange.remark("fault-delayed");
      return new Verdict.Wait(
          exchange
              .later(delay.time)
              .thenApply(_ -> {
                held.decrementAndGet();
                return verdict;
              }));
    }

    private Verdict aborted() {
      var abort = settings.abort;
      if (abort == null || !drawn(abort.percent)) {
        return Verdict.CONTINUE;
      }
      return new Verdict.Reply(
          Problem.of(
              abort.status,
              "fault",
              "Made to fail",
              "This call failed on purpose, to try how clients take it."));
    }

    private static boolean drawn(double percent) {
      return percent >= 100 || ThreadLocalRandom.current().nextDouble(100) < percent;
    }
  }
}
