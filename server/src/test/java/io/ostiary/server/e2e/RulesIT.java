package io.ostiary.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Rules and services as the command line lists them.
final class RulesIT {
  private static final String RULES =
      """
      { allow: { from: [ "203.0.113.2", "2001:db8:0::2" ], to-port: 8080 } },
      { deny: { from: [ 203.0.113.0/24 ], protocol: tcp } },
      { limit: { from: [ 203.0.113.0/24 ], protocol: tcp, packets: 20/s, per: source } }
      """;

  @TempDir private Path folder;

  @Test
  void listsRulesInTheirOrderWithWhatTheyMetAndWhichOneWins() throws Exception {
    try (var stage = Stage.open("rules", folder)) {
      stage.configure(
          Stage.configuration(RULES.replace('\n', ' '))
              .replace("interfaces: auto", "interfaces: auto\n  confirm: 60s"));
      stage.ostiary.await(
          "to take the rules", () -> stage.ostiary.admin("/rules").path("items").size() == 3);
      stage.call("/demo/orders", "--interface", Hosts.OTHER_CLIENT, "--connect-timeout", "1");
      var listed = stage.ostiary.command("rules");
      assertThat(listed.exit()).isZero();
      assertThat(listed.text())
          .containsSubsequence(
              "# On trial: the rules before come back in ",
              "  1  allow from { 203.0.113.2/32, 2001:db8::2/128 } to-port 8080",
              "packets ",
              "  2  deny from 203.0.113.0/24 protocol tcp",
              "deny meets the allow rule at #1: where both match, allow wins",
              "shadows #3",
              "  3  limit from 203.0.113.0/24 protocol tcp packets 20/s per source",
              "limit has no effect: the deny rule at #2 drops the same");
      assertThat(stage.ostiary.command("rules", "--json").text())
          .contains("\"on-trial\"", "\"secondsLeft\"", "\"conflicts\"");
      assertThat(stage.ostiary.host.must("curl", "-sf", "http://127.0.0.1:9080/metrics"))
          .containsPattern("ostiary_kernel_rule_packets_total\\{rule=\"1\"} [1-9]");
    }
  }

  @Test
  void listsServicesWithTheirTargets() throws Exception {
    try (var stage = Stage.open("listed", folder)) {
      assertThat(stage.ostiary.command("services").text()).contains("No services are configured");
      stage.configure(
          Stage.configuration("")
              + """
              services:
                - name: web
                  address: "[2001:DB8:9:0::1]:80"
                  algorithm: least-loaded
                  targets: [ "[2001:db8:2::2]:80", { address: "[2001:db8:2::3]:80", drain: true } ]
              """);
      stage.ostiary.await(
          "to take the service", () -> !stage.ostiary.admin("/services").path("items").isEmpty());
      var listed = stage.ostiary.command("services").text();
      assertThat(listed)
          .containsSubsequence(
              "TCP [2001:db8:9::1]:80 (web): least-loaded, not checked; attempts 0",
              "-> [2001:db8:2::2]:80",
              "1/1",
              "100 %",
              "healthy",
              "-> [2001:db8:2::3]:80",
              "0/1",
              "draining");
      assertThat(stage.ostiary.command("services", "--json").text()).contains("\"least-loaded\"");
    }
  }
}
