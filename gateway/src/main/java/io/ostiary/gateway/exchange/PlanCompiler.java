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
import io.ostiary.model.OutboundSettings;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
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
import java.util.stream.Stream;
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
        Bans.NONE,
        List.copyOf(unrouted),
        ErrorPages.of(snapshot),
        terms(snapshot));
  }

  private static Terms terms(Snapshot snapshot) {
    var settings = snapshot.gateway();
    return new Terms(
        snapshot.version(),
        settings,
        new AddressSet(settings.trustedProxies()),
        Plan.Waits.of(settings),
        PlanNotes.of(settings.observation()));
  }

  private void add(Api api, Input input, HostTable<RoutePlan> routes, Set<UnroutedWatch> unrouted) {
    var ways = new Ways(input.handles, input.faults);
    var way = ways.of(api);
    var before = compiled.get(api);
    var made = before == null ? compile(api, input) : before.routes();
    var tables = routes.of(api.hosts());
    boolean told = false;
    for (int i = 0; i < made.size(); i++) {
      var route = api.routes().get(i);
      var own = ways.of(api, route);
      var some = made.get(i);
      own = own == null ? way : own;
      boolean unnamed = api.upstream(route) == null;
      if (some == null || (own == null && !unnamed)) {
        continue;
      }
      if (unnamed && !told && !answered(api, route, input)) {
        told = true;
        input.faults.add(
            PlanFault.of(
                where(api, route)
                    + "upstream: not given (expected: one of %s, or a policy that answers, such as respond)"
                        .formatted(input.handles.keySet())));
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
          var wrong = wrong(table, place, plan);
          if (wrong != null) {
            input.faults.add(PlanFault.of(where(api, route) + wrong));
          }
        }
      }
      unrouted.addAll(some.chain().unrouted());
    }
  }

  private static boolean answered(Api api, Route route, Input input) {
    return Stream.concat(api.policies().stream(), route.policies().stream())
        .anyMatch(use -> answers(input.policies.get(use.name()), use.settings()));
  }

  private static <S extends Record> boolean answers(@Nullable Policy<S> policy, Record settings) {
    return policy != null
        && policy.settings().isInstance(settings)
        && policy.answers(policy.settings().cast(settings));
  }

  private static @Nullable String wrong(
      RouteTable<RoutePlan> table, RouteTable.Place place, RoutePlan plan) {
    var route = plan.route();
    if (place.wrong() != null) {
      return place.wrong();
    }
    var taken = table.add(place, route.methods(), route.conditions(), plan);
    return taken == null ? null : RouteTable.taken(taken, route.path().under(plan.api().path()));
  }

  private static String where(Api api, Route route) {
    return "api " + api.name() + ", route " + route.id() + ": ";
  }

  /// All routes of an API but for their ways; null in the place of one with faults.
  private List<CompiledApis.@Nullable OfRoute> compile(Api api, Input input) {
    var like = compiled.like(api);
    var chains = like == null ? Chains.of(api) : Chains.after(like.chains());
    int faults = input.faults.size();
    var made = compiled.same(api, like);
    for (int i = 0; i < made.size(); i++) {
      if (made.get(i) == null) {
        made.set(i, compile(api, api.routes().get(i), input, chains));
      }
    }
    if (chains.lasting && input.faults.size() == faults) {
      var whole = made.stream().map(Objects::requireNonNull).toList();
      compiled.put(api, new CompiledApis.OfApi(api, whole, chains));
    }
    return made;
  }

  private List<UpstreamHandle> handles(Snapshot snapshot, List<PlanFault> faults) {
    try {
      return upstreams.apply(snapshot.upstreams());
    } catch (IllegalArgumentException e) {
      faults.add(PlanFault.of(String.valueOf(e.getMessage())));
      return List.of();
    }
  }

  /// What the compiler works with for one plan.
  private record Input(
      Map<String, Policy<?>> policies,
      Snapshot snapshot,
      Map<String, UpstreamHandle> handles,
      List<PlanFault> faults) {}

  /// @param chains takes what routes can share
  private CompiledApis.@Nullable OfRoute compile(Api api, Route route, Input input, Chains chains) {
    var known = chains.whole.isEmpty() ? null : chains.whole.get(route.policies());
    var made = known == null ? chain(input, chains, api, route) : known;
    if (made == null) {
      return null;
    }
    var spelled = route.path().spelledUnder(api.path());
    int strip = api.stripPath() && !api.path().equals("/") ? api.path().length() : 0;
    return new CompiledApis.OfRoute(
        made.chain(),
        made.shared(),
        route.conditions().isEmpty()
            ? null
            : Ways.guard(route.conditions(), where(api, route), input.faults),
        strip,
        chains.parameters(spelled.getFirst()),
        Bounds.of(route.limits().within(api.limits())),
        route.upgrade() == null ? api.upgrade() : route.upgrade(),
        spelled.size() == 1
            ? List.of(RouteTable.Place.of(spelled.getFirst()))
            : spelled.stream().map(RouteTable.Place::of).toList());
  }

  /// A filter that did not ask for its route is the same at every route of the API, and so is a
  /// chain of nothing else at every route with the same policies: with ten thousand routes this is
  /// what a reload would take longest for.
  private Chains.@Nullable Made chain(Input input, Chains chains, Api api, Route route) {
    var faults = input.faults;
    int count = api.policies().size() + route.policies().size();
    var uses = new ArrayList<PolicyUse>(count);
    uses.addAll(api.policies());
    uses.addAll(route.policies());
    if (uses.isEmpty()) {
      return Chains.Made.EMPTY;
    }
    if (uses.size() > FilterChain.FILTERS_MAX) {
      faults.add(
          PlanFault.of(
              where(api, route)
                  + "policies: %d (expected: 0-%d)"
                      .formatted(uses.size(), FilterChain.FILTERS_MAX)));
      return null;
    }
    var filters = new ArrayList<Filter>(count);
    var names = new ArrayList<String>(count);
    var sites = new ArrayList<SiteOf>(count);
    var held = new ArrayList<SharedState.Held>(0);
    int states = 0;
    for (int i = 0; i < uses.size(); i++) {
      var made = chains.own.get(i);
      if (made == null || made.from() != states || !shared.keep(made.shared())) {
        var site = new SiteOf(input, api, route, states, chains);
        var filter = filter(uses.get(i), site, faults);
        sites.add(site);
        if (filter == null) {
          continue;
        }
        made = new Chains.Shared(filter, states, site.states, List.copyOf(site.held));
        if (i < api.policies().size() && !site.routeAsked) {
          site.forAll = true;
          chains.own.put(i, made);
        }
      }
      states = made.to();
      filters.add(made.filter());
      held.addAll(made.shared());
      names.add(uses.get(i).name());
    }
    if (filters.size() < uses.size()) {
      return null;
    }
    var whole = new FilterChain(filters, names, states, chains.last);
    var chain = new Chains.Made(whole, List.copyOf(held));
    chains.last = whole;
    if (sites.stream().noneMatch(site -> site.routeAsked)) {
      sites.forEach(site -> site.forAll = true);
      chains.whole.put(route.policies(), chain);
    }
    return chain;
  }

  private @Nullable Filter filter(PolicyUse use, SiteOf site, List<PlanFault> faults) {
    var policies = site.input.policies;
    var policy = policies.get(use.name());
    if (policy == null) {
      blame(
          use,
          where(site.api, site.route)
              + "policy: %s (expected: one of %s)".formatted(use.name(), policies.keySet()),
          faults);
      return null;
    }
    try {
      site.judge(policy, use.settings());
      return compile(policy, use.settings(), site);
    } catch (RuntimeException e) {
      blame(use, where(site.api, site.route) + use.name() + ": " + e.getMessage(), faults);
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
    private final List<SharedState.Held> held = new ArrayList<>(0);
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

    private <S extends Record> void judge(Policy<S> policy, Record settings) {
      chains.lasting &= policy.lasting();
      chains.ofOneRoute &=
          policy.settings().isInstance(settings)
              && policy.ofOneRoute(policy.settings().cast(settings));
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
      var one = shared.get(key, type, make);
      held.add(one);
      return one.value(type);
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
      var named = api.upstream(route);
      if (named == null) {
        return RoutePlan.WAIT_MAX;
      }
      var handle = input.handles.get(named);
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
      judge(policy, use.settings());
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
      chains.lasting = false;
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
