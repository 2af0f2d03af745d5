package io.ostiary.gateway.upstream;

import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.Target;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamHealth;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// All targets of the plan in force, kept over reloads, and the thread that resolves their names.
///
/// Guarded by its own lock; called from control-plane threads and from its resolver thread, never
/// from an event loop.
public final class UpstreamRegistry implements AutoCloseable {
  private static final long RESOLVE_SECONDS = 15;

  private record Key(String upstream, Target target) {}

  private final List<Loop> loops;
  private final Map<Key, Endpoint> endpoints = new HashMap<>();
  private final Map<Endpoint, HealthChecker> checkers = new HashMap<>();
  private final TlsClients tls = new TlsClients();
  private final Thread resolver;
  private List<UpstreamHandle> handles = List.of();
  private boolean closed;

  public UpstreamRegistry(List<Loop> loops) {
    this.loops = List.copyOf(loops);
    resolver = Thread.ofVirtual().name("ostiary-resolver").start(this::resolveForEver);
  }

  /// Makes the handles of a plan. Names that are new are resolved here, so this may take time; a
  /// name that has no address leaves its target unhealthy and is asked again later.
  public List<UpstreamHandle> compile(List<Upstream> upstreams) {
    var compiled = new ArrayList<UpstreamHandle>();
    for (var upstream : upstreams) {
      var targets = new ArrayList<Endpoint>();
      for (var target : upstream.targets()) {
        targets.add(endpoint(upstream, target));
      }
      compiled.add(new UpstreamHandle(upstream, targets, loops.size(), tls));
    }
    return compiled;
  }

  private Endpoint endpoint(Upstream upstream, Target target) {
    var key = new Key(upstream.name(), target);
    synchronized (this) {
      var known = endpoints.get(key);
      if (known != null) {
        return known;
      }
    }
    var made = new Endpoint(upstream.name(), target, loops.size());
    resolve(made);
    synchronized (this) {
      var raced = endpoints.putIfAbsent(key, made);
      return raced == null ? made : raced;
    }
  }

  /// The plan with these handles is in force: what is in no plan any more is let go.
  public synchronized void inForce(List<UpstreamHandle> now) {
    handles = List.copyOf(now);
    Set<Endpoint> used = new HashSet<>();
    Map<Endpoint, UpstreamHandle> checked = new HashMap<>();
    for (var handle : now) {
      for (var endpoint : handle.endpoints()) {
        used.add(endpoint);
        if (handle.upstream().health() != null) {
          checked.put(endpoint, handle);
        }
      }
    }
    endpoints.values().removeIf(endpoint -> !used.contains(endpoint) && forget(endpoint));
    renewCheckers(checked);
    tls.keep(now.stream().map(handle -> handle.upstream().link()).toList());
  }

  private boolean forget(Endpoint endpoint) {
    for (var loop : loops) {
      loop.eventLoop().execute(() -> endpoint.pool(loop).closeIdle());
    }
    return true;
  }

  private void renewCheckers(Map<Endpoint, UpstreamHandle> wanted) {
    checkers
        .entrySet()
        .removeIf(entry -> {
          var handle = wanted.get(entry.getKey());
          boolean same =
              handle != null && entry.getValue().check().equals(handle.upstream().health());
          if (!same) {
            entry.getValue().close();
          }
          return !same;
        });
    wanted.forEach((endpoint, handle) -> {
      var check = handle.upstream().health();
      if (check != null && !checkers.containsKey(endpoint)) {
        var loop = loops.get(Math.floorMod(checkers.size(), loops.size()));
        checkers.put(endpoint, HealthChecker.start(loop, endpoint, check));
      }
    });
  }

  /// How every target of the plan in force does.
  public synchronized List<UpstreamHealth> health() {
    long now = System.nanoTime();
    var all = new ArrayList<UpstreamHealth>();
    for (var handle : handles) {
      for (var endpoint : handle.endpoints()) {
        all.add(
            new UpstreamHealth(
                endpoint.upstream(),
                endpoint.target(),
                endpoint.healthy(now),
                endpoint.why(now),
                endpoint.inFlight(),
                endpoint.latencyMicros(),
                endpoint.idleConnections()));
      }
    }
    return all;
  }

  private static void resolve(Endpoint endpoint) {
    var target = endpoint.target();
    try {
      var found = InetAddress.getAllByName(target.host());
      var addresses = new InetSocketAddress[found.length];
      for (int i = 0; i < found.length; i++) {
        addresses[i] = new InetSocketAddress(found[i], target.port());
      }
      endpoint.resolved(addresses);
    } catch (UnknownHostException e) {
      endpoint.notResolved("the name " + target.host() + " has no address");
    }
  }

  private void resolveForEver() {
    try {
      while (!closed()) {
        TimeUnit.SECONDS.sleep(RESOLVE_SECONDS);
        for (var endpoint : named()) {
          resolve(endpoint);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean closed() {
    return closed;
  }

  private synchronized List<Endpoint> named() {
    return endpoints.values().stream().filter(e -> !literal(e.target().host())).toList();
  }

  private static boolean literal(String host) {
    try {
      InetAddress.ofLiteral(host);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    resolver.interrupt();
    tls.close();
    checkers.values().forEach(HealthChecker::close);
    checkers.clear();
    endpoints.values().forEach(this::forget);
    endpoints.clear();
  }
}
