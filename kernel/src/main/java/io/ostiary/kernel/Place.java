package io.ostiary.kernel;

import io.ostiary.model.KernelSettings;
import io.ostiary.model.KernelSettings.Interfaces;
import java.util.HashSet;
import java.util.Set;

/// Which interfaces settings are about: as long as that is the same, those that are there need not
/// be asked for again. Immutable.
///
/// @param names those that rules name
record Place(Interfaces wanted, Set<String> names) {
  static Place of(KernelSettings settings) {
    var names = new HashSet<String>();
    settings.rules().forEach(rule -> names.addAll(rule.match().interfaces()));
    return new Place(settings.interfaces(), names);
  }

  boolean named() {
    return wanted instanceof Interfaces.Named;
  }

  /// To ask for many takes longer than the rules themselves.
  NetworkInterfaces.Chosen choose() {
    return NetworkInterfaces.choose(named() || !names.isEmpty() ? wanted : new Interfaces.Off());
  }
}
