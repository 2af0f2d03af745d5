package io.ostiary.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a bad day brings: a kill, a missing privilege, a wrong file, a taken port.
final class FaultsIT {
  @TempDir Path folder;

  @Test
  void afterAKillTheHostIsAsBeforeAndNoOlderCallIsLost() throws Exception {
    try (var stage = Stage.open("kill", folder)) {
      var answers = new ArrayList<Stage.Answer>();
      for (int i = 0; i < 20; i++) {
        answers.add(stage.call("/demo/orders"));
      }
      Thread.sleep(1100);
      stage.configure(Stage.configuration("{ deny: { from: [ 203.0.113.0/24 ] } }"));
      stage.ostiary.await("to refuse", () -> !reaches(stage));
      stage.ostiary.kill();
      stage.ostiary.await(
          "to be gone from the kernel", Duration.ofSeconds(3), () -> reaches(stage));
      // Loopback and each device let go in turn.
      stage.ostiary.await(
          "to be gone from the device",
          Duration.ofSeconds(3),
          () ->
              !stage
                  .hosts
                  .gateway
                  .must("ip", "-d", "link", "show", Hosts.CLIENT_DEVICE)
                  .contains("xdp"));

      stage.configure(Stage.configuration(""));
      stage.ostiary =
          Ostiary.start(
              stage.hosts.gateway, folder, List.of(), "--config", stage.config.toString());
      for (var answer : answers) {
        assertThat(stage.recorded(answer).path("line").path("status").asInt()).isEqualTo(200);
      }
    }
  }

  @Test
  void afterAnOomKillTheHostIsAsBeforeAndTheNextStartRefusesAgain() throws Exception {
    try (var group = MemoryGroup.open("ostiary-oom-" + ProcessHandle.current().pid());
        var stage = Stage.open("oom", folder)) {
      stage.configure(
          Stage.configuration("{ deny: { from: [ 203.0.113.0/24 ] } }")
              .replace("interfaces: auto", "interfaces: auto\n  on-silence: closed"));
      stage.ostiary.await("to refuse", () -> !reaches(stage));
      assertThat(stage.ostiary.command("ban", "198.18.9.9", "--reason", "a test").exit()).isZero();
      group.exhaust(stage.ostiary.process);
      assertThat(stage.ostiary.process.waitFor(10, TimeUnit.SECONDS)).as("ended").isTrue();
      assertThat(stage.ostiary.process.exitValue()).as("SIGKILL").isEqualTo(128 + 9);
      stage.ostiary.await(
          "to be gone from the kernel, closed or not", Duration.ofSeconds(3), () -> reaches(stage));
      stage.ostiary =
          Ostiary.start(
              stage.hosts.gateway, folder, List.of(), "--config", stage.config.toString());
      stage.ostiary.await("to refuse again", () -> !reaches(stage));
      assertThat(stage.ostiary.command("bans").text()).contains("198.18.9.9/32");
      assertThat(stage.call("/demo/orders").status()).as("others are served").isEqualTo(200);
    }
  }

  @Test
  void rulesThatNobodyConfirmsAreRolledBack() throws Exception {
    try (var stage = Stage.open("trial", folder)) {
      var denied =
          Stage.configuration("{ deny: { from: [ 203.0.113.0/24 ] } }")
              .replace("interfaces: auto", "interfaces: auto\n  confirm: 5s");
      stage.configure(denied);
      stage.ostiary.await("to refuse", () -> !reaches(stage));
      assertThat(trial(stage)).isEqualTo("on-trial");
      stage.ostiary.await("to roll back", Duration.ofSeconds(15), () -> reaches(stage));
      assertThat(trial(stage)).isEqualTo("rolled-back");
      assertThat(Files.readString(stage.config)).isEqualTo(denied);

      assertThat(stage.ostiary.command("confirm", "--retry").text()).contains("on trial");
      stage.ostiary.await("to refuse again", () -> !reaches(stage));
      assertThat(stage.ostiary.command("confirm").text()).contains("of the file hold");
      assertThat(trial(stage)).isEqualTo("confirmed");
    }
  }

  private static String trial(Stage stage) {
    return stage.ostiary.admin("/rules/trial").path("state").asString("");
  }

