package io.ostiary.gateway.upstream;

import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.ConnectionFacts;
import io.ostiary.model.ConnectionMark;
import io.ostiary.model.Target;
import io.ostiary.model.UpstreamHealth;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/// One target as it really is: its addresses, its health, its load, and its pools, one per event
/// loop. It outlives plans, so a reload forgets nothing.
///
/// Shared by all event loops: counters are atomic, health is a few volatile fields that any loop
/// may write (the last one counts), a pool belongs to its loop alone.
public final class Endpoint {
  private final String upstream;
  private final UpstreamState state;
  private final EndpointPool[] pools;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicIntegerArray idle;
  private final Speed speed = new Speed();
  private final Tally tally;
  private volatile Target target;
  private volatile SocketAddress[] addresses = {};
  private volatile String resolveProblem = "";
  private volatile int failures;
  private volatile int errors;
  private volatile int ejections;
  private volatile long ejectedUntil;
  private volatile boolean ejected;
  private volatile String ejectedFor = "";
  private volatile @Nullable String checkProblem;
  private volatile boolean drained;

  /// When it came back, or came at all while others were there; 0: it was there from the start.
  private volatile long upSince;

  /// When its name must be asked for again.
  private volatile long askAt;

  private int nextAddress;

  Endpoint(UpstreamState state, Target target, int loops) {
    this.upstream = state.name();
    this.state = state;
    this.target = target;
    tally = new Tally(loops);
    pools = new EndpointPool[loops];
    idle = new AtomicIntegerArray(loops);
    for (int i = 0; i < loops; i++) {
      pools[i] = new EndpointPool(this);
    }
  }

  public Target target() {
    return target;
  }

  /// The plan in force says something else of the same process.
  void target(Target now) {
    target = now;
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

  void resolved(SocketAddress[] now) {
    boolean first = addresses.length == 0;
    addresses = now;
    resolveProblem = "";
    if (first) {
      state.changed();
    }
  }

  void notResolved(String problem) {
    resolveProblem = problem;
  }

  long askAt() {
    return askAt;
  }

  void askAt(long nanos) {
    askAt = nanos;
  }

  boolean resolved() {
    return addresses.length > 0;
  }

  /// The next of its addresses; null while its name has never been resolved.
  @Nullable SocketAddress address() {
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

  /// It answered: any complete head counts.
  ///
  /// @return how many answers in a row had a status of 500 or more
  @SuppressWarnings("NonAtomicVolatileUpdate") // Two loops that count at once may count one.
  int answered(long firstByteNanos, int status, long now) {
    if (failures != 0) {
      failures = 0;
    }
    speed.answered(firstByteNanos, now);
    if (status >= 500) {
      return ++errors;
    }
    if (errors != 0) {
      errors = 0;
    }
    if (ejections != 0 && !ejected) {
      ejections = 0;
    }
    return 0;
  }

  /// It could not be connected to, was too slow, or sent what cannot be read.
  ///
  /// @return how many attempts in a row
  @SuppressWarnings("NonAtomicVolatileUpdate") // Two loops that count at once may count one.
  int failed() {
    return ++failures;
  }

  /// What the kernel measured of an attempt that is over.
  ///
  /// @param before the same connection's counters when it began
  /// @param firstByteNanos from the request sent to the first byte of the answer; 0: there was none
  public void measured(ConnectionFacts facts, ConnectionMark before, long firstByteNanos) {
    speed.measured(facts, before, firstByteNanos);
  }

  /// Takes it out for a time, twice as long each time.
  @SuppressWarnings("NonAtomicVolatileUpdate") // Two loops that eject at once mean the same.
  void eject(String why, long restNanos, long restNanosMax, long now) {
    failures = 0;
    errors = 0;
    ejectedFor = why;
    ejectedUntil = now + Math.min(restNanos << Math.min(ejections, 20), restNanosMax);
    ejections++;
    ejected = true;
    state.ejected();
  }

  /// Lets it come back when its time is over.
  void refresh(long now) {
    if (ejected && now - ejectedUntil >= 0) {
      ejected = false;
      upSince = now;
    }
  }

  /// When it comes back.
  long restsUntil(long otherwise) {
    return ejected ? ejectedUntil : otherwise;
  }

  boolean rests() {
    return ejected;
  }

  void checked(@Nullable String problem, long now) {
    var before = checkProblem;
    checkProblem = problem;
    if ((before == null) != (problem == null)) {
      if (problem == null) {
        upSince = now;
      }
      state.changed();
    }
  }

  /// It joined others that were there before.
  void joined(long now) {
    upSince = now;
  }

  /// An operator wants it to get no new calls, or to get them again.
  void drained(boolean now) {
    drained = now;
    state.changed();
  }

  boolean drained() {
    return drained || target.drain();
  }

  /// Whether new calls should go there.
  public boolean healthy(long now) {
    return !(ejected && now - ejectedUntil < 0) && checkProblem == null && addresses.length > 0;
  }

  String why(long now) {
    if (drained()) {
      return drained ? "drained by an operator" : "drained by the configuration";
    }
    var check = checkProblem;
    if (check != null) {
      return "health check: " + check;
    }
    if (ejected && now - ejectedUntil < 0) {
      return ejectedFor
          + "; out for another %d s".formatted((ejectedUntil - now) / 1_000_000_000 + 1);
    }
    return resolveProblem;
  }

  /// As the control room sees it.
  ///
  /// @param share of all calls that is meant for it
  UpstreamHealth health(double share, long slowStartNanos, long now) {
    return new UpstreamHealth(
        upstream,
        target,
        healthy(now) && !drained(),
        why(now),
        inFlight(),
        speed.latencyMicros(),
        idleConnections(),
        new UpstreamHealth.Standing(
            drained(),
            share,
            ramp(slowStartNanos, now),
            speed.serverMicros(),
            speed.roundTripMicros(),
            speed.loss(now),
            ejections));
  }

  /// The part of its weight that counts while it starts slowly.
  double ramp(long slowStartNanos, long now) {
    long since = upSince;
    if (since == 0 || slowStartNanos == 0) {
      return 1;
    }
    return Math.clamp((double) (now - since) / slowStartNanos, 0.05, 1);
  }

  /// Expected cost of one more call: its latency times its queue.
  double cost(long now) {
    return (speed.latency(now) + 1) * (inFlight.get() + 1);
  }

  /// The same by the server's own time; the way there costs once, however long the queue.
  double costByKernel(long now) {
    if (!speed.measured()) {
      return cost(now);
    }
    return (speed.server(now) + 1) * (inFlight.get() + 1) + speed.network(now);
  }

  double load() {
    return inFlight.get() + 1.0;
  }

  Speed speed() {
    return speed;
  }

  Tally tally() {
    return tally;
  }
}
