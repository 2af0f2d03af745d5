package io.ostiary.gateway.upstream;

import io.ostiary.gateway.loop.Loop;
import io.ostiary.gateway.spi.HeaderName;
import io.ostiary.model.Overload.Priority;
import io.ostiary.model.Retries;
import io.ostiary.model.Spread.HashKey.By;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamLoad;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An upstream in a plan: its settings as numbers, the choice among its targets, and what follows
/// for them from how their calls went.
///
/// Immutable but for the view of who may be asked, which any loop makes anew when it is outdated;
/// shared by all event loops.
public final class UpstreamHandle {
  private final Upstream upstream;
  private final UpstreamState state;
  private final @Nullable HeaderName hashHeader;
  private final boolean compares;
  private final boolean latencies;
  private final int targetCallsMax;
  private final Gate gate;
  private final long connectNanos;
  private final long answerNanos;
  private final long idleNanos;
  private final long perTryNanos;
  private final boolean repeatsByStatus;
  private final int connectionsPerLoop;
  private final Wiring wiring;
  private volatile Members members;
  private volatile View view;

  /// @throws IllegalArgumentException where the files of its TLS cannot be used
  UpstreamHandle(
      Upstream upstream, Members members, UpstreamState state, int loops, TlsClients tls) {
    this.upstream = upstream;
    this.members = members;
    this.state = state;
    var key = upstream.spread().hash();
    hashHeader = key.by() == By.HEADER ? HeaderName.of(key.name()) : null;
    compares = upstream.outliers().compares();
    latencies = upstream.retries().hedge().percentile() > 0;
    targetCallsMax = upstream.overload().targetCalls();
    gate = new Gate(upstream.overload(), upstream.retries(), this::endpoints, state, loops);
    connectNanos = upstream.connectTimeout().toNanos();
    answerNanos = upstream.answerTimeout().toNanos();
    repeatsByStatus = upstream.retries().on().contains(Retries.On.STATUS);
    perTryNanos = upstream.retries().perTry().toNanos();
    idleNanos = upstream.idleTimeout().toNanos();
    connectionsPerLoop = Math.max(1, upstream.connectionsMax() / loops);
    try {
      wiring = new Wiring(upstream.link(), tls.of(upstream.link()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("upstream " + upstream.name() + ": " + e.getMessage(), e);
    }
    long now = System.nanoTime();
    view = View.of(upstream, members, state.epoch(), now);
  }

  /// Without targets: for a plan that is checked and never in force.
  public static UpstreamHandle unresolved(Upstream upstream) {
    var state = new UpstreamState(upstream.name(), 1);
    return new UpstreamHandle(
        upstream, Members.of(upstream, List.of(), List.of(), state), state, 1, new TlsClients());
  }

  /// Chooses a target for one attempt.
  ///
  /// @return null: nobody may be asked, or all have as many calls as they may have
  public @Nullable Endpoint choose(Pick pick) {
    var current = view(pick.now());
    pick.callsMax(targetCallsMax);
    var sticky = current.members().sticky();
    if (sticky != null && pick.sticky() != null) {
      var known = sticky.endpoint(pick.sticky());
      if (known != null && current.admits(known) && !pick.passes(known)) {
        return known;
      }
    }
    return current.choose(pick);
  }

  /// Other targets were discovered.
  void members(Members now) {
    members = now;
    state.changed();
  }

  /// Whether [#choose] would find somebody if targets took any number of calls.
  public boolean anybody(long now) {
    return !view(now).empty();
  }

  View view(long now) {
    var current = view;
    // Asked before the view is made, so that a change meanwhile makes another.
    int epoch = state.epoch();
    if (!current.holds(epoch, now)) {
      current = View.of(upstream, members, epoch, now);
      view = current;
    }
    return current;
  }

  /// An attempt was answered.
  public void answered(Endpoint endpoint, Loop loop, int status, long firstByteNanos) {
    long now = loop.now();
    gate.answered(loop, firstByteNanos);
    if (latencies) {
      state.latencies.add(firstByteNanos);
    }
    int errors = endpoint.answered(firstByteNanos, status, now);
    if (compares) {
      if (status >= 500) {
        endpoint.tally().bad(loop);
      } else {
        endpoint.tally().good(loop, firstByteNanos);
      }
    }
    int limit = upstream.outliers().errors();
    if (limit > 0 && errors >= limit) {
      eject(endpoint, errors + " answers in a row had a status of 500 or more", now);
    }
  }

  /// An attempt failed.
  public void failed(Endpoint endpoint, Loop loop) {
    int failures = endpoint.failed();
    if (compares) {
      endpoint.tally().bad(loop);
    }
    int limit = upstream.outliers().failures();
    if (limit > 0 && failures >= limit) {
      eject(endpoint, limit + " attempts in a row failed", loop.now());
    }
  }

  /// Takes a target out for a time, unless too many rest already.
  void eject(Endpoint endpoint, String why, long now) {
    int resting = 0;
    var endpoints = endpoints();
    for (var one : endpoints) {
      resting += one.rests() ? 1 : 0;
    }
    int most = Math.max(1, endpoints.length * upstream.outliers().share() / 100);
    if (endpoint.rests() || resting >= most) {
      return;
    }
    var limits = upstream.outliers();
    endpoint.eject(why, limits.rest().toNanos(), limits.restMax().toNanos(), now);
  }

  public Upstream upstream() {
    return upstream;
  }

  long slowStartNanos() {
    return upstream.spread().slowStart().toNanos();
  }

  UpstreamLoad load(long now) {
    var adaptive = gate.adaptive();
    double bound = gate.bound();
    return new UpstreamLoad(
        upstream.name(),
        gate.active(),
        Double.isInfinite(bound) ? 0 : (int) bound,
        state.line().waiting(),
        state.repeats.get(),
        gate.budget(),
        view(now).panic(),
        adaptive == null ? 0 : adaptive.withoutQueueMicros(),
        state.discoverySentence(),
        new UpstreamLoad.Counts(
            state.retries.sum(),
            state.repeatsRefused.sum(),
            state.hedges.sum(),
            state.hedgesWon.sum(),
            state.ejections(),
            state.shed(Priority.LOW).sum(),
            state.shed(Priority.NORMAL).sum(),
            state.shed(Priority.HIGH).sum()));
  }

  public Gate gate() {
    return gate;
  }

  /// After how long another target is asked, too; 0: none is.
  public long hedgeNanos() {
    var hedge = upstream.retries().hedge();
    long byTime = hedge.after().toNanos();
    long byLatency = latencies ? state.latencies.percentile(hedge.percentile()) : 0;
    return Math.max(byTime, byLatency);
  }

  /// Null: its calls are not kept together by a cookie.
  public @Nullable StickyCookies sticky() {
    return members.sticky();
  }

  /// Null: calls are not hashed by a header.
  public @Nullable HeaderName hashHeader() {
    return hashHeader;
  }

  Endpoint[] endpoints() {
    return members.endpoints();
  }

  UpstreamState state() {
    return state;
  }

  public int size() {
    return members.endpoints().length;
  }

  public long connectNanos() {
    return connectNanos;
  }

  public long answerNanos() {
    return answerNanos;
  }

  /// Whether an answer may count as a failure.
  public boolean repeatsByStatus() {
    return repeatsByStatus;
  }

  /// From the start of an attempt to the first byte of its answer, the client's own time to send
  /// content not counted; 0: not bounded.
  public long perTryNanos() {
    return perTryNanos;
  }

  public long idleNanos() {
    return idleNanos;
  }

  Wiring wiring() {
    return wiring;
  }

  int connectionsPerLoop() {
    return connectionsPerLoop;
  }
}
