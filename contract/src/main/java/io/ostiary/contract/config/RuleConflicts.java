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
      if (kernel.rules().get(i) instanceof KernelRule.Deny deny) {
        conflicts.deny(deny, i);
        conflicts.proxies(deny, i, trustedProxies);
      }
    }
  }

  private void deny(KernelRule.Deny deny, int index) {
    for (int i = 0; i < rules.size(); i++) {
      boolean tooMany =
          (long) deny.match().from().size() * rules.get(i).match().from().size() > PAIRS_MAX;
      if (i != index && !tooMany) {
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
    return covers(outer.from(), inner.from(), RuleConflicts::covers)
        && covers(outer.toPorts(), inner.toPorts(), RuleConflicts::covers)
        && covers(outer.protocols(), inner.protocols(), Object::equals);
  }

  private static <T> boolean covers(
      Collection<T> outer, Collection<T> inner, BiPredicate<T, T> test) {
    return outer.isEmpty()
        || (!inner.isEmpty()
            && inner.stream().allMatch(i -> outer.stream().anyMatch(o -> test.test(o, i))));
  }

  /// Whether some packet is matched by both.
  static boolean meets(KernelRule.Match one, KernelRule.Match other) {
    return meets(one.from(), other.from(), RuleConflicts::meets)
        && meets(
            one.toPorts(),
            other.toPorts(),
            (a, b) -> a.first() <= b.last() && b.first() <= a.last())
        && meets(one.protocols(), other.protocols(), Object::equals);
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
