package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Api;
import io.ostiary.model.Conditions;
import io.ostiary.model.Conditions.Expectation;
import io.ostiary.model.PathPattern;
import io.ostiary.model.Route;
import io.ostiary.model.RouteAnswer;
import io.ostiary.model.RouteAnswer.Candidate;
import io.ostiary.model.RouteAnswer.Verdict;
import io.ostiary.model.RouteQuestion;
import io.ostiary.model.Split;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What people are told about the route of a request: the same as a request gets, and why.
class RouteProbeTest {
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

  private static Conditions header(String name, String value) {
    var test = new Conditions.Test(name, new Expectation.Is(value));
    return new Conditions(List.of(test), List.of(), List.of(), List.of(), null);
  }

  private void publish(Api... apis) {
    kit.apis = List.of(apis);
    kit.publish();
  }

  private static Api api(String name, List<String> hosts, String path, Route... routes) {
    var split = new Split(Split.By.CALL, List.of(new Split.Share("up", 5, header("X-B", "1"))));
    return new Api(name, hosts, path, "up", split, true, null, List.of(routes), List.of());
  }

  private RouteAnswer ask(String method, String url, String... fields) {
    var headers =
        java.util.Arrays.stream(fields)
            .map(field -> field.split(": ", 2))
            .map(pair -> new RouteQuestion.Header(pair[0], pair[1]))
            .toList();
    return kit.gateway.route(
        new RouteQuestion(method, url, headers, InetAddress.getLoopbackAddress()));
  }

  private static List<String> verdicts(RouteAnswer answer) {
    return answer.candidates().stream().map(RouteProbeTest::verdict).toList();
  }

  private static String verdict(Candidate candidate) {
    return candidate.route() + " " + candidate.verdict() + " " + candidate.why();
  }

  @Test
  void tellsTheRouteAndWhyNotTheOthers() {
    publish(
        api(
            "shop",
            List.of("*.example.com"),
            "/shop",
            route("all", "/*", Conditions.NONE),
            route("any", "/orders/*", Conditions.NONE),
            route("one", "/orders/{id}", Conditions.NONE),
            route("get", "/orders/mine", Conditions.NONE, "GET"),
            route("beta", "/orders/mine", header("X-A", "1"), "GET"),
            route("post", "/orders/mine", Conditions.NONE, "POST")),
        api("every", List.of(), "/", route("rest", "/*", Conditions.NONE)));
    var answer = ask("GET", "http://a.example.com:81/shop/./orders//mine?q=1", "X-B: 1");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.host()).isEqualTo("a.example.com");
    assertThat(answer.path()).isEqualTo("/shop/orders/mine");
    var chosen = answer.chosen();
    assertThat(chosen.api()).isEqualTo("shop");
    assertThat(chosen.route()).isEqualTo("get");
    assertThat(chosen.upstreamPath()).isEqualTo("/orders/mine");
    assertThat(chosen.shares()).containsExactly(new RouteAnswer.Share("up", 5, true));
    assertThat(verdicts(answer))
        .containsExactlyInAnyOrder(
            "get CHOSEN ",
            "all LESS_PARTICULAR its /* begins earlier in the path",
            "any LESS_PARTICULAR its /* begins earlier in the path",
            "one LESS_PARTICULAR {id} stands where the chosen one has 'mine'",
            "beta CONDITION_FAILS header X-A is '1'",
            "post METHOD_DIFFERS takes POST",
            "rest LESS_PARTICULAR its host is less particular");
    assertThat(answer.candidates().getFirst().verdict()).isEqualTo(Verdict.CHOSEN);
    assertThat(ask("GET", "http://a.example.com/shop/orders/17").chosen().parameters())
        .containsEntry("id", "17");
  }

  @Test
  void tellsWhyThereIsNone() {
    publish(
        api(
            "shop",
            List.of(),
            "/shop",
            route("get", "/a", Conditions.NONE, "GET"),
            route("beta", "/b", header("X-A", "1"))));
    assertThat(ask("POST", "/shop/a").status()).isEqualTo(405);
    assertThat(ask("POST", "/shop/a").sentence()).contains("does not take POST, but GET, HEAD");
    assertThat(ask("GET", "/shop/b").status()).isEqualTo(404);
    assertThat(verdicts(ask("GET", "/shop/b")))
        .containsExactly("beta CONDITION_FAILS header X-A is '1'");
    assertThat(ask("GET", "/elsewhere").sentence()).startsWith("No API is published");
    var refused = ask("GET", "/shop/%2f");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.sentence()).contains("ambiguous-path");
    assertThat(ask("OPTIONS", "*").status()).isEqualTo(204);
  }

  /// Every answer is compared with what a real request gets.
  @Test
  void isWhatARequestGets() {
    publish(
        api(
            "shop",
            List.of(),
            "/shop",
            route("one", "/orders/{id}", Conditions.NONE),
            route("deep", "/orders/{id}/parts/*", Conditions.NONE, "GET"),
            route("beta", "/orders/{id}", header("X-A", "1"))));
    for (var path :
        List.of(
            "/shop/orders/1",
            "/shop/orders/",
            "/shop/orders/1/parts",
            "/shop",
            "/shop/orders/a%2Fb",
            "/shop/x/../orders/7",
            "/shop/orders/1/parts/2/3")) {
      int real = Integer.parseInt(kit.get(path).substring(9, 12));
      assertThat(ask("GET", path).status()).as(path).isEqualTo(real);
    }
  }

  @Test
  void theBaseOfAnApiAnswersWithAndWithoutASlash() {
    publish(
        api(
            "shop",
            List.of(),
            "/shop",
            route("home", "/", Conditions.NONE, "GET"),
            route("all", "/*", Conditions.NONE)));
    for (var path : List.of("/shop", "/shop/")) {
      var answer = ask("GET", "http://t" + path);
      assertThat(answer.chosen()).as(path).isNotNull();
      assertThat(verdicts(answer))
          .as(path)
          .anyMatch(verdict -> verdict.startsWith("home CHOSEN"))
          .anyMatch(verdict -> verdict.startsWith("all LESS_PARTICULAR"));
      assertThat(kit.get(path)).startsWith("HTTP/1.1 200 OK");
    }
  }
}
