package io.ostiary.gateway.upstream;

import io.ostiary.model.Balance;
import io.ostiary.model.Discovery;
import io.ostiary.model.Overload.Adaptive;
import io.ostiary.model.Overload.Priority;
import io.ostiary.model.Target;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// What all plans share of one upstream. Shared by all event loops.
final class UpstreamState {
  private final String name;
  private final AtomicInteger epoch = new AtomicInteger();
  private final AtomicLong ejections = new AtomicLong();

  /// Where round-robin stands.
  final AtomicInteger turn = new AtomicInteger();

  /// The balancer made last. A reload that changes no target makes no table again.
  private @Nullable Made made;

  private volatile Found found = new Found(Discovery.NONE, List.of(), "", 0);

  private record Found(Discovery settings, List<Target> targets, String sentence, long askAt) {}

  private record Made(Balance balance, List<Target> targets, Balancer balancer) {}

  /// Attempts in flight that are not the first of their call.
  final AtomicInteger repeats = new AtomicInteger();

  final LongAdder repeatsRefused = new LongAdder();
  final LongAdder retries = new LongAdder();
  final LongAdder hedges = new LongAdder();
  final LongAdder hedgesWon = new LongAdder();

  private final LongAdder shedLow = new LongAdder();
  private final LongAdder shedNormal = new LongAdder();
  private final LongAdder shedHigh = new LongAdder();

  /// The times to the first byte of late, where somebody asks for their percentiles.
  final Latencies latencies = new Latencies();

  private final WaitingLine line;
  private @Nullable AdaptiveLimit adaptive;

  UpstreamState(String name, int loops) {
    this.name = name;
    line = new WaitingLine(loops);
  }

  /// Calls refused because there was no room.
  LongAdder shed(Priority priority) {
    return switch (priority) {
      case LOW -> shedLow;
      case NORMAL -> shedNormal;
      case HIGH -> shedHigh;
    };
  }

  WaitingLine line() {
    return line;
  }

  /// What was found out stays as long as the settings do.
  synchronized AdaptiveLimit adaptive(Adaptive settings, int loops) {
    var known = adaptive;
    if (known == null || !known.settings().equals(settings)) {
      known = new AdaptiveLimit(settings, loops);
      adaptive = known;
    }
    return known;
  }

  String name() {
    return name;
  }

  /// Grows whenever a target's health changes.
  int epoch() {
    return epoch.get();
  }

  void changed() {
    epoch.incrementAndGet();
  }

  void ejected() {
    ejections.incrementAndGet();
    changed();
  }

  /// How often a target was taken out because of how its calls went.
  long ejections() {
    return ejections.get();
  }

  synchronized Balancer balancer(Balance balance, List<Target> targets) {
    var last = made;
    if (last != null && last.balance == balance && last.targets.equals(targets)) {
      return last.balancer;
    }
    var balancer = Balancer.of(balance, targets, this);
    made = new Made(balance, targets, balancer);
    return balancer;
  }

  /// Targets that were found by asking, for the settings they were asked by.
  List<Target> found(Discovery settings) {
    var known = found;
    boolean same = known.targets.isEmpty() || known.settings.equals(settings);
    return same ? known.targets : List.of();
  }

  /// Whether it is time to ask.
  boolean mustAsk(Discovery settings, long now) {
    var known = found;
    return settings.asks() && (!known.settings.equals(settings) || now - known.askAt >= 0);
  }

  void found(Discovery settings, List<Target> targets, String sentence, long askAt) {
    found = new Found(settings, targets, sentence, askAt);
  }

  /// Nothing was found now: what was known stays.
  void notFound(Discovery settings, String problem, long askAt) {
    var known = found(settings);
    found = new Found(settings, known, problem, askAt);
  }

  String discoverySentence() {
    return found.sentence;
  }
}
