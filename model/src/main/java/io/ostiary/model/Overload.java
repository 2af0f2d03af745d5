package io.ostiary.model;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How many calls an upstream is given at once, and who goes first when that is too few.
///
/// @param targetCalls in flight at one target; 0: not bounded
/// @param calls in flight at all targets together; 0: not bounded
/// @param queue calls that may wait for a place; 0: none waits
/// @param queueTime how long they wait at most
/// @param retries repeats and hedges at once, beside the budget; 0: not bounded
/// @param adaptive a bound for `calls` that finds itself; null: there is none
/// @param priorities who goes first
public record Overload(
    int targetCalls,
    int calls,
    int queue,
    Duration queueTime,
    int retries,
    @Nullable Adaptive adaptive,
    Priorities priorities) {
  public static final Overload NONE =
      new Overload(0, 0, 0, Duration.ofSeconds(1), 0, null, Priorities.NONE);

  public Overload {
    Require.between("overload.target-calls", targetCalls, 0, 1_000_000);
    Require.between("overload.calls", calls, 0, 1_000_000);
    Require.between("overload.queue", queue, 0, 1_000_000);
    Require.between("overload.queue-time (ms)", queueTime.toMillis(), 1, 600_000);
    Require.between("overload.retries", retries, 0, 1_000_000);
  }

  /// A bound that follows the time to the first byte: it falls while that is longer than
  /// `tolerance` times what it is without a queue, and grows while the bound is reached and it is
  /// not.
  ///
  /// @param least never below
  /// @param most never above
  /// @param every how often it is found anew
  public record Adaptive(int least, int most, double tolerance, Duration every) {
    public Adaptive {
      Require.between("overload.adaptive.least", least, 1, 1_000_000);
      Require.between("overload.adaptive.most", most, least, 1_000_000);
      if (!(tolerance >= 1.05 && tolerance <= 10)) {
        throw Require.invalid("overload.adaptive.tolerance", tolerance, "1.05-10");
      }
      Require.between("overload.adaptive.every (ms)", every.toMillis(), 10, 60_000);
    }
  }

  /// Whose calls are refused first, and whose last.
  public enum Priority {
    LOW,
    NORMAL,
    HIGH
  }

  /// @param header whose value is a priority, believed of trusted proxies only; null: none is
  /// @param rules the first that fits counts; without one a call is normal
  public record Priorities(@Nullable String header, List<Rule> rules) {
    public static final Priorities NONE = new Priorities(null, List.of());

    public Priorities {
      rules = List.copyOf(rules);
      if (header != null && !FieldName.fits(header)) {
        throw Require.invalid(
            "overload.priority-header", "'" + header + "'", "the name of a header field");
      }
    }

    public boolean none() {
      return header == null && rules.isEmpty();
    }
  }

  /// Fits where every set that is not empty has what the call has.
  ///
  /// @param consumers by name
  /// @param routes by id
  public record Rule(
      Priority priority, Set<String> apis, Set<String> routes, Set<String> consumers) {
    public Rule {
      apis = Set.copyOf(apis);
      routes = Set.copyOf(routes);
      consumers = Set.copyOf(consumers);
      apis.forEach(name -> Require.notBlank("apis", name));
      routes.forEach(name -> Require.notBlank("routes", name));
      consumers.forEach(name -> Require.notBlank("consumers", name));
      if (apis.isEmpty() && routes.isEmpty() && consumers.isEmpty()) {
        throw Require.invalid("priorities.rules", "an empty one", "apis, routes or consumers");
      }
    }
  }
}
