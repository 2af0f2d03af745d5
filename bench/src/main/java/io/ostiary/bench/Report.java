package io.ostiary.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// What the rounds say: medians with their range, and ratios taken within each round.
final class Report {
  static final double FOREIGN_SHARE_MAX = 0.05;

  private final Map<String, List<Sample>> samples;
  private final String reference;
  private final String everything;
  private final List<String> without;
  private final double costMax;

  /// @param samples for each candidate one sample a round, in the order of the rounds
  /// @param reference the candidate that the others are divided by
  /// @param everything the one that does all it can
  /// @param without those that it is compared with, the one that counts first
  /// @param costMax what the quotient with that one is to be at most
  Report(
      Map<String, List<Sample>> samples,
      String reference,
      String everything,
      List<String> without,
      double costMax) {
    this.samples = samples;
    this.reference = reference;
    this.everything = everything;
    this.without = without;
    this.costMax = costMax;
  }

  String markdown() {
    var text =
        new StringBuilder(
            """
            | candidate | CPU µs/request, median (min-max) | ÷ %s, median of rounds (min-max) | rounds won | requests/s | p50 ms | p99 ms | RSS MB | errors | foreign CPU |
            |---|---|---|---|---|---|---|---|---|---|
            """
                .formatted(reference));
    samples.forEach((name, rounds) -> text.append(row(name, rounds)));
    return text.append('\n').append(verdict()).append('\n').toString();
  }

  private String row(String name, List<Sample> rounds) {
    var ratios = ratios(name, reference);
    return "| %s | %s | %s | %d/%d | %.0f | %.2f | %.2f | %.0f | %d | %.1f %% |%n"
        .formatted(
            name,
            range(values(rounds, s -> s.cpuNanosPerRequest() / 1000), "%.1f"),
            range(ratios, "%.2f"),
            ratios.stream().filter(ratio -> ratio < 1).count(),
            ratios.size(),
            median(values(rounds, s -> s.requests() / (double) Bench.SECONDS_OF_ROUND)),
            median(values(rounds, s -> s.p50Micros() / 1000.0)),
            median(values(rounds, s -> s.p99Micros() / 1000.0)),
            median(values(rounds, s -> s.residentBytes() / 1e6)),
            rounds.stream().mapToLong(Sample::errors).sum(),
            100 * median(values(rounds, Sample::foreignShare)));
  }

  /// CPU per request of `name` over that of `other`, round by round.
  List<Double> ratios(String name, String other) {
    var own = samples.getOrDefault(name, List.of());
    var others = samples.getOrDefault(other, List.of());
    var ratios = new ArrayList<Double>();
    for (int i = 0; i < Math.min(own.size(), others.size()); i++) {
      ratios.add(own.get(i).cpuNanosPerRequest() / others.get(i).cpuNanosPerRequest());
    }
    return ratios;
  }

  private String verdict() {
    double worst =
        samples.values().stream()
            .mapToDouble(rounds -> median(values(rounds, Sample::foreignShare)))
            .max()
            .orElse(0);
    if (worst > FOREIGN_SHARE_MAX) {
      return cost(false)
          + "No verdict: others used %.1f %% of the measured core (allowed: %.0f %%)."
              .formatted(100 * worst, 100 * FOREIGN_SHARE_MAX);
    }
    return cost(true) + "Others used at most %.1f %% of the measured core.".formatted(100 * worst);
  }

  /// What it costs to do all that.
  private String cost(boolean judged) {
    var text = new StringBuilder();
    for (var other : without) {
      var ratios = ratios(everything, other);
      if (ratios.isEmpty()) {
        continue;
      }
      double ratio = median(ratios);
      text.append("%s ÷ %s: %s".formatted(everything, other, range(ratios, "%.3f")));
      if (judged && other.equals(without.getFirst())) {
        var word = ratio <= costMax ? "met" : "**not met**";
        text.append(" (target: at most %.2f): %s".formatted(costMax, word));
      }
      text.append(".\n\n");
    }
    return text.toString();
  }

  private static List<Double> values(List<Sample> rounds, ToDoubleFunction<Sample> value) {
    return rounds.stream().mapToDouble(value).boxed().toList();
  }

  static double median(List<Double> values) {
    var sorted = values.stream().sorted().toList();
    if (sorted.isEmpty()) {
      return Double.NaN;
    }
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  static String range(List<Double> values, String format) {
    var sorted = values.stream().sorted().toList();
    if (sorted.isEmpty()) {
      return "-";
    }
    return (format + " (" + format + "-" + format + ")")
        .formatted(median(values), sorted.getFirst(), sorted.getLast());
  }
}
