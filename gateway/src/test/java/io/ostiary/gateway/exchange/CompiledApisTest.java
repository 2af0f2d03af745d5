package io.ostiary.gateway.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.route.RouteTable;
import io.ostiary.gateway.spi.Filter;
import io.ostiary.gateway.spi.HttpCalls;
import io.ostiary.gateway.spi.Moment;
import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.spi.Site;
import io.ostiary.gateway.spi.Work;
import io.ostiary.gateway.upstream.UpstreamHandle;
import io.ostiary.model.Api;
import io.ostiary.model.Balance;
import io.ostiary.model.BanSink;
import io.ostiary.model.Conditions;
import io.ostiary.model.Consumer;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.KernelSettings;
import io.ostiary.model.Listener;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Snapshot;
import io.ostiary.model.Split;
import io.ostiary.model.Tallies;
import io.ostiary.model.Target;
import io.ostiary.model.Upstream;
import io.ostiary.model.UpstreamLink;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// What a plan takes over from the one before, and what it never does.
class CompiledApisTest {
  private record None() {}

  /// Makes a filter with a counter that outlives plans.
  private record Counting(String name, boolean lasting, boolean alone) implements Policy<None> {
    @Override
    public Class<None> settings() {
      return None.class;
    }

    @Override
    public boolean ofOneRoute(None none) {
      return alone;
    }

    @Override
    public Filter compile(None none, Site site) {
      return new Counter(site.shared("count/" + name, AtomicLong.class, AtomicLong::new));
    }
  }

  private record Counter(AtomicLong count) implements Filter {
    @Override
    public Set<Moment> moments() {
      return Set.of();
    }
  }

  private final SharedState shared = new SharedState();
  private final List<PlanFault> faults = new ArrayList<>();
  private final PlanCompiler compiler =
      new PlanCompiler(
          List.of(
              new Counting("lasting", true, false),
              new Counting("alone", true, true),
              new Counting("another", true, true),
              new Counting("other", false, true)),
          all -> all.stream().map(UpstreamHandle::unresolved).toList(),
          shared,
          BanSink.NONE,
          new Tallies(),
          _ -> HttpCalls.NONE,
          new Work("test", 1, 1));

  private List<Consumer> consumers = List.of();
  private List<Upstream> upstreams = List.of(upstream(1));
  private long version;

  @Test
  void takesOverTheFiltersOfAnApiThatIsTheSameObject() {
    var one = api("one", "lasting");
    var before = filter(compile(one, api("two", "lasting")), "/one");
    var after = compile(one, api("two", "lasting"));

    assertThat(filter(after, "/one")).isSameAs(before);
    assertThat(after.snapshot().version()).isEqualTo(2);
  }

  @Test
  void makesAnEqualApiAgain() {
    var before = filter(compile(api("one", "lasting")), "/one");

    assertThat(filter(compile(api("one", "lasting")), "/one")).isNotSameAs(before);
  }

  @Test
  void makesFiltersAgainThatDoNotSayThatTheyLast() {
    var one = api("one", "lasting", "other");
    var before = filter(compile(one), "/one");

    assertThat(filter(compile(one), "/one")).isNotSameAs(before);
  }

  @Test
  void makesThemAgainForOtherConsumersOrUpstreams() {
    var one = api("one", "lasting");
    var first = filter(compile(one), "/one");
    consumers = List.of(new Consumer("c", "c", Set.of(), Set.of(), List.of()));
    var second = filter(compile(one), "/one");
    upstreams = List.of(upstream(2));
    var third = filter(compile(one), "/one");

    assertThat(second).isNotSameAs(first);
    assertThat(third).isNotSameAs(second);
  }

  @Test
  void goesTheWayOfItsOwnPlan() {
    var one = api("one", "lasting");
    var before = route(compile(one), "/one");
    var after = compile(one);

    assertThat(route(after, "/one").way()).isNotSameAs(before.way());
    assertThat(after.upstreams()).hasSize(1);
  }

  @Test
  void keepsTheStateOfWhatItTookOver() {
    var one = api("one", "lasting");
    var count = ((Counter) filter(compile(one), "/one")).count();
    for (int i = 0; i < 5; i++) {
      compile(one);
    }
    // Made anew, it finds the same count.
    assertThat(((Counter) filter(compile(api("one", "lasting")), "/one")).count()).isSameAs(count);
  }

