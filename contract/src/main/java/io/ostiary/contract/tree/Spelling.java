package io.ostiary.contract.tree;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/// What somebody probably meant.
public final class Spelling {
  private static final int LENGTH_MAX = 64;

  private Spelling() {}

  /// `. Did you mean 'rate-limit'?`, or nothing where no known name is near.
  public static String hint(String seen, Collection<String> known) {
    return nearest(seen, known).map(Spelling::question).orElse("");
  }

  /// `. Did you mean 'rate-limit'?`
  public static String question(String meant) {
    return ". Did you mean '" + meant + "'?";
  }

  /// The known name that takes the fewest edits, at most a third of its length; else the longest
  /// that is a part of it, or has it for a part, as `proxy-cache` and `cache`.
  public static Optional<String> nearest(String seen, Collection<String> known) {
    if (seen.isBlank() || seen.length() > LENGTH_MAX) {
      return Optional.empty();
    }
    var plain = plain(seen);
    var near =
        known.stream()
            .filter(name -> !name.isBlank() && name.length() <= LENGTH_MAX)
            .filter(name -> distance(plain, plain(name)) <= Math.max(1, name.length() / 3))
            .min(
                Comparator.comparingInt((String name) -> distance(plain, plain(name)))
                    .thenComparing(Comparator.naturalOrder()));
    return near.isPresent()
        ? near
        : known.stream()
            .filter(name -> name.length() <= LENGTH_MAX && isPart(words(seen), words(name)))
            .max(Comparator.comparingInt(String::length).thenComparing(Comparator.reverseOrder()));
  }

  private static boolean isPart(String one, String other) {
    return one.contains(other) || other.contains(one);
  }

  /// With a dash before and behind each word.
  private static String words(String name) {
    return "-" + name.replace('_', '-').toLowerCase(Locale.ROOT) + "-";
  }

  /// `stripPath`, `strip_path` and `strip-path` differ in nothing that a person means.
  private static String plain(String name) {
    return name.replace("-", "").replace("_", "").toLowerCase(Locale.ROOT);
  }

  /// Edits between two names, a swap of neighbours counting as one (optimal string alignment).
  private static int distance(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        cost[i][j] = i == 0 || j == 0 ? i + j : edit(a, b, i, j, cost);
      }
    }
    return cost[a.length()][b.length()];
  }

  private static int edit(String a, String b, int i, int j, int[][] cost) {
    int same = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
    int best =
        Math.min(cost[i - 1][j - 1] + same, Math.min(cost[i - 1][j] + 1, cost[i][j - 1] + 1));
    boolean swapped =
        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
    return swapped ? Math.min(best, cost[i - 2][j - 2] + 1) : best;
  }
}
