package io.ostiary.gateway.upstream;

import org.jspecify.annotations.Nullable;

/// The cheaper of two that are drawn, so that not everybody runs to the one that looks best.
record TwoChoices(Cost cost) implements Balancer {
  @FunctionalInterface
  interface Cost {
    /// Of one more call, for a weight of one.
    double of(Endpoint endpoint, long now);
  }

  @Override
  public @Nullable Endpoint choose(Candidates among, Pick pick) {
    int size = among.size();
    int one = untried(among, pick, pick.random().nextInt(size), -1);
    if (one < 0) {
      return null;
    }
    int other = size == 1 ? -1 : untried(among, pick, pick.random().nextInt(size), one);
    if (other < 0) {
      return among.endpoint(one);
    }
    double costOfOne = cost.of(among.endpoint(one), pick.now()) / among.weight(one);
    double costOfOther = cost.of(among.endpoint(other), pick.now()) / among.weight(other);
    return among.endpoint(costOfOther < costOfOne ? other : one);
  }

  /// The first from there on that may be asked, or -1.
  private static int untried(Candidates among, Pick pick, int start, int but) {
    int size = among.size();
    if (start == but) {
      // Whoever stands behind the first one drawn must not be drawn twice as often.
      return untried(among, pick, (but + 1 + pick.random().nextInt(size - 1)) % size, but, size);
    }
    return untried(among, pick, start, but, size);
  }

  private static int untried(Candidates among, Pick pick, int start, int but, int size) {
    for (int i = 0; i < size; i++) {
      int at = start + i < size ? start + i : start + i - size;
      if (at != but && !pick.passes(among.endpoint(at))) {
        return at;
      }
    }
    return -1;
  }
}
