package io.ostiary.gateway.upstream;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Drawn, each as likely as its weight.
record Drawn() implements Balancer {
  @Override
  public @Nullable Endpoint choose(Candidates among, Pick pick) {
    var sums = among.sums();
    int at = Arrays.binarySearch(sums, pick.random().nextDouble() * sums[sums.length - 1]);
    int first = Math.min(at < 0 ? -at - 1 : at, sums.length - 1);
    for (int i = 0; i < sums.length; i++) {
      var endpoint = among.endpoint((first + i) % sums.length);
      if (!pick.passes(endpoint)) {
        return endpoint;
      }
    }
    return null;
  }
}
