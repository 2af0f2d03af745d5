package io.ostiary.control.api;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.TcpFlags;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One rule of the shield in the words of the file.
final class RuleView {
  /// Of a longer list only the beginning is shown.
  private static final int BLOCKS_MAX = 50;

  private RuleView() {}

  static RulesApi.Rule of(
      int number,
      KernelRule rule,
      List<RulesApi.Conflict> conflicts,
      RulesApi.@Nullable Hits hits) {
    var match = rule.match();
    var limit = rule instanceof KernelRule.Limit one ? one : null;
    boolean packets = limit != null && limit.counted() == KernelRule.Counted.PACKETS;
    return new RulesApi.Rule(
        number,
        rule.action(),
        addresses(match.from(), match.fromSets()),
        addresses(match.to(), match.toSets()),
        words(match.toPorts()),
        match.protocols().stream()
            .map(protocol -> protocol.name().toLowerCase(Locale.ROOT))
            .sorted()
            .toList(),
        conditions(match),
        limit != null && packets ? limit.perSecond() : null,
        limit != null && !packets ? limit.perSecond() : null,
        limit != null ? per(limit.bits()) : null,
        conflicts,
        hits);
  }

  private static String per(int bits) {
    return bits == KernelRule.Limit.SOURCE ? "source" : "/" + bits;
  }

  private static List<String> addresses(List<Cidr> blocks, List<String> sets) {
    var words = new ArrayList<String>();
    sets.forEach(set -> words.add("set " + set));
    blocks.stream().limit(BLOCKS_MAX).map(Cidr::toString).forEach(words::add);
    if (blocks.size() > BLOCKS_MAX) {
      words.add("and %,d more".formatted(blocks.size() - BLOCKS_MAX));
    }
    return words;
  }

  private static List<String> words(Collection<?> values) {
    return values.stream().map(Object::toString).sorted().toList();
  }

  private static List<String> conditions(KernelRule.Match match) {
    var conditions = new ArrayList<String>();
    words(match.fromPorts()).forEach(port -> conditions.add("from-port " + port));
    for (int bit = 0; bit < TcpFlags.NAMES.size(); bit++) {
      if ((match.tcpFlags().set() >> bit & 1) != 0) {
        conditions.add(TcpFlags.NAMES.get(bit));
      }
      if ((match.tcpFlags().unset() >> bit & 1) != 0) {
        conditions.add("no-" + TcpFlags.NAMES.get(bit));
      }
    }
    match.icmpTypes().stream().map(RuleView::type).sorted().forEach(conditions::add);
    words(match.interfaces()).forEach(name -> conditions.add("on " + name));
    words(match.vlans()).forEach(id -> conditions.add("vlan " + id));
    return conditions;
  }

  private static String type(KernelRule.IcmpType type) {
    var four = type.four() < 0 ? "" : "icmp-type " + type.four();
    var six = type.six() < 0 ? "" : "v6/" + type.six();
    return four.isEmpty() ? "icmp-type " + six : six.isEmpty() ? four : four + " or " + six;
  }
}
