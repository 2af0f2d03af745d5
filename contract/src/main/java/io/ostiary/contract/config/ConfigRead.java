package io.ostiary.contract.config;

import io.ostiary.contract.tree.Fault;
import java.util.List;

/// What became of an `ostiary.yaml`: understood as a whole, or refused as a whole.
public sealed interface ConfigRead {
  /// @param warnings what is odd and does no harm, in the order of the file
  record Understood(Configuration configuration, List<Fault> warnings) implements ConfigRead {
    public Understood {
      warnings = List.copyOf(warnings);
    }
  }

  /// @param faults everything that is wrong, in the order of the file
  record Refused(List<Fault> faults) implements ConfigRead {
    public Refused {
      faults = List.copyOf(faults);
    }
  }
}
