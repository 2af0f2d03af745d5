package io.ostiary.policies.cache;

import io.ostiary.model.Purge;
import java.util.ArrayList;
import java.util.List;

/// The latest purges of one store by tag or prefix. What is kept is searched for those when they
/// come; an answer that is on its way then comes later, and is asked here whether it was asked for
/// too early. Safe for all threads: writers take turns, readers see whole lists.
final class Purges {
  /// How many are remembered. What was asked for before the oldest of them is not kept, whatever
  /// its tags.
  private static final int REMEMBERED = 64;

  private volatile List<Past> latest = List.of();
  private volatile long forgottenNanos = Long.MIN_VALUE;

  private record Past(Purge purge, long nanos) {}

  synchronized void add(Purge purge, long now) {
    var next = new ArrayList<Past>(latest);
    if (next.size() == REMEMBERED) {
      forgottenNanos = next.removeFirst().nanos;
    }
    next.add(new Past(purge, now));
    latest = List.copyOf(next);
  }

  /// Whether an answer was asked for before a purge that is about it.
  boolean concern(Stored stored) {
    if (stored.askedNanos <= forgottenNanos) {
      return true;
    }
    var all = latest;
    for (int i = all.size() - 1; i >= 0 && all.get(i).nanos >= stored.askedNanos; i--) {
      if (matches(all.get(i).purge, stored)) {
        return true;
      }
    }
    return false;
  }

  static boolean matches(Purge purge, Stored stored) {
    return switch (purge) {
      case Purge.Everything _ -> true;
      case Purge.Address(var address) -> stored.address.equals(address);
      case Purge.Below(var prefix) -> stored.address.startsWith(prefix);
      case Purge.Tagged(var tag) -> stored.tags.contains(tag);
    };
  }
}
