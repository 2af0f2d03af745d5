package io.ostiary.contract.config;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelSet;
import io.ostiary.model.KernelSettings;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.IntFunction;

/// Rules of the shield that contradict each other, or that surprise: nothing is refused, for which
/// one wins is defined, but whoever wrote them should know.
public final class RuleConflicts {
  /// Above this many pairs of blocks two rules are not compared: a warning is not worth the wait.
  private static final long PAIRS_MAX = 1_000_000;

  private final List<KernelRule> rules;
  private final List<Cidr> management;
  private final List<Conflict> found = new ArrayList<>();

  /// What is odd about one rule.
  ///
  /// @param rule its place among the rules, from 0
  /// @param other the rule that wins, from 0; -1: what wins is no rule
  /// @param whole whether it has no effect at all, or only where both match
  /// @param words a sentence; `%s` stands for the other rule
  public record Conflict(int rule, int other, boolean whole, String words) {
    /// @param place what to call a rule
    public String sentence(IntFunction<String> place) {
      return other < 0 ? words : words.formatted(place.apply(other));
    }
  }

  private RuleConflicts(KernelSettings kernel) {
    var written = KernelSet.inline(kernel.sets());
    rules = kernel.rules().stream().map(rule -> opened(rule, written)).toList();
    management = kernel.management();
  }

  static void check(KernelSettings kernel, List<Cidr> trustedProxies, Notes notes) {
    for (var conflict : of(kernel, trustedProxies)) {
      notes.warning(
          "/kernel/rules/" + conflict.rule(),
          conflict.sentence(other -> References.place(notes.at("/kernel/rules/" + other).at())));
    }
  }

  /// All of them, in the order of the rules.
  public static List<Conflict> of(KernelSettings kernel, List<Cidr> trustedProxies) {
    var conflicts = new RuleConflicts(kernel);
    for (int i = 0; i < conflicts.rules.size(); i++) {
      var rule = conflicts.rules.get(i);
      switch (rule) {
        case KernelRule.Deny deny -> {
          conflicts.deny(deny, i);
          conflicts.spared(rule, i);
          conflicts.proxies(deny, i, trustedProxies);
        }
        case KernelRule.Limit limit -> {
          conflicts.limit(limit, i);
          conflicts.spared(rule, i);
        }
        case KernelRule.Allow _ -> {}
      }
    }
    return List.copyOf(conflicts.found);
  }

  /// The rule with the blocks of sets that are written out. What a file or the web holds may change
  /// at any time: such a set stays a name.
  private static KernelRule opened(KernelRule rule, Map<String, List<Cidr>> written) {
    var match = rule.match();
    if (match.fromSets().isEmpty() && match.toSets().isEmpty()) {
      return rule;
    }
    var opened =
        match.withBlocks(
            blocks(match.from(), match.fromSets(), written),
            unwritten(match.fromSets(), written),
            blocks(match.to(), match.toSets(), written),
            unwritten(match.toSets(), written));
    return switch (rule) {
      case KernelRule.Allow _ -> new KernelRule.Allow(opened);
      case KernelRule.Deny _ -> new KernelRule.Deny(opened);
      case KernelRule.Limit(var _, var counted, var rate, var bits) ->
          new KernelRule.Limit(opened, counted, rate, bits);
    };
  }

  private static List<Cidr> blocks(
      List<Cidr> own, List<String> sets, Map<String, List<Cidr>> written) {
    var all = new ArrayList<>(own);
    sets.forEach(set -> all.addAll(written.getOrDefault(set, List.of())));
    return all;
  }

  private static List<String> unwritten(List<String> sets, Map<String, List<Cidr>> written) {
    return sets.stream().filter(set -> written.getOrDefault(set, List.of()).isEmpty()).toList();
  }

  private void deny(KernelRule.Deny deny, int index) {
    for (int i = 0; i < rules.size(); i++) {
      if (i != index && !tooMany(deny.match(), rules.get(i).match())) {
        deny(deny, index, rules.get(i), i);
      }
    }
  }

  private void deny(KernelRule.Deny deny, int index, KernelRule other, int otherIndex) {
    boolean within = covers(other.match(), deny.match());
    boolean around = covers(deny.match(), other.match());
    switch (other) {
      case KernelRule.Allow _ when within ->
          beaten(index, otherIndex, "deny has no effect: the allow rule at %s wins");
      case KernelRule.Allow allow when !around && meets(allow.match(), deny.match()) ->
          found.add(
              new Conflict(
                  index,
                  otherIndex,
                  false,
                  "deny meets the allow rule at %s: where both match, allow wins"));
      case KernelRule.Deny _ when within && otherIndex < index ->
          beaten(index, otherIndex, "deny has no effect: the deny rule at %s drops the same");
      case KernelRule _ -> {}
    }
  }

  private void limit(KernelRule.Limit limit, int index) {
    for (int i = 0; i < rules.size(); i++) {
      var other = rules.get(i);
      if (i == index || tooMany(limit.match(), other.match())) {
        continue;
      }
      boolean within = covers(other.match(), limit.match());
      if (within && other instanceof KernelRule.Allow) {
        beaten(index, i, "limit has no effect: the allow rule at %s wins");
      } else if (within && other instanceof KernelRule.Deny) {
        beaten(index, i, "limit has no effect: the deny rule at %s drops the same");
      } else if (within
          && i < index
          && other instanceof KernelRule.Limit earlier
          && earlier.counted() == limit.counted()) {
        beaten(index, i, "limit has no effect: the limit at %s comes first and wins");
      }
    }
  }

