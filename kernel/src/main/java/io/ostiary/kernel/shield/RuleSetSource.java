package io.ostiary.kernel.shield;

import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import java.util.Collection;
import java.util.List;

/// Everything that decides about packets, before it is compiled.
///
/// @param management sources that neither a rule nor a ban can refuse
public record RuleSetSource(
    List<KernelRule> rules, Collection<Ban> bans, List<Cidr> management, boolean dryRun) {
  public RuleSetSource {
    rules = List.copyOf(rules);
    bans = List.copyOf(bans);
    management = List.copyOf(management);
  }

  public static RuleSetSource empty() {
    return new RuleSetSource(List.of(), List.of(), List.of(), false);
  }
}
