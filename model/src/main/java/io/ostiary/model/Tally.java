package io.ostiary.model;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// How much each caller has used of one quota in the period that runs. Exact, shared by all event
/// loops without a lock but for the change of a period, and written behind to where it survives the
/// process ([Tallies]).
public final class Tally {
  /// So many callers are told apart; who comes after them counts together.
  static final int CALLERS_MAX = 100_000;

  static final String OTHERS = "(others)";

  private static final class Count {
    private final AtomicLong used;
    private volatile boolean changed;

    private Count(long used) {
      this.used = new AtomicLong(used);
    }
  }

  /// @param start epoch seconds
  private record Period(long start, ConcurrentHashMap<String, Count> counts) {}

  /// What is kept of one caller.
  ///
  /// @param start of the period, epoch seconds
  public record Kept(String quota, String who, long start, long used) {}

  /// What is in force, for those who look.
  ///
  /// @param most in one period
  /// @param end of the period that runs, epoch seconds
  public record Terms(long most, long end) {}

  private final String name;
  private volatile Period period = new Period(Long.MIN_VALUE, new ConcurrentHashMap<>());
  private volatile Terms terms = new Terms(0, 0);

  public Tally(String name, List<Kept> kept) {
    this.name = name;
    long newest = kept.stream().mapToLong(Kept::start).max().orElse(Long.MIN_VALUE);
    for (var one : kept) {
      if (one.start == newest) {
        period(newest).counts.put(one.who, new Count(one.used));
      }
    }
  }

  public String name() {
    return name;
  }

  public Terms terms() {
    return terms;
  }

  public void terms(Terms now) {
    terms = now;
  }

  /// A period that is over is never counted in again: clocks may step back.
  private Period period(long start) {
    var now = period;
    if (start <= now.start) {
      return now;
    }
    synchronized (this) {
      if (start > period.start) {
        period = new Period(start, new ConcurrentHashMap<>());
      }
      return period;
    }
  }

  /// Counts one call, if it fits.
  ///
  /// @param start of the period that runs, epoch seconds
  /// @return how many more fit; -1: this one does not
  public long take(String who, long start, long most) {
    var count = count(period(start), who);
    while (true) {
      long used = count.used.get();
      if (used >= most) {
        return -1;
      }
      if (count.used.compareAndSet(used, used + 1)) {
        count.changed = true;
        return most - used - 1;
      }
    }
  }

  private static Count count(Period in, String who) {
    var count = in.counts.get(who);
    if (count != null) {
      return count;
    }
    var key = in.counts.size() < CALLERS_MAX ? who : OTHERS;
    return in.counts.computeIfAbsent(key, _ -> new Count(0));
  }

  /// Gives a caller back what it has used in this period.
  ///
  /// @return whether it had used anything
  public boolean reset(String who) {
    var count = period.counts.get(who);
    if (count == null) {
      return false;
    }
    count.used.set(0);
    count.changed = true;
    return true;
  }

  /// All callers of the period that runs.
  public List<Kept> all() {
    var now = period;
    var all = new ArrayList<Kept>();
    now.counts.forEach((who, count) -> all.add(new Kept(name, who, now.start, count.used.get())));
    return all;
  }

  /// Those that have changed since this was asked last. What is changed meanwhile comes again.
  List<Kept> changed() {
    var now = period;
    var changed = new ArrayList<Kept>();
    now.counts.forEach((who, count) -> {
      if (count.changed) {
        count.changed = false;
        changed.add(new Kept(name, who, now.start, count.used.get()));
      }
    });
    return changed;
  }

  /// They could not be kept: they count as changed again.
  void again(List<Kept> kept) {
    var now = period;
    for (var one : kept) {
      var count = now.counts.get(one.who);
      if (count != null) {
        count.changed = true;
      }
    }
  }
}
