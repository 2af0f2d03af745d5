package io.ostiary.policies;

import io.ostiary.gateway.spi.BodyNeed;
import io.ostiary.gateway.spi.Moment;
import java.util.EnumSet;
import java.util.Set;

/// Which bodies a policy puts something else in the place of, and so when it acts.
record Directions(boolean requests, boolean responses) {
  BodyNeed requestNeed() {
    return requests ? BodyNeed.CHANGE : BodyNeed.NONE;
  }

  BodyNeed responseNeed() {
    return responses ? BodyNeed.CHANGE : BodyNeed.NONE;
  }

  /// Head and body of each direction; the caller's own, to add to.
  Set<Moment> moments() {
    var moments = EnumSet.noneOf(Moment.class);
    if (requests) {
      moments.addAll(Set.of(Moment.REQUEST, Moment.REQUEST_BODY));
    }
    if (responses) {
      moments.addAll(Set.of(Moment.RESPONSE, Moment.RESPONSE_BODY));
    }
    return moments;
  }
}
