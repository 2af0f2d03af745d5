package io.ostiary.gateway.upstream;

import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamLink;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// An upstream in a plan: its settings as numbers, and the choice among its targets.
///
/// When no target is healthy, every one is asked again (panic): a guess is better than a refusal.
/// Immutable but for the turn of round-robin; shared by all event loops.
@SuppressWarnings("ReferenceEquality") // Whether it is the same object is the question.
public final class UpstreamHandle {
  /// Up to this many targets are all looked at; of more, two are drawn.
  private static final int SCAN_MAX = 16;

  private static final int TURNS_MAX = 65_536;

  private final Upstream upstream;
  private final Endpoint[] endpoints;
  private final int[] turns;
  private final AtomicInteger turn = new AtomicInteger();
  private final long connectNanos;
  private final long answerNanos;
  private final long idleNanos;
  private final int connectionsPerLoop;
  private final Wiring wiring;

  /// @throws IllegalArgumentException where the files of its TLS cannot be used
  UpstreamHandle(Upstream upstream, List<Endpoint> endpoints, int loops, TlsClients tls) {
    this.upstream = upstream;
    this.endpoints = endpoints.toArray(Endpoint[]::new);
    this.turns = turns(this.endpoints);
    connectNanos = upstream.connectTimeout().toNanos();
    answerNanos = upstream.answerTimeout().toNanos();
    idleNanos = upstream.idleTimeout().toNanos();
    connectionsPerLoop = Math.max(1, upstream.connectionsMax() / loops);
    try {
      wiring = new Wiring(upstream.link(), tls.of(upstream.link()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("upstream " + upstream.name() + ": " + e.getMessage(), e);
    }
  }

  /// Without targets: for a plan that is checked and never in force.
  public static UpstreamHandle unresolved(Upstream upstream) {
    return new UpstreamHandle(upstream, List.of(), 1, new TlsClients());
  }

  /// The order of a smooth weighted round: each target as often as its weight, spread evenly.
  private static int[] turns(Endpoint[] endpoints) {
    long sum = 0;
    int divisor = 0;
    for (var endpoint : endpoints) {
      divisor = gcd(endpoint.target().weight(), divisor);
    }
    for (var endpoint : endpoints) {
      sum += endpoint.target().weight() / divisor;
    }
    int size = (int) Math.min(sum, TURNS_MAX);
    if (sum > TURNS_MAX || (long) size * endpoints.length > 10_000_000) {
      size = endpoints.length;
      var plain = new int[size];
      java.util.Arrays.setAll(plain, i -> i);
      return plain;
    }
    var turns = new int[size];
    var credit = new long[endpoints.length];
    for (int t = 0; t < size; t++) {
      int best = 0;
      for (int i = 0; i < endpoints.length; i++) {
        credit[i] += endpoints[i].target().weight() / divisor;
        best = credit[i] > credit[best] ? i : best;
      }
      credit[best] -= sum;
      turns[t] = best;
    }
    return turns;
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  /// Chooses a target for one attempt.
  ///
  /// @param avoid the target that has just failed, or null
  public Endpoint choose(Loop loop, @Nullable Endpoint avoid) {
    if (endpoints.length == 1) {
      return endpoints[0];
    }
    return switch (upstream.balance()) {
      case ROUND_ROBIN -> next(loop, avoid);
      case LEAST_REQUESTS -> least(loop, avoid, false);
      case LEAST_LATENCY -> least(loop, avoid, true);
    };
  }

  private Endpoint next(Loop loop, @Nullable Endpoint avoid) {
    Endpoint first = null;
    for (int tries = 0; tries < turns.length; tries++) {
      int at = Integer.remainderUnsigned(turn.getAndIncrement(), turns.length);
      var endpoint = endpoints[turns[at]];
      if (endpoint == avoid) {
        continue;
      }
      if (endpoint.healthy(loop.now())) {
        return endpoint;
      }
      first = first == null ? endpoint : first;
    }
    return first == null ? endpoints[0] : first;
  }

  private Endpoint least(Loop loop, @Nullable Endpoint avoid, boolean latency) {
    int size = endpoints.length;
    int start = loop.random().nextInt(size);
    // Peak EWMA draws two, so that not everybody runs to the one that looks best.
    int wanted = latency || size > SCAN_MAX ? 2 : size;
    Endpoint best = null;
    Endpoint panic = null;
    int seen = 0;
    for (int i = 0; i < size && seen < wanted; i++) {
      var endpoint = endpoints[(start + i) % size];
      if (endpoint == avoid) {
        continue;
      }
      if (!endpoint.healthy(loop.now())) {
        panic = panic == null ? endpoint : panic;
        continue;
      }
      seen++;
      if (best == null || better(endpoint, best, latency)) {
        best = endpoint;
      }
      if (wanted == 2 && seen == 1) {
        i += loop.random().nextInt(Math.max(1, size - i - 1));
      }
    }
    if (best != null) {
      return best;
    }
    return panic == null ? endpoints[start] : panic;
  }

  private static boolean better(Endpoint one, Endpoint other, boolean latency) {
    return latency ? one.cost() < other.cost() : one.load() < other.load();
  }

  public Upstream upstream() {
    return upstream;
  }

  Endpoint[] endpoints() {
    return endpoints;
  }

  public int size() {
    return endpoints.length;
  }

  public long connectNanos() {
    return connectNanos;
  }

  public long answerNanos() {
    return answerNanos;
  }

  public long idleNanos() {
    return idleNanos;
  }

  /// Whether its targets speak HTTP/2 and nothing else.
  public boolean only2() {
    return upstream.link().protocol() == UpstreamLink.Protocol.HTTP2;
  }

  Wiring wiring() {
    return wiring;
  }

  int connectionsPerLoop() {
    return connectionsPerLoop;
  }
}
