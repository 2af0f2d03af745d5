package io.ostiary.gateway.exchange;

import io.ostiary.gateway.filter.FilterChain;
import io.ostiary.gateway.route.HostTable;
import io.ostiary.gateway.route.RouteTable;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.Mirror;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.StateKey;
import io.ostiary.gateway.spi.UnroutedWatch;
import io.ostiary.gateway.spi.Work;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.model.Api;
import io.ostiary.model.BanSink;
import io.ostiary.model.Conditions;
import io.ostiary.model.OutboundSettings;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Split;
import io.ostiary.model.Tallies;
import io.ostiary.model.Tally;
import io.ostiary.model.Upstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Makes a [Plan] of a snapshot, or a list of everything that is wrong with it. Runs on a
/// control-plane thread and may take its time.
public final class PlanCompiler {
  private volatile Map<String, Policy<?>> policies;
  private final Function<List<Upstream>, List<UpstreamHandle>> upstreams;
  private final SharedState shared;
  private final BanSink bans;
  private final Tallies tallies;
  private final Function<OutboundSettings, HttpCalls> http;
  private final Work work;
  private final CompiledApis compiled;

  /// @param upstreams makes the handles of a snapshot's upstreams
  /// @param http the calls of policies under these settings
  /// @param work for policies
  public PlanCompiler(
      List<Policy<?>> all,
      Function<List<Upstream>, List<UpstreamHandle>> upstreams,
      SharedState shared,
      BanSink bans,
      Tallies tallies,
      Function<OutboundSettings, HttpCalls> http,
      Work work) {
    policies = byName(all);
    this.upstreams = upstreams;
    this.shared = shared;
    this.bans = bans;
    this.tallies = tallies;
    this.http = http;
    this.work = work;
    compiled = new CompiledApis(shared);
  }

  /// Other policies for the plans to come.
  public void policies(List<Policy<?>> others) {
    policies = byName(others);
  }

  private static Map<String, Policy<?>> byName(List<Policy<?>> all) {
    var byName = new HashMap<String, Policy<?>>();
    all.forEach(policy -> byName.put(policy.name(), policy));
    return byName;
  }

  /// The bans are left to whoever swaps plans.
  ///
  /// @param faults takes what is wrong; a policy is blamed once, however many routes it is on
  /// @return null where anything is
  public @Nullable Plan compile(Snapshot snapshot, List<PlanFault> faults) {
    var handles = new HashMap<String, UpstreamHandle>();
    for (var handle : handles(snapshot, faults)) {
      if (handles.put(handle.upstream().name(), handle) != null) {
        faults.add(
            PlanFault.of(
                "upstream " + handle.upstream().name() + ": named twice (expected: once)"));
      }
    }
    var input = new Input(policies, snapshot, handles, faults);
    compiled.begin(input.policies, snapshot);
    var routes = new HostTable<RoutePlan>();
    var unrouted = new LinkedHashSet<UnroutedWatch>();
    for (var api : snapshot.apis()) {
      add(api, input, routes, unrouted);
    }
    if (!faults.isEmpty()) {
      return null;
    }
    compiled.commit();
    return new Plan(
        snapshot,
        routes,
        List.copyOf(handles.values()),
        new AddressSet(snapshot.gateway().trustedProxies()),
        Bans.NONE,
        List.copyOf(unrouted),
        Plan.Waits.of(snapshot.gateway()),
        PlanNotes.of(snapshot.gateway().observation()));
  }

