package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Api;
import io.ostiary.model.Conditions;
import io.ostiary.model.Conditions.Expectation;
import io.ostiary.model.PathPattern;
import io.ostiary.model.Route;
import io.ostiary.model.RouteQuestion;
import io.ostiary.model.Split;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The precedence of the Kubernetes Gateway API (HTTPRouteRule, "matches"; HTTPRouteSpec,
/// "hostnames"), criterion by criterion: of two routes that both match, the one named first here
/// wins in whatever order they are written.
class GatewayApiTest {
  private final FakeUpstream upstream = FakeUpstream.echo();
  private final Kit kit = new Kit(upstream);

  @AfterEach
  void close() {
    kit.close();
    upstream.close();
  }

  private static Route route(String id, String path, Conditions conditions, String... methods) {
    return new Route(id, Set.of(methods), new PathPattern(path), conditions, null, null, List.of());
  }

  private static List<Conditions.Test> tests(int count) {
    return List.of("A", "B", "C").subList(0, count).stream()
        .map(name -> new Conditions.Test(name, new Expectation.Is("1")))
        .toList();
  }

  private static Conditions asks(int headers, int query) {
    return new Conditions(tests(headers), tests(query), List.of(), List.of(), null);
  }

  private static Api api(String name, List<String> hosts, Route... routes) {
    return new Api(name, hosts, "/", "up", Split.NONE, false, null, List.of(routes), List.of());
  }

  private String chosen(Api... apis) {
    kit.apis = List.of(apis);
    kit.publish();
    var fields =
        List.of(
            new RouteQuestion.Header("Host", "a.b.example.com"),
            new RouteQuestion.Header("A", "1"),
            new RouteQuestion.Header("B", "1"),
            new RouteQuestion.Header("C", "1"));
    var question =
        new RouteQuestion("GET", "/a/b?A=1&B=1&C=1", fields, InetAddress.getLoopbackAddress());
    return Objects.requireNonNull(kit.gateway.route(question).chosen()).route();
  }

  private void wins(Route winner, Route other) {
    assertThat(chosen(api("x", List.of(), winner, other))).isEqualTo(winner.id());
    assertThat(chosen(api("x", List.of(), other, winner))).isEqualTo(winner.id());
  }

  @Test
  void anExactPathBeforeAPrefix() {
    wins(route("exact", "/a/b", Conditions.NONE), route("prefix", "/a/b/*", asks(3, 3), "GET"));
    wins(route("exact", "/a/b", Conditions.NONE), route("root", "/*", asks(3, 3), "GET"));
  }

  @Test
  void theLongerPrefix() {
    wins(route("long", "/a/b/*", Conditions.NONE), route("short", "/a/*", asks(3, 3), "GET"));
    wins(route("long", "/a/*", Conditions.NONE), route("root", "/*", asks(3, 3), "GET"));
  }

  @Test
  void aMethod() {
    wins(route("method", "/a/*", Conditions.NONE, "GET"), route("none", "/a/*", asks(3, 3)));
  }

  @Test
  void moreHeaderFieldsWhateverTheQuery() {
    wins(route("two", "/a/*", asks(2, 0)), route("one", "/a/*", asks(1, 3)));
    wins(route("one", "/a/*", asks(1, 0)), route("none", "/a/*", asks(0, 3)));
  }

  @Test
  void moreQueryParameters() {
    wins(route("three", "/a/*", asks(1, 3)), route("two", "/a/*", asks(1, 2)));
  }

  @Test
  void theFirstOfTheListWhereAllIsEqual() {
    var one = route("one", "/a/*", new Conditions(tests(1), List.of(), List.of(), List.of(), null));
    var two =
        route(
            "two",
            "/a/*",
            new Conditions(
                List.of(new Conditions.Test("B", new Expectation.Is("1"))),
                List.of(),
                List.of(),
                List.of(),
                null));
    assertThat(chosen(api("x", List.of(), one, two))).isEqualTo("one");
    assertThat(chosen(api("x", List.of(), two, one))).isEqualTo("two");
  }

  @Test
  void theMoreParticularHostBeforeAnythingElse() {
    var weak = route("weak", "/*", Conditions.NONE);
    var strong = route("strong", "/a/b", asks(3, 3), "GET");
    var exact = List.of("a.b.example.com");
    var near = List.of("*.b.example.com");
    var far = List.of("*.example.com");
    assertThat(chosen(api("x", near, strong), api("y", exact, weak))).isEqualTo("weak");
    assertThat(chosen(api("x", far, strong), api("y", near, weak))).isEqualTo("weak");
    assertThat(chosen(api("x", List.of(), strong), api("y", far, weak))).isEqualTo("weak");
  }
}
