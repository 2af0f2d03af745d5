package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.spi.Exchange;
import io.ostiary.gateway.spi.Message;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Api;
import io.ostiary.model.CallLimits;
import io.ostiary.model.Cidr;
import io.ostiary.model.Conditions;
import io.ostiary.model.Conditions.Expectation;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Split;
import io.ostiary.model.Target;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Which route a request gets, through a whole gateway.
class RoutingTest {
  /// Answers with the API and the route that were found.
  private static final class Which implements PlainPolicy {
    @Override
    public String name() {
      return "which";
    }

    @Override
    public Verdict request(Exchange exchange) {
      var found = exchange.api().name() + "/" + exchange.route().id();
      return new Verdict.Answer(new Message(200, List.of(), found));
    }
  }

  private static final List<PolicyUse> WHICH =
      List.of(new PolicyUse("which", new PlainPolicy.None()));

  private static Route route(String id, String path, Conditions conditions, String... methods) {
    return new Route(id, Set.of(methods), new PathPattern(path), conditions, null, null, List.of());
  }

  private static Api api(String name, List<String> hosts, String path, Route... routes) {
    return new Api(name, hosts, path, "up", Split.NONE, false, null, List.of(routes), WHICH);
  }

  private static Conditions headers(String... pairs) {
    return new Conditions(tests(pairs), List.of(), List.of(), List.of(), null);
  }

  private static List<Conditions.Test> tests(String... pairs) {
    var tests = new java.util.ArrayList<Conditions.Test>();
    for (int i = 0; i < pairs.length; i += 2) {
      tests.add(new Conditions.Test(pairs[i], new Expectation.Is(pairs[i + 1])));
    }
    return tests;
  }

  private static String ask(Kit kit, String method, String host, String target, String... fields) {
    var head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n");
    for (var field : fields) {
      head.append(field).append("\r\n");
    }
    var answer = kit.ask(head + "Connection: close\r\n\r\n");
    return answer.startsWith("HTTP/1.1 200")
        ? answer.substring(answer.indexOf("\r\n\r\n") + 4)
        : answer.substring(9, 12);
  }

  private static Kit kit(FakeUpstream upstream, Api... apis) {
    var kit = new Kit(upstream, new Which());
    kit.apis = List.of(apis);
    return kit.publish();
  }

