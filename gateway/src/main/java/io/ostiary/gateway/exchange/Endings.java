package io.ostiary.gateway.exchange;

import io.ostiary.model.Ending;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Endings that are told again and again, made once.
final class Endings {
  private static final Ending.Answered[] ANSWERED = new Ending.Answered[600];

  static {
    for (int i = 0; i < ANSWERED.length; i++) {
      ANSWERED[i] = new Ending.Answered(i);
    }
  }

  private static final Set<String> GIVEN_UP = Set.of("cancelled-response", "total-timeout");

  private Endings() {}

  static Ending answered(int upstreamStatus) {
    return ANSWERED[upstreamStatus];
  }

  /// Whether the upstream said that it is over, or its time is.
  static boolean givenUp(@Nullable Ending ending) {
    return ending instanceof Ending.UpstreamFailed(var reason) && GIVEN_UP.contains(reason);
  }
}
