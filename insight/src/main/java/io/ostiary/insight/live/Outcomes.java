package io.ostiary.insight.live;

import io.ostiary.insight.Point.Outcome;
import io.ostiary.insight.ledger.Row;
import io.ostiary.model.Blame;
import io.ostiary.model.LedgerSlot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// How calls ended: counts by status class and cause. Confined to the ledger reader.
final class Outcomes {
  private static final String[] CLASSES = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  private static final int BLAMES = Blame.values().length;
  private static final int POLICIES_MAX = 128;

  private final long[] counts = new long[CLASSES.length * BLAMES];

  /// Refusals: the name of the policy, then counts by status class.
  private final Map<String, long[]> policies = new HashMap<>();

  void add(LedgerSlot slot) {
    int status = statusClass(slot.status);
    if (slot.blame == Blame.POLICY) {
      refused(slot.reason)[status]++;
    } else {
      counts[status * BLAMES + Row.code(slot.blame)]++;
    }
  }

  private long[] refused(String policy) {
    var known = policies.get(policy);
    if (known != null) {
      return known;
    }
    var name = policies.size() < POLICIES_MAX ? policy : Groups.OTHER;
    return policies.computeIfAbsent(name, _ -> new long[CLASSES.length]);
  }

  static int statusClass(int status) {
    return status < 100 || status > 599 ? 0 : status / 100;
  }

  static String className(int statusClass) {
    return CLASSES[statusClass];
  }

  void addAll(Outcomes other) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
    }
    other.policies.forEach((policy, by) -> {
      var own = refused(policy);
      for (int i = 0; i < by.length; i++) {
        own[i] += by[i];
      }
    });
  }

  void clear() {
    java.util.Arrays.fill(counts, 0);
    policies.clear();
  }

  List<Outcome> list() {
    var list = new ArrayList<Outcome>();
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0) {
        var cause = Row.blame(i % BLAMES).name().toLowerCase(Locale.ROOT);
        list.add(new Outcome(CLASSES[i / BLAMES], cause, counts[i]));
      }
    }
    policies.forEach((policy, by) -> {
      for (int i = 0; i < by.length; i++) {
        if (by[i] > 0) {
          list.add(new Outcome(CLASSES[i], policy, by[i]));
        }
      }
    });
    list.sort(Comparator.comparing(Outcome::status).thenComparing(Outcome::cause));
    return list;
  }
}