  private void add(Api api, Input input, HostTable<RoutePlan> routes, Set<UnroutedWatch> unrouted) {
    var way = way(api, api.upstream(), api.split(), input.handles, input.faults);
    var before = compiled.get(api);
    var made = before == null ? compile(api, input) : before.routes();
    var tables = routes.of(api.hosts());
    for (int i = 0; i < made.size(); i++) {
      var route = api.routes().get(i);
      var own = own(api, route, input.handles, input.faults);
      var some = made.get(i);
      own = own == null ? way : own;
      if (own == null || some == null) {
        continue;
      }
      var plan =
          new RoutePlan(
              api,
              route,
              some.chain(),
              own,
              some.guard(),
              some.strip(),
              some.parameters(),
              some.bounds(),
              some.upgrade());
      for (var table : tables) {
        for (var place : some.places()) {
          var wrong = table.add(place, route.methods(), route.conditions(), plan);
          if (wrong != null) {
            input.faults.add(PlanFault.of(where(api, route) + wrong));
          }
        }
      }
      unrouted.addAll(some.chain().unrouted());
    }
  }

  private static String where(Api api, Route route) {
    return "api " + api.name() + ", route " + route.id() + ": ";
  }

  /// All routes of an API but for their ways; null in the place of one with faults.
  private List<CompiledApis.@Nullable OfRoute> compile(Api api, Input input) {
    var chains = Chains.of(api);
    int faults = input.faults.size();
    var made = new ArrayList<CompiledApis.@Nullable OfRoute>(api.routes().size());
    for (var route : api.routes()) {
      made.add(compile(api, route, input, chains));
    }
    if (chains.lasting.yes && input.faults.size() == faults) {
      var whole = made.stream().map(Objects::requireNonNull).toList();
      compiled.put(api, new CompiledApis.OfApi(whole, chains.lasting.shared));
    }
    return made;
  }

  /// A route's own way; null: the API's.
  private static @Nullable Way own(
      Api api, Route route, Map<String, UpstreamHandle> handles, List<PlanFault> faults) {
    var other = route.upstream();
    if (other == null && route.split().to().isEmpty()) {
      return null;
    }
    return way(api, other == null ? api.upstream() : other, route.split(), handles, faults);
  }

  private List<UpstreamHandle> handles(Snapshot snapshot, List<PlanFault> faults) {
    try {
      return upstreams.apply(snapshot.upstreams());
    } catch (IllegalArgumentException e) {
      faults.add(PlanFault.of(String.valueOf(e.getMessage())));
      return List.of();
    }
  }

  /// Null: with faults.
  private static @Nullable Way way(
      Api api,
      String upstream,
      Split split,
      Map<String, UpstreamHandle> handles,
      List<PlanFault> faults) {
    var own = handle(api, upstream, handles, faults);
    var shares = new ArrayList<Way.Share>();
    int from = 0;
    for (var share : split.to()) {
      var other = handle(api, share.upstream(), handles, faults);
      if (other != null) {
        int to = from + Way.draws(share.percent());
        var guard = guard(share.when(), "api " + api.name() + ", split: ", faults);
        shares.add(new Way.Share(other, guard, share.consumers(), from, to));
        from = to;
      }
    }
    return own == null ? null : new Way(own, split.by(), shares, api.name());
  }

  private static @Nullable RouteGuard guard(
      Conditions conditions, String where, List<PlanFault> faults) {
    try {
      return RouteGuard.of(conditions);
    } catch (IllegalArgumentException e) {
      faults.add(PlanFault.of(where + "when: " + e.getMessage()));
      return null;
    }
  }

  private static @Nullable UpstreamHandle handle(
      Api api, String name, Map<String, UpstreamHandle> handles, List<PlanFault> faults) {
    var handle = handles.get(name);
    if (handle == null) {
      faults.add(
          PlanFault.of(
              "api %s: upstream: %s (expected: one of %s)"
                  .formatted(api.name(), name, handles.keySet())));
    }
    return handle;
  }

  /// What the compiler works with for one plan.
  private record Input(
      Map<String, Policy<?>> policies,
      Snapshot snapshot,
      Map<String, UpstreamHandle> handles,
      List<PlanFault> faults) {}

  /// Whether all filters of an API may go on under later plans, and the state that they hold.
  private static final class Lasting {
    private boolean yes = true;
    private final List<SharedState.Held> shared = new ArrayList<>();
  }

