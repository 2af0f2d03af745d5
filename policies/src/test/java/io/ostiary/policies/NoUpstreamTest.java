package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Policy;
import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Api;
import io.ostiary.model.Conditions;
import io.ostiary.model.PathPattern;
import io.ostiary.model.PolicyUse;
import io.ostiary.model.Route;
import io.ostiary.model.Split;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// APIs that are answered by their policies alone.
class NoUpstreamTest {
  private static final List<Policy<?>> POLICIES =
      List.of(new Respond(), new Redirect(), new Headers(), new Mock());

  private final FakeUpstream upstream = FakeUpstream.echo();
  private final PolicyKit kit = new PolicyKit(upstream, POLICIES);

  @AfterEach
  void close() {
    kit.close();
    upstream.close();
  }

  private static PolicyUse respond(String body, When when) {
    return new PolicyUse("respond", new Respond.Settings(200, Map.of(), body, null, when));
  }

  private static Route route(String path, PolicyUse... uses) {
    return new Route(
        path, Set.of(), new PathPattern(path), Conditions.NONE, null, null, List.of(uses));
  }

  private static Api api(Route... routes) {
    return new Api(
        "own", List.of(), "/", null, Split.NONE, false, null, List.of(routes), List.of());
  }

  @Test
  void answersWithoutAnUpstream() {
    kit.publish(api(route("/robots.txt", respond("Disallow: /", When.ALWAYS))));
    assertThat(kit.curl("/robots.txt")).isEqualTo("Disallow: /");
    assertThat(upstream.connections()).isZero();
  }

  @Test
  void tellsWhomNoPolicyAnswers() {
    var posts = new When(Set.of("POST"), Map.of(), Map.of(), Map.of(), List.of(), Set.of(), null);
    kit.publish(api(route("/a", respond("posted", posts))));
    assertThat(kit.curl("-d", "x", "/a")).isEqualTo("posted");
    assertThat(kit.curl("/a")).contains("\"type\":\"urn:ostiary:problem:no-upstream\"");
    // The body is taken, and the connection stays.
    assertThat(kit.curl("-w", "%{http_code}", "-T", "/etc/services", kit.url("/a"), "/a"))
        .contains("\"status\":404")
        .endsWith("404")
        .doesNotContain("curl:");
  }

  @Test
  void aRouteMayHaveAnUpstreamOfItsOwn() {
    var own =
        new Route(
            "own", Set.of(), new PathPattern("/up"), Conditions.NONE, "orders", null, List.of());
    kit.publish(api(own, route("/down", respond("down", When.ALWAYS))));
    kit.curl("/up");
    assertThat(upstream.heads()).singleElement().asString().startsWith("GET /up ");
    assertThat(kit.curl("/down")).isEqualTo("down");
  }

  @Test
  void refusesWhereNobodyWouldAnswer() {
    assertThatThrownBy(() -> kit.publish(api(route("/a"), route("/b"))))
        .hasMessageContaining(
            "api own, route /a: upstream: not given (expected: one of [orders], or a policy that"
                + " answers, such as respond)")
        .hasMessageNotContaining("route /b");
    var mock = new Mock();
    assertThat(mock.answers(new Mock.Settings(true, Duration.ZERO))).isTrue();
    assertThat(mock.answers(new Mock.Settings(false, Duration.ZERO))).isFalse();
  }
}
