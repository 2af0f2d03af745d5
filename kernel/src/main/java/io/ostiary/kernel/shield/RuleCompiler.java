package io.ostiary.kernel.shield;

import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelRule.PortRange;
import io.ostiary.model.KernelRule.Protocol;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/// Compiles rules into [RuleTables]: rule n of the file is bit n of each row. The addresses, which
/// may be very many, are in [AddressTable]; here a rule only refers to a group of them.
final class RuleCompiler {
  private static final int PROTOCOLS = 256;

  private final List<KernelRule> rules;
  private final Selectors selectors;

  private RuleCompiler(List<KernelRule> rules, Selectors selectors) {
    this.rules = rules;
    this.selectors = selectors;
  }

  /// @param groups of each side the group of each rule, -1: anywhere
  /// @param sessionPorts ports that operators' peers may always reach
  /// @param interfaces numbers by name, of those that are there
  /// @param above see [RuleSetSource#above]
  /// @param selectors the memory for them, [Selectors#SIZE] long
  static RuleTables compile(
      List<KernelRule> rules,
      List<int[]> groups,
      Set<Integer> sessionPorts,
      Map<String, Integer> interfaces,
      Set<String> above,
      boolean dryRun,
      short[] selectors) {
    return new RuleCompiler(rules, new Selectors(selectors))
        .run(groups, sessionPorts, interfaces, above, dryRun);
  }

  private RuleTables run(
      List<int[]> groups,
      Set<Integer> sessionPorts,
      Map<String, Integer> interfaces,
      Set<String> above,
      boolean dryRun) {
    services(sessionPorts);
    boolean more = rules.stream().anyMatch(rule -> rule.match().asksForMore());
    if (more) {
      moreFields(interfaces, above);
    }
    var allow = Mask.EMPTY;
    var deny = Mask.EMPTY;
    var connections = Mask.EMPTY;
    var rates = new long[RuleTables.RULES_MAX];
    var bits = new byte[RuleTables.RULES_MAX];
    for (int i = 0; i < rules.size(); i++) {
      switch (rules.get(i)) {
        case KernelRule.Allow _ -> allow = allow.with(i);
        case KernelRule.Deny _ -> deny = deny.with(i);
        case KernelRule.Limit(var _, var counted, var perSecond, var leading) -> {
          rates[i] = perSecond;
          bits[i] = (byte) leading;
          connections =
              counted == KernelRule.Counted.CONNECTIONS ? connections.with(i) : connections;
        }
      }
    }
    return new RuleTables(
        allow,
        deny,
        connections,
        rates,
        bits,
        selectors.table(),
        selectors.rows(),
        List.of(side(groups, RuleTables.SOURCES), side(groups, RuleTables.DESTINATIONS)),
        more,
        dryRun,
        rules.size());
  }

  private RuleTables.Side side(List<int[]> groups, int side) {
    var anywhere = Mask.EMPTY;
    var of = new Mask[Mask.BITS];
    Arrays.fill(of, Mask.EMPTY);
    if (side == RuleTables.SOURCES) {
      of[RuleTables.MANAGEMENT_GROUP] = Mask.of(RuleTables.MARK_MANAGEMENT);
      of[RuleTables.SESSION_GROUP] = Mask.of(RuleTables.MARK_SESSION);
    }
    for (int i = 0; i < rules.size(); i++) {
      int group = groups.get(side)[i];
      if (group < 0) {
        anywhere = anywhere.with(i).with(RuleTables.MARK_RULES);
      } else {
        of[group] = of[group].with(i).with(RuleTables.MARK_RULES);
      }
    }
    return new RuleTables.Side(anywhere, of);
  }

