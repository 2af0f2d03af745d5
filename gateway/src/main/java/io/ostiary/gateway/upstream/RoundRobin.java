package io.ostiary.gateway.upstream;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// In turn, each as often as its weight and spread evenly (the smooth weighted round of nginx).
record RoundRobin(AtomicInteger turn) implements Balancer {
  private static final int TURNS_MAX = 65_536;

  /// While weights are no whole numbers, because a target starts slowly: turns for each target.
  private static final int TURNS_EACH = 64;

  @Override
  public @Nullable Endpoint choose(Candidates among, Pick pick) {
    var turns = among.turns();
    if (pick.triedCount() > 0) {
      return again(turns, among, pick);
    }
    for (int tries = 0; tries < turns.length; tries++) {
      int at = Integer.remainderUnsigned(turn.getAndIncrement(), turns.length);
      var endpoint = among.endpoint(turns[at]);
      if (!pick.passes(endpoint)) {
        return endpoint;
      }
    }
    return null;
  }

  /// Another attempt takes no turn of its own: else two targets of which one fails would always
  /// begin with that one.
  private @Nullable Endpoint again(int[] turns, Candidates among, Pick pick) {
    int start = turn.get();
    for (int i = 0; i < turns.length; i++) {
      var endpoint = among.endpoint(turns[Integer.remainderUnsigned(start + i, turns.length)]);
      if (!pick.passes(endpoint)) {
        return endpoint;
      }
    }
    return null;
  }

  /// One whole round.
  static int[] turns(double[] weights) {
    var whole = whole(weights);
    long sum = 0;
    for (long weight : whole) {
      sum += weight;
    }
    int n = whole.length;
    if (sum > TURNS_MAX || sum * n > 10_000_000) {
      var plain = new int[n];
      java.util.Arrays.setAll(plain, i -> i);
      return plain;
    }
    var turns = new int[(int) sum];
    var credit = new long[n];
    for (int t = 0; t < turns.length; t++) {
      int best = 0;
      for (int i = 0; i < n; i++) {
        credit[i] += whole[i];
        best = credit[i] > credit[best] ? i : best;
      }
      credit[best] -= sum;
      turns[t] = best;
    }
    return turns;
  }

  private static long[] whole(double[] weights) {
    var whole = new long[weights.length];
    long divisor = 0;
    double sum = 0;
    boolean exact = true;
    for (int i = 0; i < whole.length; i++) {
      whole[i] = (long) weights[i];
      exact &= whole[i] == weights[i] && whole[i] > 0;
      divisor = gcd(whole[i], divisor);
      sum += weights[i];
    }
    for (int i = 0; i < whole.length; i++) {
      whole[i] =
          exact
              ? whole[i] / divisor
              : Math.max(1, Math.round(weights[i] * whole.length * TURNS_EACH / sum));
    }
    return whole;
  }

  private static long gcd(long a, long b) {
    return b == 0 ? a : gcd(b, a % b);
  }
}
