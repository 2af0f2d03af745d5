package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.KernelRule;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Kernel rules that wait to be confirmed, over the admin API.
final class RuleTrialTest {
  private static final String OLD = "{ deny: { from: [ 203.0.113.0/24 ] } }";
  private static final String NEW = "{ deny: { from: [ 198.51.100.0/24 ] } }";

  @TempDir Path data;
  private Fixture fixture;

  @BeforeEach
  void start() throws Exception {
    fixture = new Fixture(data);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  private void publish(String confirm, String rule, String path) {
    var flaws =
        fixture.control.publish(
            "ostiary.yaml",
            Fixture.configuration(
                """
                listeners: [ { address: 0.0.0.0:8080 } ]
                apis: [ { name: orders, path: %s, upstream: orders } ]
                upstreams: [ { name: orders, targets: [ "127.0.0.1:9001" ] } ]
                kernel: { confirm: %s, rules: [ %s ] }
                """
                    .formatted(path, confirm, rule)));
    assertThat(flaws).isEmpty();
  }

  private List<String> denied() {
    return fixture.newest().kernel().rules().stream()
        .map(KernelRule::match)
        .flatMap(match -> match.from().stream())
        .map(Object::toString)
        .toList();
  }

  private JsonNode trial() throws Exception {
    return Fixture.tree(fixture.get("/api/v1/rules/trial"));
  }

  private String state() throws Exception {
    return trial().get("state").asString();
  }

  private int post(String action) throws Exception {
    return fixture.post("/api/v1/rules/" + action, "{}").statusCode();
  }

  /// With the new rules in the file.
  private void restart(Path folder) throws Exception {
    fixture.close();
    fixture = new Fixture(folder, "kernel: { confirm: 30s, rules: [ " + NEW + " ] }");
  }

  /// Anything that wakes the thread which looks at the clock.
  private void pass(Duration time) throws Exception {
    fixture.clock.advance(time);
    fixture.consumer("c" + fixture.clock.millis());
    for (int i = 0; i < 200 && state().equals("on-trial"); i++) {
      Thread.sleep(10);
    }
  }

  @Test
  void withoutConfirmAChangeHoldsAtOnce() throws Exception {
    publish("0s", NEW, "/a");
    assertThat(denied()).containsExactly("198.51.100.0/24");
    assertThat(state()).isEqualTo("confirmed");
    assertThat(post("confirm")).isEqualTo(409);
  }

  @Test
  void aConfirmedChangeHolds() throws Exception {
    publish("30s", OLD, "/a");
    pass(Duration.ZERO);
    publish("30s", NEW, "/a");
    assertThat(denied()).containsExactly("198.51.100.0/24");
    assertThat(trial().get("secondsLeft").asDouble()).isEqualTo(30);
    assertThat(post("confirm")).isEqualTo(200);
    assertThat(state()).isEqualTo("confirmed");
    pass(Duration.ofSeconds(31));
    assertThat(denied()).containsExactly("198.51.100.0/24");

    restart(data);
    assertThat(state()).isEqualTo("confirmed");
  }

  @Test
  void whatNobodyConfirmsIsRolledBackAndStaysSo() throws Exception {
    publish("0s", OLD, "/a");
    publish("30s", NEW, "/a");
    pass(Duration.ofSeconds(31));
    assertThat(state()).isEqualTo("rolled-back");
    assertThat(denied()).containsExactly("203.0.113.0/24");

    publish("30s", NEW, "/b");
    assertThat(fixture.newest().apis().getFirst().path()).isEqualTo("/b");
    assertThat(denied()).containsExactly("203.0.113.0/24");
    assertThat(state()).isEqualTo("rolled-back");

    assertThat(post("retry")).isEqualTo(200);
    assertThat(denied()).containsExactly("198.51.100.0/24");
    assertThat(post("rollback")).isEqualTo(200);
    assertThat(denied()).containsExactly("203.0.113.0/24");

    publish("30s", OLD, "/b");
    assertThat(state()).isEqualTo("confirmed");
    assertThat(Fixture.tree(fixture.get("/api/v1/audit")).toString())
        .contains("rules-on-trial", "rules-rolled-back");
  }

  @Test
  void aRestartDuringATrialDoesNotCommit() throws Exception {
    publish("0s", OLD, "/a");
    publish("30s", NEW, "/a");
    restart(data);
    assertThat(denied()).containsExactly("198.51.100.0/24");
    assertThat(state()).isEqualTo("on-trial");
    pass(Duration.ofSeconds(31));
    assertThat(state()).isEqualTo("rolled-back");
    assertThat(denied()).containsExactly("203.0.113.0/24");
  }

  @Test
  void thereIsNothingToTryWithoutRules() throws Exception {
    fixture.close();
    fixture = new Fixture(data.resolve("fresh"), "kernel: { confirm: 30s }");
    assertThat(state()).isEqualTo("confirmed");
  }

  @Test
  void theFirstRulesOfAllGiveWayToNone() throws Exception {
    restart(data.resolve("fresh"));
    assertThat(denied()).containsExactly("198.51.100.0/24");
    pass(Duration.ofSeconds(31));
    assertThat(state()).isEqualTo("rolled-back");
    assertThat(denied()).isEmpty();
  }
}
