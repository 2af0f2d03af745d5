package io.ostiary.gateway.upstream;

import io.ostiary.model.Target;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A table of a prime size that targets fill in turn, each by a permutation of its own (Eisenbud
/// and others, "Maglev", NSDI 2016). Spreads more evenly than a ring; when a target comes or goes,
/// a few keys of others move, too. Immutable.
final class Maglev implements Balancer {
  /// A table of at least a hundred slots for each target keeps the spread within some per cent.
  private static final int SLOTS_EACH = 100;

  private static final int[] PRIMES = {
    251, 509, 1021, 2039, 4093, 8191, 16_381, 32_749, 65_521, 131_071, 262_139, 524_287, 1_048_573
  };

  /// How often a key whose target is away is dealt out anew before the others are gone through.
  private static final int DEALS_MAX = 64;

  private final int[] table;

  Maglev(List<Target> targets) {
    long wanted = (long) Math.max(40, targets.size()) * SLOTS_EACH;
    int size = PRIMES[PRIMES.length - 1];
    for (int prime : PRIMES) {
      if (prime >= wanted) {
        size = prime;
        break;
      }
    }
    table = new int[size];
    if (!targets.isEmpty()) {
      fill(targets);
    }
  }

  private void fill(List<Target> targets) {
    int n = targets.size();
    int size = table.length;
    var next = new long[n];
    var skip = new long[n];
    var credit = new double[n];
    int heaviest = targets.stream().mapToInt(Target::weight).max().orElse(1);
    for (int i = 0; i < n; i++) {
      long hash = Hash.of(targets.get(i).toString());
      next[i] = Long.remainderUnsigned(hash, size);
      skip[i] = Long.remainderUnsigned(Hash.mix(hash + 1), size - 1) + 1;
    }
    Arrays.fill(table, -1);
    for (int filled = 0; ; ) {
      for (int i = 0; i < n; i++) {
        credit[i] += (double) targets.get(i).weight() / heaviest;
        if (credit[i] < 1) {
          continue;
        }
        credit[i]--;
        while (table[(int) next[i]] >= 0) {
          next[i] = (next[i] + skip[i]) % size;
        }
        table[(int) next[i]] = i;
        if (++filled == size) {
          return;
        }
      }
    }
  }

  @Override
  public @Nullable Endpoint choose(Candidates among, Pick pick) {
    long hash = pick.hash();
    long dealt = hash;
    for (int i = 0; i < DEALS_MAX; i++) {
      var endpoint = among.at(table[(int) Long.remainderUnsigned(dealt, table.length)], hash);
      if (endpoint != null && !pick.passes(endpoint)) {
        return endpoint;
      }
      dealt = Hash.mix(dealt + 0x9E3779B97F4A7C15L);
    }
    return among.first(pick);
  }
}
