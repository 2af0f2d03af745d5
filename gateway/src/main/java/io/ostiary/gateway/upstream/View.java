package io.ostiary.gateway.upstream;

import io.ostiary.model.Balance;
import io.ostiary.model.Upstream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Whom new calls may go to at one moment, and in which shares: levels of targets, the first being
/// the lowest priority number and the own zone. A level keeps its whole share while enough of its
/// weight is healthy; below that what it cannot take spills to the next, in proportion (as Envoy's
/// priorities do). Where too little is healthy in all, everybody is asked: few survivors must not
/// be drowned, and checks may err (panic).
///
/// Immutable; made anew when the health of a target changes, and while one starts slowly.
final class View {
  /// How long it holds when nothing happens, and while a target starts slowly.
  private static final long HOLDS_NANOS = 1_000_000_000L;

  private static final long HOLDS_GROWING_NANOS = 100_000_000L;

  private final int epoch;
  private final long until;
  private final Members members;
  private final Candidates[] levels;

  /// Shares of the levels added up; the last one is 1.
  private final double[] shares;

  private final boolean panic;

  private View(
      int epoch, long until, Members members, Candidates[] levels, double[] shares, boolean panic) {
    this.members = members;
    this.epoch = epoch;
    this.until = until;
    this.levels = levels;
    this.shares = shares;
    this.panic = panic;
  }

  boolean holds(int ofEpoch, long now) {
    return epoch == ofEpoch && until - now > 0;
  }

  /// Null: nobody may be asked.
  @Nullable Endpoint choose(Pick pick) {
    var balancer = members.balancer();
    if (levels.length == 1) {
      return among(levels[0], balancer, pick);
    }
    if (levels.length == 0) {
      return null;
    }
    double draw = pick.draw();
    int level = 0;
    while (level < levels.length - 1 && draw >= shares[level]) {
      level++;
    }
    for (int i = 0; i < levels.length; i++) {
      // Another attempt rather goes to another level than to the same target.
      if (levels[(level + i) % levels.length].first(pick) != null) {
        return among(levels[(level + i) % levels.length], balancer, pick);
      }
    }
    return among(levels[level], balancer, pick);
  }

  private static @Nullable Endpoint among(Candidates level, Balancer balancer, Pick pick) {
    if (level.size() == 1) {
      return pick.full(level.endpoint(0)) ? null : level.endpoint(0);
    }
    var chosen = balancer.choose(level, pick);
    if (chosen != null) {
      return chosen;
    }
    // All have been tried: whoever has room is tried again.
    int start = pick.random().nextInt(level.size());
    for (int i = 0; i < level.size(); i++) {
      var endpoint = level.endpoint((start + i) % level.size());
      if (!pick.full(endpoint)) {
        return endpoint;
      }
    }
    return null;
  }

  boolean empty() {
    return levels.length == 0;
  }

  boolean admits(Endpoint endpoint) {
    for (var level : levels) {
      if (level.contains(endpoint)) {
        return true;
      }
    }
    return false;
  }

  Members members() {
    return members;
  }

  boolean panic() {
    return panic;
  }

  /// The part of all calls, 0-1, that is meant for a target by its level and weight.
  double share(Endpoint endpoint) {
    double before = 0;
    for (int l = 0; l < levels.length; l++) {
      double ofLevel = shares[l] - before;
      before = shares[l];
      var level = levels[l];
      for (int i = 0; i < level.size(); i++) {
        if (level.endpoint(i).equals(endpoint)) {
          return ofLevel * level.weight(i) / level.sums()[level.size() - 1];
        }
      }
    }
    return 0;
  }

  static View of(Upstream upstream, Members members, int epoch, long now) {
    return new Maker(upstream, members, now).make(epoch);
  }

  private record Level(List<Integer> places, double healthyShare) {}

  /// Makes one view. Used once.
  private static final class Maker {
    private final Upstream upstream;
    private final Members members;
    private final Endpoint[] all;
    private final long now;
    private final double[] ramps;
    private long until;

    private Maker(Upstream upstream, Members members, long now) {
      this.upstream = upstream;
      this.members = members;
      all = members.endpoints();
      this.now = now;
      ramps = new double[all.length];
      until = now + HOLDS_NANOS;
    }

    private View make(int epoch) {
      long slowStart = upstream.spread().slowStart().toNanos();
      var byLevel = new TreeMap<Integer, List<Integer>>();
      for (int i = 0; i < all.length; i++) {
        all[i].refresh(now);
        until = Math.min(until, all[i].restsUntil(until));
        ramps[i] = all[i].ramp(slowStart, now);
        until = ramps[i] < 1 ? Math.min(until, now + HOLDS_GROWING_NANOS) : until;
        if (!all[i].drained()) {
          byLevel.computeIfAbsent(level(all[i]), _ -> new ArrayList<>()).add(i);
        }
      }
      var levels =
          byLevel.values().stream().map(places -> new Level(places, healthy(places))).toList();
      return view(epoch, levels);
    }

    private int level(Endpoint endpoint) {
      var target = endpoint.target();
      var zone = upstream.spread().zone();
      boolean away = zone != null && !Objects.equals(zone, target.zone());
      return target.priority() * 2 + (away ? 1 : 0);
    }

    private double healthy(List<Integer> places) {
      double sum = 0;
      double healthy = 0;
      for (int place : places) {
        int weight = all[place].target().weight();
        sum += weight;
        healthy += all[place].healthy(now) ? weight : 0;
      }
      return healthy / sum;
    }

    private View view(int epoch, List<Level> levels) {
      double spill = upstream.spread().spill() / 100.0;
      double able = levels.stream().mapToDouble(one -> Math.min(1, one.healthyShare / spill)).sum();
      var used = new ArrayList<Candidates>();
      var shares = new ArrayList<Double>();
      double given = 0;
      boolean anyPanic = false;
      for (var level : levels) {
        boolean panic = panics(level, levels.size() == 1 ? level.healthyShare : able);
        double share =
            able > 0
                ? Math.min(level.healthyShare / spill, 1) / Math.min(able, 1)
                : upstream.spread().panic() > 0 ? 1 : 0;
        share = Math.min(share, 1 - given);
        if (share <= 0) {
          continue;
        }
        given += share;
        anyPanic |= panic;
        used.add(candidates(level.places, panic));
        shares.add(given);
      }
      var sums = shares.stream().mapToDouble(share -> share).toArray();
      if (sums.length > 0) {
        sums[sums.length - 1] = 1;
      }
      return new View(epoch, until, members, used.toArray(Candidates[]::new), sums, anyPanic);
    }

    private boolean panics(Level level, double able) {
      return able < 1 && level.healthyShare * 100 < upstream.spread().panic();
    }

    private Candidates candidates(List<Integer> places, boolean panic) {
      boolean anyResolved = places.stream().anyMatch(place -> all[place].resolved());
      var chosen =
          places.stream()
              .filter(
                  place -> panic ? all[place].resolved() || !anyResolved : all[place].healthy(now))
              .mapToInt(place -> place)
              .toArray();
      var weights =
          Arrays.stream(chosen)
              .mapToDouble(place -> all[place].target().weight() * ramps[place])
              .toArray();
      boolean inTurn = upstream.balance() == Balance.ROUND_ROBIN;
      return new Candidates(chosen, all, weights, ramps, inTurn);
    }
  }
}
