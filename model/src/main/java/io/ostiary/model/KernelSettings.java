package io.ostiary.model;

import java.util.List;

/// What the kernel side is asked to do.
///
/// @param interfaces which network interfaces to watch
/// @param dryRun count what the rules would drop, and drop nothing
/// @param management sources that no rule and no ban can ever refuse
public record KernelSettings(
    Interfaces interfaces, boolean dryRun, List<Cidr> management, List<KernelRule> rules) {
  public KernelSettings {
    management = List.copyOf(management);
    rules = List.copyOf(rules);
  }

  public static final KernelSettings OFF =
      new KernelSettings(new Interfaces.Off(), false, List.of(), List.of());

  /// Which interfaces the programs are attached to.
  public sealed interface Interfaces {
    /// Every interface that is up and can carry traffic to a listener.
    record Auto() implements Interfaces {}

    /// None: the kernel side does not run.
    record Off() implements Interfaces {}

    record Named(List<String> names) implements Interfaces {
      public Named {
        names = List.copyOf(names);
      }
    }
  }
}
