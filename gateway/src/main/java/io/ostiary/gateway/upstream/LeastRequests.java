package io.ostiary.gateway.upstream;

import org.jspecify.annotations.Nullable;

/// The one with the fewest calls in flight for its weight. Of many, two are drawn.
final class LeastRequests implements Balancer {
  /// Up to this many are all looked at.
  private static final int SCAN_MAX = 16;

  private final TwoChoices two = new TwoChoices((endpoint, _) -> endpoint.load());

  @Override
  public @Nullable Endpoint choose(Candidates among, Pick pick) {
    int size = among.size();
    if (size > SCAN_MAX) {
      return two.choose(among, pick);
    }
    // Ties go to whoever comes first, so each choice begins somewhere else.
    int start = pick.random().nextInt(size);
    Endpoint best = null;
    double least = Double.MAX_VALUE;
    for (int i = 0; i < size; i++) {
      int at = start + i < size ? start + i : start + i - size;
      var endpoint = among.endpoint(at);
      double load = endpoint.load() / among.weight(at);
      if (load < least && !pick.passes(endpoint)) {
        best = endpoint;
        least = load;
      }
    }
    return best;
  }
}
