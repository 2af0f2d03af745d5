package io.ostiary.model;

import java.time.Duration;

/// When a target rests for a time because of how its calls went.
///
/// @param failures attempts in a row without an answer; 0: they do not count
/// @param errors answers in a row with a status of 500 or more; 0: they do not count
/// @param deviations standard deviations below the mean of all targets at which a success rate
///   counts as bad; 0: it does not count
/// @param slower how many times the median of the others a target's latency must be; 0: it does not
///   count
/// @param calls of a target within `every` without which its rate and latency are not judged
/// @param every how often rates and latencies are compared
/// @param rest for how long at first; twice as long each time, at most `restMax`
/// @param share per cent of the targets that may rest at once; one always may
public record Outliers(
    int failures,
    int errors,
    double deviations,
    double slower,
    int calls,
    Duration every,
    Duration rest,
    Duration restMax,
    int share) {
  public static final Outliers DEFAULT =
      new Outliers(
          5,
          0,
          0,
          0,
          20,
          Duration.ofSeconds(1),
          Duration.ofSeconds(10),
          Duration.ofSeconds(300),
          50);

  public Outliers {
    Require.between("outliers.failures", failures, 0, 10_000);
    Require.between("outliers.errors", errors, 0, 10_000);
    if (!(deviations >= 0 && deviations <= 10)) {
      throw Require.invalid("outliers.deviations", deviations, "0-10");
    }
    if (slower != 0 && !(slower >= 1.5 && slower <= 1000)) {
      throw Require.invalid("outliers.slower", slower, "0 or 1.5-1000");
    }
    Require.between("outliers.calls", calls, 1, 1_000_000);
    Require.between("outliers.every (ms)", every.toMillis(), 100, 600_000);
    Require.between("outliers.rest (ms)", rest.toMillis(), 100, 3_600_000);
    Require.between("outliers.rest-max (ms)", restMax.toMillis(), rest.toMillis(), 86_400_000);
    Require.between("outliers.share (per cent)", share, 0, 100);
  }

  /// Whether rates or latencies are compared at all.
  public boolean compares() {
    return deviations > 0 || slower > 0;
  }
}
