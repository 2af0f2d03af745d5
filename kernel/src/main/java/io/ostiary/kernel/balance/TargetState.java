package io.ostiary.kernel.balance;

import io.ostiary.model.Service;
import io.ostiary.model.ServiceView.State;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;

/// A target in its slot: what is configured, what its checks say, and the share that follows from
/// both. Guarded by the balancer, but for what a check found, which its thread writes.
final class TargetState {
  /// A target that starts slowly begins with this part of its weight, and grows by as much.
  private static final double RAMP_STEP = 0.05;

  final Service.Target.Place place;
  final long name;
  private Service.Target target;
  private volatile String failure = "";
  private volatile Instant since = Instant.now();
  private volatile long startedNanos;
  private boolean leaving;
  private long leftNanos;
  private long lastConnections;
  private long lastNanos = System.nanoTime();
  private double newPerSecond;

  /// @param fresh whether it joins a service that runs already, so that it starts slowly
  TargetState(Service.Target target, boolean fresh) {
    this.target = target;
    this.place = target.place();
    this.name = hash(place.toString());
    startedNanos = System.nanoTime() - (fresh ? 0 : Duration.ofHours(2).toNanos());
  }

  /// The same on every host.
  private static long hash(String text) {
    long h = 0xcbf29ce484222325L;
    for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ each) * 0x100000001b3L;
    }
    return Maglev.mixed(h);
  }

  Service.Target target() {
    return target;
  }

  void configure(Service.Target now) {
    if (leaving || (target.drain() && !now.drain())) {
      start();
    } else if (!target.drain() && now.drain()) {
      since = Instant.now();
    }
    leaving = false;
    target = now;
  }

  private void start() {
    startedNanos = System.nanoTime();
    since = Instant.now();
  }

  void leave() {
    if (!leaving) {
      leaving = true;
      leftNanos = System.nanoTime();
      since = Instant.now();
    }
  }

  boolean leaving() {
    return leaving;
  }

  /// Whether nothing of it is left that could still be on its way.
  boolean gone(long open) {
    return leaving && open == 0 && System.nanoTime() - leftNanos > 5_000_000_000L;
  }

  /// Told by a check.
  ///
  /// @param why empty: it is well
  /// @return whether that is news
  boolean checked(String why) {
    boolean news = failure.isEmpty() != why.isEmpty();
    if (news && why.isEmpty()) {
      start();
    } else if (news) {
      since = Instant.now();
    }
    failure = why;
    return news;
  }

  boolean wanted() {
    return !leaving && !target.drain();
  }

  State state(Duration slowStart) {
    if (leaving) {
      return State.LEAVING;
    }
    if (target.drain()) {
      return State.DRAINING;
    }
    if (!failure.isEmpty()) {
      return State.UNHEALTHY;
    }
    return ramp(slowStart) < 1 ? State.STARTING : State.HEALTHY;
  }

  /// Its share of new connections.
  ///
  /// @param believed whether checks count; they do not when all have failed
  double weight(Duration slowStart, boolean believed) {
    if (!wanted() || (believed && !failure.isEmpty())) {
      return 0;
    }
    return target.weight() * ramp(slowStart);
  }

  private double ramp(Duration slowStart) {
    double part = (System.nanoTime() - startedNanos) / (double) Math.max(1, slowStart.toNanos());
    return Math.min(1, Math.ceil(Math.max(part, RAMP_STEP / 2) / RAMP_STEP) * RAMP_STEP);
  }

  boolean failing() {
    return !failure.isEmpty();
  }

  String why(Duration slowStart, boolean believed, long open) {
    return switch (state(slowStart)) {
      case LEAVING -> "no longer configured; %d connections are still open".formatted(open);
      case DRAINING ->
          "drained by the configuration; %d connections are still open".formatted(open);
      case UNHEALTHY ->
          believed ? failure : failure + "; so do all others, and the check is not believed";
      case STARTING -> "slow start: %.0f %% of its weight".formatted(100 * ramp(slowStart));
      case HEALTHY -> "";
    };
  }

  Instant since() {
    return since;
  }

  /// To be told at any time how many connections it has had.
  double newPerSecond(long connections) {
    long now = System.nanoTime();
    if (now - lastNanos > 950_000_000L) {
      newPerSecond = (connections - lastConnections) * 1e9 / (now - lastNanos);
      lastConnections = connections;
      lastNanos = now;
    }
    return newPerSecond;
  }
}
