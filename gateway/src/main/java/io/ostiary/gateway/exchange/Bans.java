package io.ostiary.gateway.exchange;

import io.ostiary.model.Ban;
import io.ostiary.model.Ban.Action;
import io.ostiary.model.Cidr;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The sources that are refused or held to a rate, each until its own end: no new plan is needed
/// for a ban to pass. Immutable, but for what each limit has let through; shared by all event
/// loops.
public final class Bans {
  public static final Bans NONE = new Bans(List.of());

  private static final long SECOND = 1_000_000_000L;

  /// What is done with a call.
  public enum Outcome {
    PASSED,
    LIMITED,
    DENIED
  }

  private final Map<Cidr, Entry> entries = new HashMap<>();
  private final AddressSet sources;
  private final boolean limiting;

  public Bans(Collection<Ban> all) {
    this(all, null);
  }

  /// @param before whose limits go on from what was used
  public Bans(Collection<Ban> all, @Nullable Bans before) {
    for (var ban : all) {
      var old = before == null ? null : before.entries.get(ban.source());
      var used = old != null && old.id.equals(ban.id()) ? old.due : new AtomicLong();
      var entry = new Entry(ban.id(), ban.until().toEpochMilli(), ban.action(), used);
      entries.merge(ban.source(), entry, Entry::stricter);
    }
    sources = new AddressSet(entries.keySet());
    limiting = all.stream().anyMatch(ban -> ban.action() instanceof Action.Limit);
  }

  /// Whether any source is held to a rate.
  boolean limiting() {
    return limiting;
  }

  public boolean isEmpty() {
    return sources.isEmpty();
  }

  /// Whether a source is refused; one that is held to a rate is not.
  public boolean denies(byte[] address, long wallMillis) {
    return sources.contains(
        address,
        source -> {
          var entry = entries.get(source);
          return entry != null && entry.denies(wallMillis);
        });
  }

  /// What becomes of a call that begins now; it counts against the source's rate.
  Outcome take(byte[] address, long wallMillis, long nanos) {
    if (denies(address, wallMillis)) {
      return Outcome.DENIED;
    }
    boolean limited =
        limiting
            && sources.contains(
                address,
                source -> {
                  var entry = entries.get(source);
                  return entry != null && entry.exceeded(wallMillis, nanos);
                });
    return limited ? Outcome.LIMITED : Outcome.PASSED;
  }

  /// @param due GCRA's theoretical arrival time, CLOCK_MONOTONIC; 0: nothing came yet
  private record Entry(String id, long untilMillis, Action action, AtomicLong due) {
    Entry stricter(Entry other) {
      boolean sameKind = action instanceof Action.Deny == other.action instanceof Action.Deny;
      if (sameKind) {
        return untilMillis >= other.untilMillis ? this : other;
      }
      return action instanceof Action.Deny ? this : other;
    }

    boolean denies(long wallMillis) {
      return action instanceof Action.Deny && untilMillis > wallMillis;
    }

    /// A second's worth may come at once.
    boolean exceeded(long wallMillis, long nanos) {
      if (!(action instanceof Action.Limit(int _, int calls)) || untilMillis <= wallMillis) {
        return false;
      }
      long interval = SECOND / calls;
      while (true) {
        long before = due.get();
        long start = before == 0 ? nanos : Math.clamp(before, nanos, nanos + SECOND);
        if (start + interval > nanos + SECOND) {
          return true;
        }
        if (due.compareAndSet(before, start + interval)) {
          return false;
        }
      }
    }
  }
}