  /// What the routes of one API can share.
  ///
  /// @param whole chains by the policies that routes add
  /// @param own filters of the API's own policies that did not ask for their route, by their places
  /// @param waitsDiffer whether an answer may take longer at one route than at another
  private record Chains(
      Map<List<PolicyUse>, FilterChain> whole,
      Map<Integer, Shared> own,
      Lasting lasting,
      boolean waitsDiffer) {

    static Chains of(Api api) {
      boolean differ =
          api.routes().stream()
              .anyMatch(route -> route.upstream() != null || route.limits().answer() != null);
      return new Chains(new HashMap<>(), new HashMap<>(), new Lasting(), differ);
    }
  }

  /// @param from its first place for state
  /// @param to the first place behind its own
  private record Shared(Filter filter, int from, int to) {}

  /// @param chains takes what routes can share
  private CompiledApis.@Nullable OfRoute compile(Api api, Route route, Input input, Chains chains) {
    var where = where(api, route);
    var known = chains.whole.get(route.policies());
    var chain = known == null ? chain(input, chains, api, route, where) : known;
    if (chain == null) {
      return null;
    }
    var parameters = new ArrayList<String>();
    for (var segment : route.path().under(api.path()).segments()) {
      if (PathPattern.templated(segment)) {
        parameters.add(segment.substring(1, segment.length() - 1));
      }
    }
    int strip = api.stripPath() && !api.path().equals("/") ? api.path().length() : 0;
    return new CompiledApis.OfRoute(
        chain,
        guard(route.conditions(), where, input.faults),
        strip,
        List.copyOf(parameters),
        Bounds.of(route.limits().within(api.limits())),
        route.upgrade() == null ? api.upgrade() : route.upgrade(),
        route.path().spelledUnder(api.path()).stream().map(RouteTable.Place::of).toList());
  }

  /// A filter that did not ask for its route is the same at every route of the API, and so is a
  /// chain of nothing else at every route with the same policies: with ten thousand routes this is
  /// what a reload would take longest for.
  private @Nullable FilterChain chain(
      Input input, Chains chains, Api api, Route route, String where) {
    var faults = input.faults;
    var uses = new ArrayList<>(api.policies());
    uses.addAll(route.policies());
    if (uses.isEmpty()) {
      return FilterChain.EMPTY;
    }
    if (uses.size() > FilterChain.FILTERS_MAX) {
      faults.add(
          PlanFault.of(
              where
                  + "policies: %d (expected: 0-%d)"
                      .formatted(uses.size(), FilterChain.FILTERS_MAX)));
      return null;
    }
    var filters = new ArrayList<Filter>();
    var names = new ArrayList<String>();
    var sites = new ArrayList<SiteOf>();
    int states = 0;
    for (int i = 0; i < uses.size(); i++) {
      var made = chains.own.get(i);
      if (made == null || made.from != states) {
        var site = new SiteOf(input, api, route, states, chains);
        var filter = filter(uses.get(i), site, where, faults);
        sites.add(site);
        if (filter == null) {
          continue;
        }
        made = new Shared(filter, states, site.states);
        if (i < api.policies().size() && !site.routeAsked) {
          site.forAll = true;
          chains.own.put(i, made);
        }
      }
      states = made.to;
      filters.add(made.filter);
      names.add(uses.get(i).name());
    }
    if (filters.size() < uses.size()) {
      return null;
    }
    var chain = new FilterChain(filters, names, states);
    if (sites.stream().noneMatch(site -> site.routeAsked)) {
      sites.forEach(site -> site.forAll = true);
      chains.whole.put(route.policies(), chain);
    }
    return chain;
  }

