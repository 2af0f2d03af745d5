package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Targets over the admin API.
final class UpstreamsTest {
  private static final String TARGET = "/api/v1/upstreams/orders/targets/127.0.0.1:9001/";

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

  private String state() throws Exception {
    var upstream = Fixture.tree(fixture.get("/api/v1/upstreams/orders"));
    return upstream.get("targets").get(0).get("state").asString();
  }

  @Test
  void drainsATargetAndSaysWhoDidIt() throws Exception {
    assertThat(state()).isEqualTo("healthy");
    assertThat(fixture.post(TARGET + "drain", "").statusCode()).isEqualTo(204);
    assertThat(state()).isEqualTo("draining");
    assertThat(fixture.post(TARGET + "undrain", "").statusCode()).isEqualTo(204);
    assertThat(state()).isEqualTo("healthy");
    assertThat(fixture.get("/api/v1/audit").body())
        .contains("target-drained", "target-undrained", "127.0.0.1:9001");
  }

  @Test
  void knowsWhichTargetsThereAre() throws Exception {
    var other = TARGET.replace("9001", "9002");
    assertThat(fixture.post(other + "drain", "").statusCode()).isEqualTo(404);
    assertThat(fixture.get("/api/v1/audit").body()).doesNotContain("target-drained");
  }
}
