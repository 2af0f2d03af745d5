package io.ostiary.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// L4 services of the whole program, in a name space where `ip netns exec` hides the control
/// groups.
final class ServicesIT {
  @TempDir private Path folder;

  @Test
  void clientsOnTheHostItselfAreTurnedWhereItsControlGroupsAreHidden() throws Exception {
    try (var stage = Stage.open("services", folder)) {
      stage.configure(
          Stage.configuration("")
              + """
              services:
                - { name: web, address: "198.51.100.9:80", targets: [ "%s:9081" ] }
              """
                  .formatted(Hosts.UPSTREAM));
      stage.ostiary.await(
          "to take the service", () -> !stage.ostiary.admin("/services").path("items").isEmpty());
      assertThat(stage.ostiary.admin("/services").path("sentence").asString(""))
          .doesNotContain("not turned");
      assertThat(
              stage.hosts.gateway.must(
                  "curl",
                  "-s",
                  "-o",
                  "/dev/null",
                  "-w",
                  "%{http_code}",
                  "http://198.51.100.9/orders"))
          .isEqualTo("200");
      assertThat(stage.ostiary.admin("/services").path("items").path(0).path("local").asLong())
          .isEqualTo(1);
      var target = "{service=\"web\",target=\"" + Hosts.UPSTREAM + ":9081\"} ";
      assertThat(stage.ostiary.host.must("curl", "-sf", "http://127.0.0.1:9080/metrics"))
          .contains(
              "ostiary_service_events_total{service=\"web\",event=\"local\"} 1\n",
              "ostiary_service_connections_total" + target + "1\n",
              "ostiary_service_target_healthy" + target + "1\n")
          .contains("ostiary_kernel_syn_flood 0\n");
    }
  }
}
