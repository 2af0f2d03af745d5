package io.ostiary.contract.config;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelSettings;
import java.util.Collection;
import java.util.List;
import java.util.function.BiPredicate;

/// Rules of the shield that contradict each other, or that surprise: nothing is refused, for which
/// one wins is defined, but whoever wrote them should know.
final class RuleConflicts {
  /// Above this many pairs of blocks two rules are not compared: a warning is not worth the wait.
  private static final long PAIRS_MAX = 1_000_000;

  private final List<KernelRule> rules;
  private final Notes notes;

  private RuleConflicts(List<KernelRule> rules, Notes notes) {
    this.rules = rules;
    this.notes = notes;
  }

  static void check(KernelSettings kernel, List<Cidr> trustedProxies, Notes notes) {
    var conflicts = new RuleConflicts(kernel.rules(), notes);
    for (int i = 0; i < kernel.rules().size(); i++) {
      switch (kernel.rules().get(i)) {
        case KernelRule.Deny deny -> {
          conflicts.deny(deny, i);
          conflicts.proxies(deny, i, trustedProxies);
        }
        case KernelRule.Limit limit -> conflicts.limit(limit, i);
        case KernelRule.Allow _ -> {}
      }
    }
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
          warn(index, "deny has no effect: the allow rule at " + line(otherIndex) + " wins");
      case KernelRule.Allow allow when !around && meets(allow.match(), deny.match()) ->
          warn(
              index,
              "deny meets the allow rule at "
                  + line(otherIndex)
                  + ": where both match, allow wins");
      case KernelRule.Deny _ when within && otherIndex < index ->
          warn(
              index,
              "deny has no effect: the deny rule at " + line(otherIndex) + " drops the same");
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
        warn(index, "limit has no effect: the allow rule at " + line(i) + " wins");
      } else if (within && other instanceof KernelRule.Deny) {
        warn(index, "limit has no effect: the deny rule at " + line(i) + " drops the same");
      } else if (within
          && i < index
          && other instanceof KernelRule.Limit earlier
          && earlier.counted() == limit.counted()) {
        warn(index, "limit has no effect: the limit at " + line(i) + " comes first and wins");
      }
    }
  }

  private static boolean tooMany(KernelRule.Match one, KernelRule.Match other) {
    return (long) one.from().size() * other.from().size() > PAIRS_MAX
        || (long) one.to().size() * other.to().size() > PAIRS_MAX;
  }

  private void proxies(KernelRule.Deny deny, int index, List<Cidr> trustedProxies) {
    for (var proxy : trustedProxies) {
      if (deny.match().from().stream().anyMatch(from -> meets(from, proxy))) {
        warn(index, "deny meets the trusted proxy " + proxy + ": calls through it stop");
      }
    }
  }

  private void warn(int index, String message) {
    notes.warning("/kernel/rules/" + index, message);
  }

  private String line(int index) {
    return References.place(notes.at("/kernel/rules/" + index).at());
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

  /// What a set holds is not known here: it is compared by its name.
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