  private static boolean tooMany(KernelRule.Match one, KernelRule.Match other) {
    return (long) one.from().size() * other.from().size() > PAIRS_MAX
        || (long) one.to().size() * other.to().size() > PAIRS_MAX;
  }

  /// What management sources send passes whatever the rules say.
  private void spared(KernelRule rule, int index) {
    var from = rule.match().from();
    if (management.isEmpty()
        || from.isEmpty()
        || (long) from.size() * management.size() > PAIRS_MAX) {
      return;
    }
    var within =
        rule.match().fromSets().isEmpty()
            && from.stream().allMatch(one -> management.stream().anyMatch(m -> covers(m, one)));
    if (within) {
      found.add(
          new Conflict(
              index,
              -1,
              true,
              rule.action() + " has no effect: kernel.management holds its sources and wins"));
      return;
    }
    management.stream()
        .filter(one -> from.stream().anyMatch(other -> meets(one, other)))
        .forEach(one ->
            meets(
                index,
                "%s meets kernel.management %s: what comes from there passes"
                    .formatted(rule.action(), one)));
  }

  private void proxies(KernelRule.Deny deny, int index, List<Cidr> trustedProxies) {
    for (var proxy : trustedProxies) {
      if (deny.match().from().stream().anyMatch(from -> meets(from, proxy))) {
        meets(index, "deny meets the trusted proxy " + proxy + ": what comes from it passes");
      }
    }
  }

  private void meets(int index, String sentence) {
    found.add(new Conflict(index, -1, false, sentence));
  }

  private void beaten(int index, int by, String words) {
    found.add(new Conflict(index, by, true, words));
  }

  /// Whether every packet that `inner` matches is matched by `outer`.
  static boolean covers(KernelRule.Match outer, KernelRule.Match inner) {
    return covers(outer.from(), outer.fromSets(), inner.from(), inner.fromSets())
        && covers(outer.to(), outer.toSets(), inner.to(), inner.toSets())
        && covers(outer.fromPorts(), inner.fromPorts(), RuleConflicts::covers)
        && covers(outer.toPorts(), inner.toPorts(), RuleConflicts::covers)
        && covers(outer.protocols(), inner.protocols(), Object::equals)
        && covers(outer.tcpFlags(), inner.tcpFlags())
        && covers(outer.icmpTypes(), inner.icmpTypes(), Object::equals)
        && covers(outer.interfaces(), inner.interfaces(), Object::equals)
        && covers(outer.vlans(), inner.vlans(), Object::equals);
  }

  /// Of a set that is a name only, nothing else is known.
  private static boolean covers(
      List<Cidr> outer, List<String> outerSets, List<Cidr> inner, List<String> innerSets) {
    if (outer.isEmpty() && outerSets.isEmpty()) {
      return true;
    }
    return !(inner.isEmpty() && innerSets.isEmpty())
        && outerSets.containsAll(innerSets)
        && inner.stream().allMatch(i -> outer.stream().anyMatch(o -> covers(o, i)));
  }

  private static boolean covers(KernelRule.TcpFlags outer, KernelRule.TcpFlags inner) {
    return (inner.set() & outer.set()) == outer.set()
        && (inner.unset() & outer.unset()) == outer.unset();
  }

  private static <T> boolean covers(
      Collection<T> outer, Collection<T> inner, BiPredicate<T, T> test) {
    return outer.isEmpty()
        || (!inner.isEmpty()
            && inner.stream().allMatch(i -> outer.stream().anyMatch(o -> test.test(o, i))));
  }

  /// Whether some packet is matched by both.
  static boolean meets(KernelRule.Match one, KernelRule.Match other) {
    return meets(one.from(), one.fromSets(), other.from(), other.fromSets())
        && meets(one.to(), one.toSets(), other.to(), other.toSets())
        && meets(one.fromPorts(), other.fromPorts(), RuleConflicts::meets)
        && meets(one.toPorts(), other.toPorts(), RuleConflicts::meets)
        && meets(one.protocols(), other.protocols(), Object::equals)
        && (one.tcpFlags().set() & other.tcpFlags().unset()) == 0
        && (one.tcpFlags().unset() & other.tcpFlags().set()) == 0
        && meets(one.icmpTypes(), other.icmpTypes(), Object::equals)
        && meets(one.interfaces(), other.interfaces(), Object::equals)
        && meets(one.vlans(), other.vlans(), Object::equals);
  }

  private static boolean meets(
      List<Cidr> one, List<String> oneSets, List<Cidr> other, List<String> otherSets) {
    boolean anywhere =
        (one.isEmpty() && oneSets.isEmpty()) || (other.isEmpty() && otherSets.isEmpty());
    return anywhere
        || oneSets.stream().anyMatch(otherSets::contains)
        || one.stream().anyMatch(a -> other.stream().anyMatch(b -> meets(a, b)));
  }

  private static boolean meets(KernelRule.PortRange one, KernelRule.PortRange other) {
    return one.first() <= other.last() && other.first() <= one.last();
  }

  private static <T> boolean meets(Collection<T> one, Collection<T> other, BiPredicate<T, T> test) {
    return one.isEmpty()
        || other.isEmpty()
        || one.stream().anyMatch(a -> other.stream().anyMatch(b -> test.test(a, b)));
  }

  private static boolean covers(Cidr outer, Cidr inner) {
    return outer.prefix() <= inner.prefix() && outer.contains(inner.address());
  }

  private static boolean covers(KernelRule.PortRange outer, KernelRule.PortRange inner) {
    return outer.first() <= inner.first() && inner.last() <= outer.last();
  }

  private static boolean meets(Cidr one, Cidr other) {
    return covers(one, other) || covers(other, one);
  }
}
