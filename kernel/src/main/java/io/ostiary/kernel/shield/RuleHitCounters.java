package io.ostiary.kernel.shield;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ostiary.kernel.flood.ShortWay;
import io.ostiary.kernel.libbpf.BpfObject;
import io.ostiary.kernel.libbpf.BpfTable;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.KernelRule;
import io.ostiary.model.PacketView.RuleHits;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What each rule decided, over all CPUs and over all rule sets it was part of: a rule that stays
/// keeps its count when another one changes. Confined to the installer.
final class RuleHitCounters {
  private static final int LABEL_BLOCKS = 64;

  private final BpfTable table;
  private final ShortWay shortWay;
  private final MemorySegment control;
  private final int processors;
  private final int hz;

  /// By place the rules that count in it, by their labels.
  private final List<List<String>> labels = new ArrayList<>(List.of(List.of(), List.of()));

  private final Map<String, Hits> before = new HashMap<>();

  /// @param droppedPackets of `packets`; in dry-run: would have been
  /// @param lastNanos when it decided last, by CLOCK_MONOTONIC; 0: never
  record Hits(long packets, long bytes, long droppedPackets, long droppedBytes, long lastNanos) {
    static final Hits NONE = new Hits(0, 0, 0, 0, 0);

    /// @param rule its place in the file
    RuleHits of(int rule) {
      return new RuleHits(rule, packets, bytes, droppedPackets, droppedBytes, lastNanos);
    }

    Hits plus(Hits other) {
      return new Hits(
          packets + other.packets,
          bytes + other.bytes,
          droppedPackets + other.droppedPackets,
          droppedBytes + other.droppedBytes,
          Math.max(lastNanos, other.lastNanos));
    }
  }

  RuleHitCounters(
      BpfObject object, MemorySegment control, int hz, int processors, ShortWay shortWay) {
    this.control = control;
    this.shortWay = shortWay;
    for (int slot = 0; slot < labels.size(); slot++) {
      shortWay.forgetRules(slot); // of the process before, where there was one
    }
    this.hz = hz;
    this.processors = processors;
    table = object.table("rule_hits");
  }

  /// Makes a place, which no packet counts in, ready for these rules.
  void begin(int slot, List<KernelRule> rules) throws LibbpfException {
    var names = labels(rules);
    fold(slot);
    zero(slot, labels.get(slot).size());
    labels.set(slot, names);
    var kept = new ArrayList<>(names);
    kept.addAll(labels.get(1 - slot));
    before.keySet().retainAll(kept);
  }

  /// Adds what was counted in a place to what is kept by name.
  private void fold(int slot) throws LibbpfException {
    var counted = counted(slot);
    for (int i = 0; i < counted.size(); i++) {
      before.merge(labels.get(slot).get(i), counted.get(i), Hits::plus);
    }
  }

  private void zero(int slot, int rules) throws LibbpfException {
    shortWay.forgetRules(slot);
    if (rules == 0) {
      return;
    }
    try (var arena = Arena.ofConfined()) {
      var keys = arena.allocate(JAVA_INT, rules);
      for (int i = 0; i < rules; i++) {
        keys.setAtIndex(JAVA_INT, i, slot * RuleTables.RULES_MAX + i);
      }
      var zeros = arena.allocate(ShieldMemory.RULE_HITS_BYTES * processors * rules, 8);
      table.writeAll(keys, zeros, rules);
    }
  }

  /// A rule is the same one where it asks for the same; of a long list its beginning counts.
  private static List<String> labels(List<KernelRule> rules) {
    var seen = new HashMap<String, Integer>();
    var labels = new ArrayList<String>();
    for (var rule : rules) {
      var match = rule.match();
      var short4 =
          match.withBlocks(head(match.from()), match.fromSets(), head(match.to()), match.toSets());
      var rate = rule instanceof KernelRule.Limit limit ? limit.counted() + "/" + limit.bits() : "";
      var label = rule.action() + rate + short4;
      labels.add(label + "#" + seen.merge(label, 1, Integer::sum));
    }
    return labels;
  }

  private static <T> List<T> head(List<T> list) {
    return list.size() <= LABEL_BLOCKS ? list : list.subList(0, LABEL_BLOCKS);
  }

  /// In the order of the rules of the set in this place.
  List<Hits> read(int slot) throws LibbpfException {
    var other = new HashMap<String, Hits>();
    var last = counted(1 - slot);
    for (int i = 0; i < last.size(); i++) {
      other.put(labels.get(1 - slot).get(i), last.get(i));
    }
    var hits = counted(slot);
    for (int i = 0; i < hits.size(); i++) {
      var label = labels.get(slot).get(i);
      hits.set(
          i,
          hits.get(i)
              .plus(before.getOrDefault(label, Hits.NONE))
              .plus(other.getOrDefault(label, Hits.NONE)));
    }
    return hits;
  }

  private List<Hits> counted(int slot) throws LibbpfException {
    int rules = labels.get(slot).size();
    var hits = new ArrayList<Hits>(rules);
    if (rules == 0) {
      return hits;
    }
    try (var arena = Arena.ofConfined()) {
      long stride = ShieldMemory.RULE_HITS_BYTES;
      var values = arena.allocate(stride * processors * rules, 8);
      table.read(slot * RuleTables.RULES_MAX, rules, values);
      for (int rule = 0; rule < rules; rule++) {
        var sum = Hits.NONE;
        for (int cpu = 0; cpu < processors; cpu++) {
          sum = sum.plus(decode(values.asSlice(((long) rule * processors + cpu) * stride)));
        }
        var more = shortWay.by(slot, rule);
        sum = sum.plus(new Hits(more.packets(), more.bytes(), more.packets(), more.bytes(), 0));
        hits.add(sum);
      }
    }
    return hits;
  }

  private Hits decode(MemorySegment value) {
    long last = value.get(JAVA_LONG, 32);
    long ago = control.get(JAVA_LONG, ShieldMemory.JIFFIES) - last;
    long nanos = control.get(JAVA_LONG, ShieldMemory.NANOS) - ago * (1_000_000_000L / hz);
    long dropped = value.get(JAVA_LONG, 16);
    long droppedBytes = value.get(JAVA_LONG, 24);
    return new Hits(
        value.get(JAVA_LONG, 0) + dropped,
        value.get(JAVA_LONG, 8) + droppedBytes,
        dropped,
        droppedBytes,
        last == 0 ? 0 : nanos);
  }
}
