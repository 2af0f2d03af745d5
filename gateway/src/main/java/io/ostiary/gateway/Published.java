package io.ostiary.gateway;

import io.ostiary.gateway.exchange.PlanFault;
import java.util.List;

/// What became of a snapshot.
public sealed interface Published {
  /// It is in force: every exchange that begins from now on runs under it.
  record InForce(long version) implements Published {}

  /// It was refused whole, and the one before goes on.
  ///
  /// @param faults everything that is wrong, one sentence each
  record Refused(List<PlanFault> faults) implements Published {
    public Refused {
      faults = List.copyOf(faults);
    }
  }
}
