package io.ostiary.kernel.shield;

import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelSettings;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Everything that decides about packets, before it is compiled.
///
/// @param sets what the named sets of the rules hold
/// @param management sources that neither a rule nor a ban can refuse
/// @param above interfaces whose packets are judged on another one as well: limits that name no
///   interface count them there
public record RuleSetSource(
    List<KernelRule> rules,
    Map<String, List<Cidr>> sets,
    Collection<Ban> bans,
    List<Cidr> management,
    Sessions sessions,
    boolean dryRun,
    Set<String> above) {
  private static final Logger LOG = LoggerFactory.getLogger(RuleSetSource.class);

  public RuleSetSource {
    above = Set.copyOf(above);
    rules = List.copyOf(rules);
    sets = Map.copyOf(sets);
    bans = List.copyOf(bans);
    management = List.copyOf(management);
  }

  public RuleSetSource(
      List<KernelRule> rules,
      Map<String, List<Cidr>> sets,
      Collection<Ban> bans,
      List<Cidr> management,
      Sessions sessions,
      boolean dryRun) {
    this(rules, sets, bans, management, sessions, dryRun, Set.of());
  }

  public RuleSetSource(
      List<KernelRule> rules,
      Collection<Ban> bans,
      List<Cidr> management,
      Sessions sessions,
      boolean dryRun) {
    this(rules, Map.of(), bans, management, sessions, dryRun);
  }

  /// Numbers of the interfaces that rules name, of those that are there.
  Map<String, Integer> interfaces() {
    var numbers = new HashMap<String, Integer>();
    for (var rule : rules) {
      for (var name : rule.match().interfaces()) {
        try {
          var found = NetworkInterface.getByName(name);
          if (found != null) {
            numbers.put(name, found.getIndex());
          }
        } catch (SocketException e) {
          LOG.warn("{}: rules that name it match nothing: {}", name, e.getMessage());
        }
      }
    }
    return numbers;
  }

  /// What a configuration says.
  ///
  /// @param sets what its sets hold
  /// @param management sources beside those of the settings that nothing may refuse
  public static RuleSetSource of(
      KernelSettings settings,
      Map<String, List<Cidr>> sets,
      Collection<Ban> bans,
      Collection<Cidr> management,
      Set<String> above) {
    var spared = new ArrayList<>(settings.management());
    spared.addAll(management);
    return new RuleSetSource(
        settings.rules(), sets, bans, spared, Sessions.NONE, settings.dryRun(), above);
  }

  public static RuleSetSource empty() {
    return new RuleSetSource(List.of(), List.of(), List.of(), Sessions.NONE, false);
  }

  /// Who is signed in from afar: neither a rule nor a ban can cut these sessions. Only TCP to their
  /// ports is spared, for whoever reaches the port has a connection before he has signed in.
  public record Sessions(Set<Cidr> peers, Set<Integer> ports) {
    public static final Sessions NONE = new Sessions(Set.of(), Set.of());

    public Sessions {
      peers = Set.copyOf(peers);
      ports = Set.copyOf(ports);
    }
  }
}