  private @Nullable Filter filter(
      PolicyUse use, SiteOf site, String where, List<PlanFault> faults) {
    var policies = site.input.policies;
    var policy = policies.get(use.name());
    if (policy == null) {
      blame(
          use,
          where + "policy: %s (expected: one of %s)".formatted(use.name(), policies.keySet()),
          faults);
      return null;
    }
    try {
      site.chains.lasting.yes &= policy.lasting();
      return compile(policy, use.settings(), site);
    } catch (RuntimeException e) {
      blame(use, where + use.name() + ": " + e.getMessage(), faults);
      return null;
    }
  }

  @SuppressWarnings("ReferenceEquality") // Two places of a file may say the same.
  private static void blame(PolicyUse use, String message, List<PlanFault> faults) {
    if (faults.stream().noneMatch(fault -> fault.policy() == use)) {
      faults.add(new PlanFault(message, use));
    }
  }

  private static <S extends Record> Filter compile(Policy<S> policy, Record settings, Site site) {
    if (!policy.settings().isInstance(settings)) {
      throw new IllegalArgumentException(
          "settings: "
              + settings.getClass().getSimpleName()
              + " (expected: "
              + policy.settings().getSimpleName()
              + ")");
    }
    return policy.compile(policy.settings().cast(settings), site);
  }

  private final class SiteOf implements Site {
    private final Input input;
    private final Api api;
    private final Route route;
    private final Chains chains;
    private int states;
    private boolean routeAsked;
    private boolean forAll;

    /// @param states the first place for state that is free
    private SiteOf(Input input, Api api, Route route, int states, Chains chains) {
      this.chains = chains;
      this.input = input;
      this.api = api;
      this.route = route;
      this.states = states;
    }

    @Override
    public Snapshot snapshot() {
      return input.snapshot;
    }

    @Override
    public Api api() {
      return api;
    }

    @Override
    public Route route() {
      if (forAll) {
        throw new IllegalStateException(
            "site.route(): asked after compile (expected: while it compiles)");
      }
      routeAsked = true;
      return route;
    }

    @Override
    public <T> StateKey<T> state(Class<T> type) {
      return new StateKey<>(states++, type);
    }

    @Override
    public <T> T shared(String key, Class<T> type, Supplier<T> make) {
      var held = shared.get(key, type, make);
      chains.lasting.shared.add(held);
      return held.value(type);
    }

    @Override
    public HttpCalls http() {
      return http.apply(input.snapshot.gateway().outbound());
    }

    @Override
    public Duration waitMax() {
      if (chains.waitsDiffer) {
        route();
      }
      var own = route.limits().within(api.limits()).answer();
      if (own != null) {
        return own;
      }
      var named = route.upstream();
      var handle = input.handles.get(named == null ? api.upstream() : named);
      // Where there is none, that is the fault that is told.
      return handle == null ? Duration.ofHours(1) : handle.upstream().answerTimeout();
    }

    @Override
    public Work work() {
      return work;
    }

    @Override
    public Filter filter(PolicyUse use) {
      var policies = input.policies;
      var policy = policies.get(use.name());
      if (policy == null) {
        throw new IllegalArgumentException(
            "policy: %s (expected: one of %s)".formatted(use.name(), policies.keySet()));
      }
      chains.lasting.yes &= policy.lasting();
      return compile(policy, use.settings(), this);
    }

    @Override
    public Mirror mirror(String upstream, int bodyBytesMax, int copiesMax) {
      var handle = input.handles.get(upstream);
      if (handle == null) {
        throw new IllegalArgumentException(
            "upstream: %s (expected: one of %s)".formatted(upstream, input.handles.keySet()));
      }
      var counts =
          shared("mirror/" + upstream, MirrorCounts.class, () -> new MirrorCounts(upstream));
      // Handles are of one plan.
      chains.lasting.yes = false;
      return new Mirroring(handle, bodyBytesMax, copiesMax, counts);
    }

    @Override
    public Tally tally(String name) {
      return tallies.tally(name);
    }

    @Override
    public BanSink bans() {
      return bans;
    }
  }
}
