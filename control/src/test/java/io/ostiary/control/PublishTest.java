package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.config.Configuration;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Configuration on its way into force, and what happens when the database has trouble.
final class PublishTest {
  private static final String OTHER =
      """
      listeners: [ { address: 0.0.0.0:8081 } ]
      apis:
        - name: orders
          openapi: orders.yaml
          path: /other
          upstream: orders
          policies:
            - pace: { per-second: 1, time-out: 1s }
      upstreams: [ { name: orders, targets: [ "127.0.0.1:9001" ] } ]
      """;

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

  private Configuration other() {
    return Fixture.configuration(OTHER);
  }

  @Test
  void refusedConfigurationLeavesTheOldOneAndSaysWhere() throws Exception {
    long version = fixture.newest().version();
    var next = other();
    var use = next.apis().get(0).policies().get(0);
    fixture.refusal.set(List.of(new Publication.Problem("pace.per-second: too slow", use)));
    var flaws = fixture.control.publish("ostiary.yaml", next);
    assertThat(flaws).hasSize(1);
    assertThat(flaws.get(0).line()).isEqualTo(8);
    var state = Fixture.tree(fixture.get("/api/v1/snapshot"));
    assertThat(state.get("version").asLong()).isEqualTo(version);
    assertThat(state.get("configuration").get("state").asString()).isEqualTo("refused");
    assertThat(state.get("configuration").get("faults").get(0).get("message").asString())
        .isEqualTo("pace.per-second: too slow");
    fixture.refusal.set(List.of());
    assertThat(fixture.control.publish("ostiary.yaml", next)).isEmpty();
    state = Fixture.tree(fixture.get("/api/v1/snapshot"));
    assertThat(state.get("version").asLong()).isGreaterThan(version);
    assertThat(state.get("configuration").get("state").asString()).isEqualTo("in-force");
  }

  @Test
  void recordsChangeWhileTheFileIsRefused() throws Exception {
    fixture.refusal.set(List.of(Publication.Problem.of("no")));
    fixture.control.publish("ostiary.yaml", other());
    fixture.refusal.set(List.of());
    fixture.consumer("acme");
    assertThat(fixture.newest().consumers()).hasSize(1);
    assertThat(fixture.newest().apis().get(0).path()).isEqualTo("/demo");
    assertThat(fixture.control.state().flaws()).hasSize(1);
  }

  @Test
  void fullDiskIsSaidAndNothingIsHalfDone() throws Exception {
    fixture.consumer("before");
    fixture.control.limitDatabase(1);
    var body = new StringBuilder("{\"consumers\":[");
    for (int i = 0; i < 2000; i++) {
      body.append(i == 0 ? "" : ",").append("{\"name\":\"bench-").append(i).append("\"}");
    }
    var answer = fixture.post("/api/v1/consumers/import", body.append("]}").toString());
    assertThat(answer.statusCode()).isEqualTo(507);
    assertThat(Fixture.tree(answer).get("code").asString()).isEqualTo("storage-full");
    assertThat(fixture.newest().consumers()).hasSize(1);
    assertThat(fixture.control.publish("ostiary.yaml", other())).isEmpty();
    fixture.control.limitDatabase(Integer.MAX_VALUE);
    fixture.consumer("after");
    assertThat(fixture.newest().consumers()).hasSize(2);
  }

  @Test
  void configurationIsPublishedWithoutADatabase() throws Exception {
    fixture.control.breakDatabase();
    assertThat(fixture.control.publish("ostiary.yaml", other())).isEmpty();
    assertThat(fixture.newest().listeners().get(0).port()).isEqualTo(8081);
    var answer = fixture.post("/api/v1/consumers", "{\"name\":\"acme\"}");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(fixture.newest().consumers()).isEmpty();
    assertThat(fixture.get("/readyz").statusCode()).isEqualTo(200);
    assertThat(fixture.get("/api/v1/kernel").statusCode()).isEqualTo(200);
  }
}