  @Test
  void theMostParticularHostIsAskedFirstAndOthersBehindIt() {
    var every = api("every", List.of(), "/", route("all", "/*", Conditions.NONE));
    var wild = api("wild", List.of("*.example.com"), "/", route("a", "/a/*", Conditions.NONE));
    var deep = api("deep", List.of("*.eu.example.com"), "/", route("a", "/a", Conditions.NONE));
    var one =
        api("one", List.of("api.example.com"), "/", route("b", "/b", Conditions.NONE, "POST"));
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, every, wild, deep, one)) {
      assertThat(ask(kit, "GET", "other.org", "/a")).isEqualTo("every/all");
      assertThat(ask(kit, "GET", "x.example.com", "/a")).isEqualTo("wild/a");
      assertThat(ask(kit, "GET", "X.Example.COM:8080", "/a")).isEqualTo("wild/a");
      assertThat(ask(kit, "GET", "x.eu.example.com", "/a")).isEqualTo("deep/a");
      assertThat(ask(kit, "GET", "x.eu.example.com", "/a/b")).isEqualTo("wild/a");
      assertThat(ask(kit, "GET", "example.com", "/a")).isEqualTo("every/all");
      assertThat(ask(kit, "POST", "api.example.com", "/b")).isEqualTo("one/b");
      assertThat(ask(kit, "GET", "api.example.com", "/b")).isEqualTo("every/all");
      assertThat(ask(kit, "GET", "ignored", "http://x.example.com/a")).isEqualTo("wild/a");
    }
    try (var upstream = FakeUpstream.echo();
        var kit = kit(upstream, one)) {
      assertThat(ask(kit, "GET", "api.example.com", "/b")).isEqualTo("405");
      assertThat(ask(kit, "GET", "else.example.com", "/b")).isEqualTo("404");
    }
  }

  @Test
  void moreConditionsGoBeforeFewerAndNoneOfThemHoldingPassesOn() {
    var both = headers("X-A", "1", "X-B", "2");
    try (var upstream = FakeUpstream.echo();
        var kit =
            kit(
                upstream,
                api(
                    "api",
                    List.of(),
                    "/",
                    route("one", "/a", headers("x-a", "1")),
                    route("both", "/a", both),
                    route("get", "/a", Conditions.NONE, "GET"),
                    route("beta", "/b", headers("X-A", "1")),
                    route("rest", "/*", Conditions.NONE)))) {
      assertThat(ask(kit, "POST", "h", "/a", "X-A: 1")).isEqualTo("api/one");
      assertThat(ask(kit, "POST", "h", "/a", "X-A: 0", "X-A: 1", "X-B: 2")).isEqualTo("api/both");
      // A method that is named counts for more than fields (Kubernetes Gateway API).
      assertThat(ask(kit, "GET", "h", "/a", "X-A: 1")).isEqualTo("api/get");
      assertThat(ask(kit, "HEAD", "h", "/a")).isEmpty();
      assertThat(ask(kit, "POST", "h", "/a")).isEqualTo("405");
      assertThat(ask(kit, "GET", "h", "/b", "X-A: 1")).isEqualTo("api/beta");
      assertThat(ask(kit, "GET", "h", "/b", "X-A: 2")).isEqualTo("api/rest");
    }
  }

  @Test
  void queryCookieAddressAndExpressionAreAsked() {
    var query = new Conditions(List.of(), tests("v a", "1&2"), List.of(), List.of(), null);
    var cookie = new Conditions(List.of(), List.of(), tests("group", "beta"), List.of(), null);
    var near =
        new Conditions(List.of(), List.of(), List.of(), List.of(Cidr.parse("127.0.0.0/8")), null);
    var far =
        new Conditions(
            List.of(), List.of(), List.of(), List.of(Cidr.parse("203.0.113.0/24")), null);
    var numbered = new Conditions(List.of(), List.of(), List.of(), List.of(), "/p/v[0-9]+/(a|b)");
    var present =
        new Conditions(
            List.of(new Conditions.Test("X-P", new Expectation.Present())),
            List.of(new Conditions.Test("d", new Expectation.Matches("[0-9]{1,3}"))),
            List.of(),
            List.of(),
            null);
    try (var upstream = FakeUpstream.echo();
        var kit =
            kit(
                upstream,
                api(
                    "api",
                    List.of(),
                    "/",
                    route("query", "/q", query),
                    route("cookie", "/c", cookie),
                    route("far", "/n", far),
                    route("near", "/n", near),
                    route("numbered", "/p/*", numbered),
                    route("present", "/d", present),
                    route("rest", "/*", Conditions.NONE)))) {
      assertThat(ask(kit, "GET", "h", "/q?x=3&v+a=1%262")).isEqualTo("api/query");
      assertThat(ask(kit, "GET", "h", "/q?v+a=0&v+a=1%262")).isEqualTo("api/rest");
      assertThat(ask(kit, "GET", "h", "/c", "Cookie: a=b; group=beta")).isEqualTo("api/cookie");
      assertThat(ask(kit, "GET", "h", "/c", "Cookie: group=beta2")).isEqualTo("api/rest");
      assertThat(ask(kit, "GET", "h", "/n")).isEqualTo("api/near");
      assertThat(ask(kit, "GET", "h", "/p/v17/b")).isEqualTo("api/numbered");
      assertThat(ask(kit, "GET", "h", "/p/v17/b/c")).isEqualTo("api/rest");
      assertThat(ask(kit, "GET", "h", "/d?d=12", "X-P: ")).isEqualTo("api/present");
      assertThat(ask(kit, "GET", "h", "/d?d=1234", "X-P: x")).isEqualTo("api/rest");
      assertThat(ask(kit, "GET", "h", "/d?d=12")).isEqualTo("api/rest");
    }
  }

  private static Api splitting(Split.By by, double percent, Conditions when) {
    var split = new Split(by, List.of(new Split.Share("v2", percent, when)));
    var all = route("all", "/*", Conditions.NONE);
    var old =
        new Route("old", Set.of(), new PathPattern("/o"), Conditions.NONE, "v2", null, List.of());
    return new Api("api", List.of(), "/", "up", split, false, null, List.of(all, old), List.of());
  }

  private static int ofSecond(Api api, int calls, String... fields) {
    try (var one = FakeUpstream.echo();
        var two = FakeUpstream.echo();
        var kit = new Kit(one)) {
      kit.apis = List.of(api);
      kit.others = List.of(kit.upstream("v2", List.of(new Target("127.0.0.1", two.port(), 1))));
      kit.publish();
      for (int i = 0; i < calls; i++) {
        assertThat(ask(kit, "GET", "h", "/a" + i, fields)).isEqualTo("/a" + i);
      }
      assertThat(one.heads().size() + two.heads().size()).isEqualTo(calls);
      int drawn = two.heads().size();
      assertThat(ask(kit, "GET", "h", "/o")).isEqualTo("/o");
      assertThat(two.heads()).hasSize(drawn + 1);
      return drawn;
    }
  }

  @Test
  void aShareOfTheCallsGoesToAnotherUpstream() {
    // Of 300 draws with one in four, five standard deviations are 37.
    assertThat(ofSecond(splitting(Split.By.CALL, 25, Conditions.NONE), 300)).isBetween(38, 112);
    assertThat(ofSecond(splitting(Split.By.CLIENT, 50, Conditions.NONE), 20)).isIn(0, 20);
  }

  @Test
  void aRoutesSplitIsInPlaceOfTheApis() {
    var all =
        new Route(
            "all",
            Set.of(),
            new PathPattern("/*"),
            Conditions.NONE,
            null,
            null,
            List.of(),
            new Split(Split.By.CALL, List.of(new Split.Share("v2", 100, Conditions.NONE))),
            CallLimits.NONE);
    var old =
        new Route("old", Set.of(), new PathPattern("/o"), Conditions.NONE, "v2", null, List.of());
    var api =
        new Api("api", List.of(), "/", "up", Split.NONE, false, null, List.of(all, old), List.of());
    assertThat(ofSecond(api, 5)).isEqualTo(5);
  }

  @Test
  void aCookieSendsItsCallsToAnotherUpstream() {
    var beta = new Conditions(List.of(), List.of(), tests("group", "beta"), List.of(), null);
    var canary = splitting(Split.By.CALL, 0, beta);
    assertThat(ofSecond(canary, 5, "Cookie: a=1; group=beta")).isEqualTo(5);
    assertThat(ofSecond(canary, 5, "Cookie: group=other")).isZero();
  }

  @Test
  void aConditionSendsAllItsCallsToAnotherUpstream() {
    var canary = splitting(Split.By.CALL, 0, headers("X-Canary", "always"));
    assertThat(ofSecond(canary, 5, "X-Canary: always")).isEqualTo(5);
    assertThat(ofSecond(canary, 5, "X-Canary: never")).isZero();
  }
}