  @Test
  void takesNothingOverFromAPlanThatWasRefused() {
    var one = api("one", "lasting");
    shared.begin();
    assertThat(compiler.compile(snapshot(one, api("bad", "unknown")), faults)).isNull();
    shared.rollBack();
    faults.clear();
    var first = filter(compile(one), "/one");
    var second = filter(compile(one), "/one");

    assertThat(second).isSameAs(first);
    assertThat(shared.all(AtomicLong.class)).containsExactly(((Counter) second).count());
  }

  @Test
  void takesOverTheRoutesThatAreTheSameObjects() {
    var same = route("/same", "alone");
    var before = compile(apiAt("/one", same, route("/old", "alone")));
    var after = compile(apiAt("/one", route("/new", "alone"), same));

    assertThat(filter(after, "/one/same")).isSameAs(filter(before, "/one/same"));
    assertThat(filter(after, "/one/new")).isNotSameAs(filter(before, "/one/old"));
    assertThat(route(after, "/one/same").api()).isNotSameAs(route(before, "/one/same").api());
  }

  @Test
  void makesAllRoutesAgainWhereAPolicyLooksAtTheOthers() {
    var same = route("/same", "lasting");
    var before = compile(apiAt("/one", same, route("/old", "alone")));
    var after = compile(apiAt("/one", same, route("/new", "alone")));

    assertThat(filter(after, "/one/same")).isNotSameAs(filter(before, "/one/same"));
  }

  @Test
  void makesAllRoutesAgainWhereTheApiDiffers() {
    var same = route("/same", "alone");
    var before = compile(apiAt("/one", same));
    var after = compile(apiAt("/other", same));

    assertThat(filter(after, "/other/same")).isNotSameAs(filter(before, "/one/same"));
  }

  @Test
  void letsTheStateOfARouteGoThatIsGone() {
    var same = route("/same", "alone");
    compile(apiAt("/one", same, route("/old", "another")));
    assertThat(shared.all(AtomicLong.class)).hasSize(2);
    for (int i = 0; i < 3; i++) {
      compile(apiAt("/one", same, route("/new" + i, "alone")));
    }
    assertThat(shared.all(AtomicLong.class)).hasSize(1);
  }

  private Plan compile(Api... apis) {
    shared.begin();
    var plan = compiler.compile(snapshot(apis), faults);
    assertThat(faults).isEmpty();
    assertThat(plan).isNotNull();
    shared.commit();
    return plan;
  }

  private static Filter filter(Plan plan, String path) {
    return route(plan, path).filters().filter(0);
  }

  private static RoutePlan route(Plan plan, String path) {
    var match = new RouteTable.Match<RoutePlan>(_ -> true);
    var bytes = path.getBytes(StandardCharsets.ISO_8859_1);
    plan.routes().every().find(bytes, 0, bytes.length, match);
    var found = match.route("GET");
    assertThat(found).isNotNull();
    return found;
  }

  private Snapshot snapshot(Api... apis) {
    return new Snapshot(
        ++version,
        Instant.EPOCH,
        GatewaySettings.DEFAULT,
        List.of(new Listener("127.0.0.1", 1)),
        List.of(apis),
        upstreams,
        consumers,
        List.of(),
        KernelSettings.OFF,
        List.of());
  }

  private static Upstream upstream(int port) {
    var wait = Duration.ofSeconds(1);
    return new Upstream(
        "u",
        List.of(new Target("127.0.0.1", port, 1)),
        Balance.ROUND_ROBIN,
        null,
        wait,
        wait,
        wait,
        1,
        UpstreamLink.PLAIN);
  }

  private static Api api(String name, String... policies) {
    var route =
        new Route("r", Set.of(), new PathPattern("/*"), Conditions.NONE, null, null, List.of());
    var uses = new ArrayList<PolicyUse>();
    for (var policy : policies) {
      uses.add(new PolicyUse(policy, new None()));
    }
    return new Api(name, List.of(), "/" + name, "u", Split.NONE, true, null, List.of(route), uses);
  }

  private static Api apiAt(String path, Route... routes) {
    return new Api("one", List.of(), path, "u", Split.NONE, true, null, List.of(routes), List.of());
  }

  private static Route route(String path, String policy) {
    var use = new PolicyUse(policy, new None());
    var pattern = new PathPattern(path);
    return new Route(path, Set.of(), pattern, Conditions.NONE, null, null, List.of(use));
  }
}
