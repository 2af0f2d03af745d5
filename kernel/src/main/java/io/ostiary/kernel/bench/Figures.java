package io.ostiary.kernel.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The rows of the table: what was measured, what it should be at most, and what it was before.
final class Figures {
  private final StringBuilder table = new StringBuilder();
  private final List<String> missed = new ArrayList<>();
  private final List<String> slower = new ArrayList<>();
  private final Baseline baseline;
  private double empty;

  Figures(Baseline baseline) {
    this.baseline = baseline;
    table.append("| what | CIDRs | packets | ns | target | |\n|---|---:|---|---:|---:|---|\n");
  }

  /// The program that does nothing: what every other figure includes.
  void empty(double nanos) {
    empty = nanos;
    add("empty program", "", "", nanos, null, "");
  }

  void row(String what, String cidrs, String packets, double nanos, @Nullable Integer target) {
    var word = target == null ? "" : nanos <= target ? "met" : "**not met**";
    if (target != null && nanos > target) {
      missed.add(
          "%s, %s CIDRs, %s: %.0f (target %d)".formatted(what, cidrs, packets, nanos, target));
    }
    add(
        what,
        cidrs,
        packets,
        nanos,
        target,
        compared(what + "|" + cidrs + "|" + packets, nanos, word));
  }

  /// What one thing adds to another.
  void difference(String what, double from, double to, int target) {
    double added = Math.max(0, to - from);
    var word = added <= target ? "met" : "**not met**";
    if (added > target) {
      missed.add("%s: +%.0f (target + %d)".formatted(what, added, target));
    }
    table.append("| %s | | | + %.0f | + %d | %s |\n".formatted(what, added, target, word));
    Commands.say("%-46s + %5.1f ns   target + %d %s".formatted(what, added, target, word));
  }

  void absent(String what, String why) {
    table.append("| %s | | | - | | %s |\n".formatted(what, why));
    Commands.say("%-46s %s".formatted(what, why));
  }

  private String compared(String key, double nanos, String word) {
    var times = baseline.slower(key, nanos - empty);
    if (times == null) {
      return word;
    }
    var sentence = "%.0f %% above its baseline".formatted(100 * (times - 1));
    slower.add(key.replace("|", ", ") + ": " + sentence);
    return word + (word.isEmpty() ? "" : ", ") + "**" + sentence + "**";
  }

  private void add(
      String what,
      String cidrs,
      String packets,
      double nanos,
      @Nullable Integer target,
      String word) {
    var limit = target == null ? "" : "≤ " + target;
    table.append(
        "| %s | %s | %s | %.0f | %s | %s |\n".formatted(what, cidrs, packets, nanos, limit, word));
    Commands.say(
        "%-46s %8s  %-22s %6.1f ns  %s %s".formatted(what, cidrs, packets, nanos, limit, word));
  }

  String table() {
    return table.toString();
  }

  /// Of all rows, or why there is none.
  String verdict(ForeignShare share) throws IOException {
    if (!share.isQuiet()) {
      return share.sentence();
    }
    var text = new StringBuilder(share.sentence());
    text.append(missed.isEmpty() ? " Every target is met." : " Not met:\n\n");
    missed.forEach(line -> text.append("- ").append(line).append('\n'));
    if (!slower.isEmpty()) {
      text.append("\nMore than 15 % above what was kept in bench/baseline-kernel.tsv:\n\n");
      slower.forEach(line -> text.append("- ").append(line).append('\n'));
    }
    return text.toString();
  }

  boolean isSlower() {
    return !slower.isEmpty();
  }
}
