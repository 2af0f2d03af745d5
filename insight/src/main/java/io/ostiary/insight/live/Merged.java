package io.ostiary.insight.live;

import io.ostiary.insight.LiveTick.Group;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Tallies of several [Groups] by name. They are merged anew each second, and mostly of the same
/// names: their memory is kept. Confined to the ledger reader.
final class Merged {
  private final Map<String, Tally> byName = new HashMap<>();

  void add(Tally tally) {
    var sum = byName.get(tally.name);
    if (sum == null) {
      sum = new Tally(tally.name);
      byName.put(tally.name, sum);
    }
    sum.addAll(tally);
  }

  /// The first of them, after which all are empty again.
  List<Group> take(Comparator<Tally> order, int limit, int seconds) {
    byName.values().removeIf(tally -> tally.calls == 0);
    var first =
        byName.values().stream()
            .sorted(order)
            .limit(limit)
            .map(tally -> tally.group(seconds))
            .toList();
    byName.values().forEach(Tally::clear);
    return first;
  }
}
