package io.ostiary.gateway.exchange;

import io.ostiary.model.Ending;

/// Endings that are told again and again, made once.
final class Endings {
  private static final Ending.Answered[] ANSWERED = new Ending.Answered[600];

  static {
    for (int i = 0; i < ANSWERED.length; i++) {
      ANSWERED[i] = new Ending.Answered(i);
    }
  }

  private Endings() {}

  static Ending answered(int upstreamStatus) {
    return ANSWERED[upstreamStatus];
  }
}
