package io.ostiary.insight.live;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A bounded number of tallies, found by the identity of what they are about: names would have to
/// be hashed for each call, records even more so. Beyond the bound all share `(other)`. Confined to
/// the ledger reader.
final class Groups {
  static final String OTHER = "(other)";

  private final IdentityHashMap<Object, Tally> tallies = new IdentityHashMap<>();
  private final int sizeMax;
  private final Spare spare;
  private @Nullable Tally other;

  /// What was asked for before; there is often but one.
  private @Nullable Object lastKey;

  private @Nullable Tally last;

  /// Counts of groups that are over, for those to come: they are nearly all that a tally takes, and
  /// live so long that they would become garbage of the kind that is seldom collected.
  static final class Spare {
    private final ArrayDeque<LatencyCounts> counts = new ArrayDeque<>();

    private LatencyCounts take() {
      var empty = counts.poll();
      return empty == null ? new LatencyCounts() : empty;
    }

    private void give(LatencyCounts used) {
      used.clear();
      counts.push(used);
    }
  }

  Groups(int sizeMax, Spare spare) {
    this.sizeMax = sizeMax;
    this.spare = spare;
  }

  /// Null where the key is new and there is room for it.
  @SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
  @Nullable Tally get(Object key) {
    if (key == lastKey) {
      return last;
    }
    var tally = tallies.get(key);
    if (tally == null) {
      return other;
    }
    lastKey = key;
    last = tally;
    return tally;
  }

  /// The tally for a key that [#get] did not know.
  Tally add(Object key, String name) {
    if (tallies.size() < sizeMax) {
      var made = new Tally(name, spare.take());
      tallies.put(key, made);
      return made;
    }
    if (other == null) {
      other = new Tally(OTHER, spare.take());
    }
    return other;
  }

  /// Empty ones to go on with. Where the keys are few, those in use get their tallies now: the
  /// compiler takes it that what is asked for is there, and would begin anew with each slice.
  Groups next() {
    var next = new Groups(sizeMax, spare);
    if (tallies.size() <= sizeMax / 2) {
      tallies.forEach((key, tally) -> {
        if (tally.calls > 0) {
          next.add(key, tally.name);
        }
      });
    }
    return next;
  }

  /// They are over, and nobody looks at them any more.
  void end() {
    tallies.values().forEach(tally -> spare.give(tally.latency));
    tallies.clear();
    if (other != null) {
      spare.give(other.latency);
      other = null;
    }
    lastKey = null;
    last = null;
  }

  /// The calls of each since this was asked last.
  Map<String, Long> newCalls() {
    var calls = new HashMap<String, Long>();
    for (var tally : tallies.values()) {
      calls.merge(tally.name, tally.newCalls(), Long::sum);
    }
    if (other != null) {
      calls.merge(OTHER, other.newCalls(), Long::sum);
    }
    return calls;
  }

  /// Adds everything to `into` by name: after a reload two objects may stand for the same thing.
  void mergeInto(Merged into) {
    tallies.values().forEach(into::add);
    if (other != null) {
      into.add(other);
    }
  }
}
