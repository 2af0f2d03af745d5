package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Identity;
import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeExchange;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Consumer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CelTest {
  private final FakeSite site = FakeSite.anywhere();

  private FakeExchange exchange() {
    var exchange =
        site.exchange("GET", "/orders/17?full=1").with("X-Plan", "gold").with("x-plan", "eu");
    exchange.consumer(new Consumer("c-1", "alice", Set.of("gold"), Set.of("eu"), List.of()));
    exchange.identity(
        new Identity(
            "jwt",
            "user-7",
            Set.of("staff"),
            Map.of("email", "a@example.com", "age", 20, "nested", Map.of("roles", List.of("x")))));
    return exchange;
  }

  private Verdict asked(String... expressions) {
    var settings = new Cel.Settings(List.of(expressions), "No.");
    return new Cel().compile(settings, site).request(exchange());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "request.method == 'GET' && request.path.startsWith('/orders/')",
        "request.query.contains('full=1') && !request.secure",
        "request.headers['x-plan'] == 'gold, eu'",
        "request.client == '198.18.0.1'",
        "consumer.known && 'gold' in consumer.groups && consumer.tags.exists(t, t == 'eu')",
        "identity.by == 'jwt' && identity.subject == 'user-7'",
        "claims.email.endsWith('@example.com') && claims.age >= 18",
        "'x' in claims.nested.roles",
        "!has(claims.admin) || claims.admin",
        "request.path.matches('^/orders/[0-9]+$')"
      })
  void letsPassWhatHolds(String expression) {
    assertThat(asked(expression)).isEqualTo(Verdict.CONTINUE);
    assertThat(Sites.problem(asked("!(" + expression + ")")).status()).isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "claims.nothing == 'x'",
        "claims.email > 3",
        "request.headers['absent'] == 'x'",
        "claims.age / 0 > 1",
        "request.path.matches('(')",
        // 1,331 turns.
        "[0,1,2,3,4,5,6,7,8,9,10].all(a, [0,1,2,3,4,5,6,7,8,9,10].all(b,"
            + " [0,1,2,3,4,5,6,7,8,9,10].all(c, true)))"
      })
  void whatFailsOrCostsTooMuchRefuses(String expression) {
    var problem = Sites.problem(asked(expression));
    assertThat(problem.code()).isEqualTo("cel");
    assertThat(problem.detail()).isEqualTo("No.");
  }

  @Test
  void allMustHold() {
    assertThat(asked("true", "true")).isEqualTo(Verdict.CONTINUE);
    assertThat(Sites.problem(asked("true", "false")).status()).isEqualTo(403);
  }

  @Test
  void ofNobodyNothingIsKnown() {
    var settings = new Cel.Settings(List.of("!consumer.known && !identity.known"), "No.");
    var nobody = site.exchange("GET", "/orders/17");
    assertThat(new Cel().compile(settings, site).request(nobody)).isEqualTo(Verdict.CONTINUE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1 + 1", "request.method ==", "nobody.name == 'x'", "exec('x')", ""})
  void refusesExpressionsThatCannotWork(String expression) {
    assertThatThrownBy(() -> new Cel.Settings(List.of(expression), ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("cel.require: ");
  }
}
