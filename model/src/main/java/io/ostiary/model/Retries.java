package io.ostiary.model;

import java.time.Duration;
import java.util.Set;
import java.util.regex.Pattern;

/// What is tried again, how often and how soon.
///
/// A request is only sent twice where that means the same as once: its method is idempotent or
/// among `methods`, or nothing of it was sent; and its body, if any, can be sent again.
///
/// @param attempts of one call together, the first one included
/// @param on after which failures
/// @param statuses of answers that count as failures with [On#STATUS]
/// @param grpc the same for `grpc-status`
/// @param methods that may be repeated although they are not idempotent
/// @param perTry from the start of an attempt to the first byte of its answer, the client's own
///   time to send content not counted; zero: as long as the upstream's own limits
/// @param backOff before the second attempt at most; twice as long each time, drawn from its half
///   on
/// @param backOffMax at most
/// @param budget per cent of the upstream's calls in flight that may be repeats, hedges included
/// @param budgetMin repeats that may always be
/// @param retryAfterMax a longer wait that an upstream asks for is left to the client
/// @param hedge a second attempt beside the first
public record Retries(
    int attempts,
    Set<On> on,
    Set<Integer> statuses,
    Set<Integer> grpc,
    Set<String> methods,
    Duration perTry,
    Duration backOff,
    Duration backOffMax,
    int budget,
    int budgetMin,
    Duration retryAfterMax,
    Hedge hedge) {
  private static final Pattern METHOD = Pattern.compile("[A-Z][A-Z0-9_-]{0,31}");

  public static final Retries DEFAULT =
      new Retries(
          3,
          Set.of(On.CONNECT, On.RESET),
          Set.of(502, 503, 504),
          Set.of(14),
          Set.of(),
          Duration.ZERO,
          Duration.ofMillis(25),
          Duration.ofMillis(250),
          20,
          3,
          Duration.ofSeconds(1),
          Hedge.NONE);

  public Retries {
    on = Set.copyOf(on);
    statuses = Set.copyOf(statuses);
    grpc = Set.copyOf(grpc);
    methods = Set.copyOf(methods);
    Require.between("retry.attempts", attempts, 1, 8);
    for (var method : methods) {
      if (!METHOD.matcher(method).matches()) {
        throw Require.invalid("retry.methods", method, "capital letters, such as POST");
      }
    }
    statuses.forEach(status -> Require.between("retry.statuses", status, 400, 599));
    grpc.forEach(status -> Require.between("retry.grpc", status, 1, 16));
    Require.between("retry.per-try (ms)", perTry.toMillis(), 0, 600_000);
    Require.between("retry.back-off (ms)", backOff.toMillis(), 0, 60_000);
    Require.between("retry.back-off-max (ms)", backOffMax.toMillis(), backOff.toMillis(), 60_000);
    Require.between("retry.budget (per cent)", budget, 0, 100);
    Require.between("retry.budget-min", budgetMin, 0, 10_000);
    Require.between("retry.retry-after-max (ms)", retryAfterMax.toMillis(), 0, 60_000);
  }

  /// After what another attempt is made.
  public enum On {
    /// No connection came about.
    CONNECT,
    /// The connection ended before an answer.
    RESET,
    /// The answer did not begin in time.
    TIMEOUT,
    /// What came was no answer.
    MALFORMED,
    /// The answer had one of the statuses.
    STATUS
  }

  /// A second attempt, at another target, while the first one has not answered. The answer that
  /// begins first counts, the other attempt is given up.
  ///
  /// @param after how long after the request was sent; zero: not by time
  /// @param percentile of the latencies of late after which; 0: not by latency
  public record Hedge(Duration after, double percentile) {
    public static final Hedge NONE = new Hedge(Duration.ZERO, 0);

    public Hedge {
      Require.between("retry.hedge.after (ms)", after.toMillis(), 0, 60_000);
      if (percentile != 0 && !(percentile >= 50 && percentile < 100)) {
        throw Require.invalid("retry.hedge.percentile", percentile, "0 or 50-99.99");
      }
    }

    public boolean off() {
      return after.isZero() && percentile == 0;
    }
  }
}