  /// Whether packets of the denied client reach the gateway's host: an answer or a refused
  /// connection, not silence.
  private static boolean reaches(Stage stage) {
    var call =
        stage.call("/demo/orders", "--interface", Hosts.OTHER_CLIENT, "--connect-timeout", "0.3");
    return call.exit() == 0 || call.exit() == 7 && !timedOut(call);
  }

  private static boolean timedOut(Stage.Answer call) {
    return call.text().contains("timed out");
  }

  @Test
  void anOrdinaryUserGetsEverythingButPacketInsight() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    var before =
        List.of(
            "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs");
    try (var stage = Stage.open("user", folder, before)) {
      var answer = stage.call("/demo/orders/3/invoice");
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      var call = stage.recorded(answer);
      assertThat(call.path("network").isNull()).isTrue();
      assertThat(call.path("explanation").path("sentence").asString("")).contains("upstream");
      var kernel = stage.ostiary.admin("/kernel");
      assertThat(kernel.path("running").asBoolean()).isFalse();
      assertThat(kernel.path("sentence").asString("")).contains("CAP_BPF");
      assertThat(stage.ostiary.output()).contains("CAP_BPF");
    }
  }

  @Test
  void aWrongFileIsRefusedWithEveryFaultAndItsPlace() throws IOException {
    var file = folder.resolve("ostiary.yaml");
    Files.writeString(
        file,
        """
        listeners:
          - address: 0.0.0.0:70000
        apis:
          - name: shop
            openapi: missing.yaml
            path: /shop
            upstream: shops
            policies: [ { rate-limt: { requests: 1, per: 1m } } ]
        upstreams:
          - name: shop
            targets: [ "127.0.0.1:9001" ]
            colour: red
        """);
    var check = new Host("").run(Ostiary.java("check", file.toString()));
    assertThat(check.exit()).isEqualTo(1);
    assertThat(check.text())
        .contains("ostiary.yaml:2:")
        .contains("70000")
        .contains("missing.yaml")
        .contains("Did you mean 'shop'?")
        .contains("Did you mean 'rate-limit'?")
        .contains("ostiary.yaml:12:5")
        .doesNotContain("Exception");

    var run =
        new Host("")
            .run(
                Ostiary.java(
                    "run", "--config", file.toString(), "--data", folder.resolve("d").toString()));
    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.text()).contains("ostiary.yaml:2:").doesNotContain("Exception");
  }

  @Test
  void policiesThatDoNotFitTheirRoutesAreFoundByCheck() throws Exception {
    var file = folder.resolve("ostiary.yaml");
    Files.writeString(
        file,
        """
        apis:
          - name: shop
            path: /shop
            upstream: shop
            policies:
              - validate: { request: enforce }
            routes: [ { path: /a }, { path: /b } ]
        upstreams:
          - name: shop
            targets: [ "127.0.0.1:9001" ]
        """);
    var check = new Host("").run(Ostiary.java("check", file.toString()));
    assertThat(check.exit()).isEqualTo(1);
    assertThat(check.text()).contains("ostiary.yaml:6:").contains("document").contains("1 fault");
  }

  @Test
  void aTakenPortIsNamed() throws IOException {
    try (var socket = new java.net.ServerSocket(0)) {
      var file = folder.resolve("ostiary.yaml");
      Files.writeString(
          file,
          """
          listeners: [ { address: "0.0.0.0:%d" } ]
          apis: [ { name: any, path: /, upstream: any } ]
          upstreams: [ { name: any, targets: [ "127.0.0.1:9" ] } ]
          kernel: { interfaces: off }
          """
              .formatted(socket.getLocalPort()));
      var run =
          new Host("")
              .run(
                  Ostiary.java(
                      "run",
                      "--config",
                      file.toString(),
                      "--control",
                      "127.0.0.1:0",
                      "--data",
                      folder.resolve("d").toString()));
      assertThat(run.exit()).isEqualTo(1);
      assertThat(run.text())
          .contains("" + socket.getLocalPort())
          .contains("in use")
          .doesNotContain("Exception");
    }
  }

  @Test
  void aSecondProcessOnTheSameDataIsRefused() throws IOException {
    try (var stage = Stage.open("twice", folder)) {
      var second = stage.ostiary.command("run", "--config", stage.config.toString());
      assertThat(second.exit()).isEqualTo(1);
      assertThat(second.text()).contains("--data").contains("One is running on it");
    }
  }
}
