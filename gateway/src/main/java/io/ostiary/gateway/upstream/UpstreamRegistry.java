package io.ostiary.gateway.upstream;

import io.ostiary.gateway.loop.Loop;
import io.ostiary.model.Discovery;
import io.ostiary.model.LateLogger;
import io.ostiary.model.SocketPath;
import io.ostiary.model.Target;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamHealth;
import io.ostiary.model.UpstreamLoad;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/// All targets of the plan in force, kept over reloads, and the thread that resolves their names.
///
/// Guarded by its own lock; called from control-plane threads and from its resolver thread, never
/// from an event loop.
public final class UpstreamRegistry implements AutoCloseable {
  /// How often it is looked whether a name must be asked for.
  private static final long LOOK_MILLIS = 200;

  /// Answers are kept so long at least and at most, whatever their time to live.
  private static final long TTL_SECONDS_MIN = 1;

  private static final long TTL_SECONDS_MAX = 300;

  /// After a name server failed.
  private static final long AGAIN_NANOS = 5_000_000_000L;

  private static final System.Logger LOG = new LateLogger("io.ostiary.gateway");

  private record Key(String upstream, String host, int port) {}

  private final List<Loop> loops;
  private final Map<Key, Endpoint> endpoints = new HashMap<>();
  private final Map<String, UpstreamState> states = new HashMap<>();
  private final Map<Endpoint, HealthChecker> checkers = new HashMap<>();
  private final List<ScheduledFuture<?>> comparisons = new ArrayList<>();
  private final Map<List<Discovery.Server>, Names> names = new HashMap<>();
  private final Set<Object> asking = ConcurrentHashMap.newKeySet();
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
      var state = state(upstream.name());
      if (upstream.discovery().asks() && state.mustAsk(upstream.discovery(), System.nanoTime())) {
        discover(upstream, state);
      }
      compiled.add(
          new UpstreamHandle(upstream, members(upstream, state), state, loops.size(), tls));
    }
    return compiled;
  }

  private static List<Target> wanted(Upstream upstream, UpstreamState state) {
    var found = state.found(upstream.discovery());
    if (found.isEmpty()) {
      return upstream.targets();
    }
    var all = new ArrayList<>(upstream.targets());
    for (var target : found) {
      if (all.stream().noneMatch(target::sameProcess)) {
        all.add(target);
      }
    }
    return all;
  }

  private Members members(Upstream upstream, UpstreamState state) {
    var targets = wanted(upstream, state);
    var endpoints = new ArrayList<Endpoint>();
    for (var target : targets) {
      endpoints.add(endpoint(state, target));
    }
    return Members.of(upstream, targets, endpoints, state);
  }

  /// Asks for the targets of an upstream. What was found before stays where nobody answers.
  ///
  /// @return whether they are others than before
  private boolean discover(Upstream upstream, UpstreamState state) {
    var settings = upstream.discovery();
    var before = state.found(settings);
    try {
      var found = new Discoverer(names(settings.servers())).find(settings);
      state.found(
          settings,
          found.targets(),
          "%d targets found, asked for again after %d ms"
              .formatted(found.targets().size(), found.again().toMillis()),
          System.nanoTime() + found.again().toNanos());
      return !before.equals(found.targets());
    } catch (UnknownHostException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "upstream {0}: no targets found, {1} known ones stay: {2}",
          upstream.name(),
          before.size(),
          e.getMessage());
      state.notFound(
          settings,
          "not found: %s; %d targets of before stay".formatted(e.getMessage(), before.size()),
          System.nanoTime() + AGAIN_NANOS);
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private synchronized Names names(List<Discovery.Server> servers) {
    return names.computeIfAbsent(
        servers,
        some -> new Names(loops.getFirst().eventLoop(), loops.getFirst().transport(), some));
  }

  private synchronized UpstreamState state(String upstream) {
    return states.computeIfAbsent(upstream, name -> new UpstreamState(name, loops.size()));
  }

  private Endpoint endpoint(UpstreamState state, Target target) {
    var key = new Key(state.name(), target.host(), target.port());
    synchronized (this) {
      var known = endpoints.get(key);
      if (known != null) {
        return known;
      }
    }
    var made = new Endpoint(state, target, loops.size());
    resolve(made);
    synchronized (this) {
      if (handles.stream().anyMatch(handle -> handle.upstream().name().equals(state.name()))) {
        made.joined(System.nanoTime());
      }
      var raced = endpoints.putIfAbsent(key, made);
      return raced == null ? made : raced;
    }
  }

  /// The plan with these handles is in force: what is in no plan any more is let go.
  public synchronized void inForce(List<UpstreamHandle> now) {
    handles = List.copyOf(now);
    notifyAll();
    Set<Endpoint> used = new HashSet<>();
    Map<Endpoint, UpstreamHandle> checked = new HashMap<>();
    for (var handle : now) {
      var wanted = wanted(handle.upstream(), handle.state());
      for (var endpoint : handle.endpoints()) {
        wanted.stream()
            .filter(endpoint.target()::sameProcess)
            .findFirst()
            .ifPresent(endpoint::target);
        used.add(endpoint);
        if (handle.upstream().health() != null) {
          checked.put(endpoint, handle);
        }
      }
      // Weights and drains may be others than when its view was made.
      handle.state().changed();
    }
    endpoints.values().removeIf(endpoint -> !used.contains(endpoint) && forget(endpoint));
    states
        .keySet()
        .removeIf(name -> handles.stream().noneMatch(one -> one.upstream().name().equals(name)));
    renewCheckers(checked);
    tls.keep(now.stream().map(handle -> handle.upstream().link()).toList());
    renewComparisons();
  }

  private void renewComparisons() {
    comparisons.forEach(comparison -> comparison.cancel(false));
    comparisons.clear();
    for (var handle : handles) {
      if (handle.upstream().outliers().compares()) {
        var loop = loops.get(comparisons.size() % loops.size());
        var comparison = new Comparison(handle);
        long every = handle.upstream().outliers().every().toNanos();
        comparisons.add(
            loop.eventLoop()
                .scheduleWithFixedDelay(
                    () -> comparison.compare(System.nanoTime()),
                    every,
                    every,
                    TimeUnit.NANOSECONDS));
      }
    }
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
          boolean same = handle != null && entry.getValue().suits(handle);
          if (!same) {
            entry.getValue().close();
          }
          return !same;
        });
    wanted.forEach((endpoint, handle) -> {
      var check = handle.upstream().health();
      if (check != null && !checkers.containsKey(endpoint)) {
        var loop = loops.get(Math.floorMod(checkers.size(), loops.size()));
        checkers.put(endpoint, HealthChecker.start(loop, endpoint, handle, check));
      }
    });
  }

  /// How every target of the plan in force does.
  public synchronized List<UpstreamHealth> health() {
    long now = System.nanoTime();
    var all = new ArrayList<UpstreamHealth>();
    for (var handle : handles) {
      for (var endpoint : handle.endpoints()) {
        all.add(endpoint.health(handle.view(now).share(endpoint), handle.slowStartNanos(), now));
      }
    }
    return all;
  }

  /// What every upstream of the plan in force carries.
  public synchronized List<UpstreamLoad> loads() {
    long now = System.nanoTime();
    return handles.stream().map(handle -> handle.load(now)).toList();
  }

  /// Lets a target get no new calls, or get them again; until the process ends.
  ///
  /// @param target as [Target#toString] writes it
  /// @return false: there is no such target
  public synchronized boolean drain(String upstream, String target, boolean drained) {
    for (var handle : handles) {
      for (var endpoint : handle.endpoints()) {
        if (endpoint.upstream().equals(upstream) && endpoint.target().toString().equals(target)) {
          endpoint.drained(drained);
          return true;
        }
      }
    }
    return false;
  }

  private void resolve(Endpoint endpoint) {
    var target = endpoint.target();
    if (target.local()) {
      var transport = loops.getFirst().transport();
      endpoint.resolved(new SocketAddress[] {transport.pipe(SocketPath.of(target.host()))});
      return;
    }
    long seconds = TTL_SECONDS_MIN;
    try {
      List<InetAddress> found;
      if (Discoverer.literal(target.host())) {
        found = List.of(InetAddress.ofLiteral(target.host()));
      } else {
        var answer = names(List.of()).addresses(target.host());
        found = answer.addresses();
        seconds = Math.clamp(answer.ttlSeconds(), TTL_SECONDS_MIN, TTL_SECONDS_MAX);
      }
      endpoint.resolved(
          found.stream()
              .map(address -> new InetSocketAddress(address, target.port()))
              .toArray(InetSocketAddress[]::new));
    } catch (UnknownHostException e) {
      endpoint.notResolved("the name " + target.host() + " has no address");
      seconds = AGAIN_NANOS / 1_000_000_000L;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    endpoint.askAt(System.nanoTime() + seconds * 1_000_000_000L);
  }

  private void resolveForEver() {
    try {
      while (!closed()) {
        awaitNames();
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        long now = System.nanoTime();
        for (var endpoint : due(now)) {
          ask(endpoint, () -> resolve(endpoint));
        }
        for (var handle : discovering(now)) {
          ask(
              handle.state(),
              () -> {
                if (discover(handle.upstream(), handle.state())) {
                  discovered(handle);
                }
              });
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Where there are no names, none is due until another plan brings some.
  private synchronized void awaitNames() throws InterruptedException {
    while (!named()) {
      wait();
    }
  }

  /// Whether its address must be asked for.
  private static boolean named(Target target) {
    return !target.local() && !Discoverer.literal(target.host());
  }

  private boolean named() {
    return handles.stream().anyMatch(handle -> handle.upstream().discovery().asks())
        || endpoints.values().stream().anyMatch(one -> named(one.target()));
  }

  /// On a thread of its own, so that one slow name server holds up nobody else's names.
  private void ask(Object about, Runnable asked) {
    if (asking.add(about)) {
      Thread.ofVirtual()
          .name("ostiary-resolver-ask")
          .start(() -> {
            try {
              asked.run();
            } finally {
              asking.remove(about);
            }
          });
    }
  }

  /// Other targets than before: brought into force as a reload would.
  private void discovered(UpstreamHandle handle) {
    var members = members(handle.upstream(), handle.state());
    synchronized (this) {
      if (!closed && handles.contains(handle)) {
        handle.members(members);
        inForce(handles);
      }
    }
  }

  private synchronized boolean closed() {
    return closed;
  }

  private synchronized List<Endpoint> due(long now) {
    return endpoints.values().stream()
        .filter(one -> named(one.target()) && now - one.askAt() >= 0)
        .toList();
  }

  private synchronized List<UpstreamHandle> discovering(long now) {
    return handles.stream()
        .filter(handle -> handle.state().mustAsk(handle.upstream().discovery(), now))
        .toList();
  }

  @Override
  public synchronized void close() {
    closed = true;
    resolver.interrupt();
    tls.close();
    checkers.values().forEach(HealthChecker::close);
    checkers.clear();
    names.values().forEach(Names::close);
    comparisons.forEach(comparison -> comparison.cancel(false));
    endpoints.values().forEach(this::forget);
    endpoints.clear();
  }
}