  private void services(Set<Integer> sessionPorts) {
    var tcp = ports(Protocol.TCP, Match::toPorts, match -> match.icmpTypes().isEmpty());
    sessionPorts.forEach(port -> tcp.add(new Selectors.Range(RuleTables.MARK_SESSION, port, port)));
    selectors.fill(Selectors.TCP, Selectors.PORTS, tcp);
    selectors.fill(
        Selectors.UDP,
        Selectors.PORTS,
        ports(
            Protocol.UDP,
            Match::toPorts,
            match ->
                match.icmpTypes().isEmpty() && match.tcpFlags().equals(KernelRule.TcpFlags.ANY)));
    selectors.ask(
        Selectors.OTHER,
        PROTOCOLS,
        rules.size(),
        (rule, protocol) -> portless(rule, protocol) && match(rule).icmpTypes().isEmpty());
    selectors.ask(
        Selectors.ICMP,
        PROTOCOLS,
        rules.size(),
        (rule, type) -> portless(rule, 1) && icmp(match(rule), one -> one.four() == type));
    selectors.ask(
        Selectors.ICMPV6,
        PROTOCOLS,
        rules.size(),
        (rule, type) -> portless(rule, 58) && icmp(match(rule), one -> one.six() == type));
  }

  private static boolean icmp(Match match, Predicate<KernelRule.IcmpType> test) {
    return match.icmpTypes().isEmpty() || match.icmpTypes().stream().anyMatch(test);
  }

  private Match match(int rule) {
    return rules.get(rule).match();
  }

  /// Whether a rule can be about packets of a protocol whose ports are not known.
  private boolean portless(int rule, int protocol) {
    var match = match(rule);
    return match.toPorts().isEmpty()
        && match.fromPorts().isEmpty()
        && match.tcpFlags().equals(KernelRule.TcpFlags.ANY)
        && (protocols(rule).isEmpty()
            || protocols(rule).stream().anyMatch(one -> one.is(protocol)));
  }

  private Set<Protocol> protocols(int rule) {
    boolean connections =
        rules.get(rule) instanceof KernelRule.Limit limit
            && limit.counted() == KernelRule.Counted.CONNECTIONS;
    return connections ? Set.of(Protocol.TCP) : match(rule).protocols();
  }

  private List<Selectors.Range> ports(
      Protocol protocol, Function<Match, List<PortRange>> which, Predicate<Match> also) {
    var ranges = new ArrayList<Selectors.Range>();
    for (int i = 0; i < rules.size(); i++) {
      if (also.test(match(i)) && (protocols(i).isEmpty() || protocols(i).contains(protocol))) {
        add(ranges, i, which.apply(match(i)));
      }
    }
    return ranges;
  }

  private static void add(List<Selectors.Range> ranges, int rule, List<PortRange> ports) {
    if (ports.isEmpty()) {
      ranges.add(new Selectors.Range(rule, 0, Selectors.PORTS - 1));
    }
    ports.forEach(range -> ranges.add(new Selectors.Range(rule, range.first(), range.last())));
  }

  private void moreFields(Map<String, Integer> interfaces, Set<String> above) {
    var sources = new ArrayList<Selectors.Range>();
    var vlans = new ArrayList<Selectors.Range>();
    for (int i = 0; i < rules.size(); i++) {
      int rule = i;
      add(sources, rule, match(rule).fromPorts());
      if (match(rule).vlans().isEmpty()) {
        vlans.add(new Selectors.Range(rule, 0, 4095));
      }
      match(rule).vlans().forEach(id -> vlans.add(new Selectors.Range(rule, id, id)));
    }
    selectors.fill(Selectors.SOURCE_PORT, Selectors.PORTS, sources);
    selectors.fill(Selectors.VLAN, 4096, vlans);
    selectors.ask(
        Selectors.FLAGS, 256, rules.size(), (rule, flags) -> match(rule).tcpFlags().match(flags));
    selectors.ask(
        Selectors.INTERFACE,
        256,
        rules.size(),
        (rule, slot) -> {
          var names = match(rule).interfaces();
          return names.isEmpty()
              ? !(rules.get(rule) instanceof KernelRule.Limit && has(interfaces, above, slot))
              : has(interfaces, names, slot);
        });
  }

  /// Whether one of these interfaces has its counters in this slot.
  private static boolean has(Map<String, Integer> interfaces, Set<String> names, int slot) {
    return names.stream()
        .map(interfaces::get)
        .anyMatch(index -> index != null && (index & 255) == slot);
  }
}
