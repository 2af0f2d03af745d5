package io.ostiary.kernel.shield;

import io.ostiary.model.KernelStatus;
import java.util.List;

/// What the meter counted on one interface.
///
/// @param wouldDrop what passed in dry-run though a rule would have dropped it; in `counters` it is
///   among what passed
public record MeteredInterface(KernelStatus.Counters counters, List<KernelStatus.Drop> wouldDrop) {
  public MeteredInterface {
    wouldDrop = List.copyOf(wouldDrop);
  }
}
