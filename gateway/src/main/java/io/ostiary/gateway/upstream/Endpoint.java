package io.ostiary.gateway.upstream;

import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.Target;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/// One target as it really is: its addresses, its health, its load, and its pools, one per event
/// loop. It outlives plans, so a reload forgets nothing.
///
/// Shared by all event loops: counters are atomic, health is a few volatile fields that any loop
/// may write (the last one counts), a pool belongs to its loop alone.
public final class Endpoint {
  /// Failed attempts in a row that take a target out, and for how long at first and at most.
  static final int FAILURES_MAX = 5;

  static final long EJECTION_NANOS = 10_000_000_000L;
  static final long EJECTION_NANOS_MAX = 300_000_000_000L;

  /// After this time an old latency counts 1/e.
  private static final double DECAY_NANOS = 10e9;

  private final String upstream;
  private final Target target;
  private final EndpointPool[] pools;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicIntegerArray idle;
  private volatile InetSocketAddress[] addresses = {};
  private volatile String resolveProblem = "";
  private volatile int failures;
  private volatile int ejections;
  private volatile long ejectedUntil;
  private volatile boolean ejected;
  private volatile @Nullable String checkProblem;
  private volatile double latencyNanos;
  private volatile long latencyAt;
  private int nextAddress;

  Endpoint(String upstream, Target target, int loops) {
    this.upstream = upstream;
    this.target = target;
    pools = new EndpointPool[loops];
    idle = new AtomicIntegerArray(loops);
    for (int i = 0; i < loops; i++) {
      pools[i] = new EndpointPool(this);
    }
  }

  public Target target() {
    return target;
  }

  public String upstream() {
    return upstream;
  }

  public EndpointPool pool(Loop loop) {
    return pools[loop.index()];
  }

  void idle(Loop loop, int count) {
    idle.setOpaque(loop.index(), count);
  }

  int idleConnections() {
    int sum = 0;
    for (int i = 0; i < idle.length(); i++) {
      sum += idle.getOpaque(i);
    }
    return sum;
  }

  void resolved(InetSocketAddress[] now) {
    addresses = now;
    resolveProblem = "";
  }

  void notResolved(String problem) {
    resolveProblem = problem;
  }

  /// The next of its addresses; null while its name has never been resolved.
  @Nullable InetSocketAddress address() {
    var all = addresses;
    // A lost update of the index by another loop only repeats an address.
    return all.length == 0 ? null : all[Math.floorMod(nextAddress++, all.length)];
  }

  public int inFlight() {
    return inFlight.get();
  }

  public void began() {
    inFlight.getAndIncrement();
  }

  public void ended() {
    inFlight.getAndDecrement();
  }

  /// It answered: any complete head counts, whatever its status.
  public void answered(long firstByteNanos, long now) {
    if (failures != 0) {
      failures = 0;
    }
    if (ejections != 0 && !ejected) {
      ejections = 0;
    }
    double old = latencyNanos;
    if (firstByteNanos > old) {
      latencyNanos = firstByteNanos;
    } else {
      double weight = Math.exp(-(now - latencyAt) / DECAY_NANOS);
      latencyNanos = old * weight + firstByteNanos * (1 - weight);
    }
    latencyAt = now;
  }

  /// It could not be connected to, was too slow, or sent what cannot be read.
  @SuppressWarnings("NonAtomicVolatileUpdate") // Two loops that count at once may count one.
  public void failed(long now) {
    failures++;
    if (failures >= FAILURES_MAX) {
      failures = 0;
      long nanos = Math.min(EJECTION_NANOS << Math.min(ejections, 5), EJECTION_NANOS_MAX);
      ejections++;
      ejectedUntil = now + nanos;
      ejected = true;
    }
  }

  void checked(@Nullable String problem) {
    checkProblem = problem;
  }

  /// Whether new calls should go there.
  public boolean healthy(long now) {
    if (ejected && now - ejectedUntil >= 0) {
      ejected = false;
    }
    return !ejected && checkProblem == null && addresses.length > 0;
  }

  String why(long now) {
    var check = checkProblem;
    if (check != null) {
      return "health check: " + check;
    }
    if (ejected && now - ejectedUntil < 0) {
      return "%d attempts in a row failed; out for another %d s"
          .formatted(FAILURES_MAX, (ejectedUntil - now) / 1_000_000_000 + 1);
    }
    return resolveProblem;
  }

  /// Expected cost of one more call: its latency times its queue.
  double cost() {
    return (latencyNanos + 1) * (inFlight.get() + 1) / target.weight();
  }

  double load() {
    return (inFlight.get() + 1.0) / target.weight();
  }

  long latencyMicros() {
    return (long) (latencyNanos / 1000);
  }
}
