package io.ostiary.gateway.upstream;

import io.ostiary.model.Balance;
import io.ostiary.model.Target;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One way of choosing a target for an attempt. Shared by all event loops.
interface Balancer {
  /// Whoever has been tried is passed over.
  ///
  /// @return null: all of them have been
  @Nullable Endpoint choose(Candidates among, Pick pick);

  /// @param targets all of the upstream, healthy or not
  static Balancer of(Balance balance, List<Target> targets, UpstreamState state) {
    return switch (balance) {
      case ROUND_ROBIN -> new RoundRobin(state.turn);
      case RANDOM -> new Drawn();
      case LEAST_REQUESTS -> new LeastRequests();
      case LEAST_LATENCY -> new TwoChoices(Endpoint::cost);
      case KERNEL_AWARE -> new TwoChoices(Endpoint::costByKernel);
      case RING_HASH -> new Ring(targets);
      case MAGLEV, SOURCE_HASH -> new Maglev(targets);
    };
  }
}
