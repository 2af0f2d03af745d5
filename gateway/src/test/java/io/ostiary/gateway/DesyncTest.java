package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.GatewaySettings;
import io.ostiary.model.OutboundSettings;
import io.ostiary.model.Target;
import io.ostiary.model.observe.Observation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The judge of request smuggling, where it is at hand, against a gateway.
class DesyncTest {
  private static final Path JUDGE = Path.of("../../shared/conformance/desync.py");

  @Test
  void forwardsNothingThatTwoServersCouldReadDifferently() throws Exception {
    assumeTrue(Files.exists(JUDGE), "skipped: the judge ../shared/conformance is not there");
    assumeTrue(pythonRuns(), "skipped: python3 is not installed");
    int upstreamPort = Kit.freePort();
    try (var kit = new Kit(List.of(new Target("127.0.0.1", upstreamPort, 1)))) {
      kit.settings =
          new GatewaySettings(
              64 * 1024,
              100,
              1024 * 1024,
              Duration.ofSeconds(3),
              Duration.ofSeconds(3),
              Duration.ofSeconds(3),
              Duration.ZERO,
              Duration.ofSeconds(3),
              1000,
              List.of(),
              Observation.NONE,
              OutboundSettings.DEFAULT,
              List.of());
      kit.publish();
      var judge =
          new ProcessBuilder(
                  "python3",
                  JUDGE.toAbsolutePath().toString(),
                  "--proxy",
                  "127.0.0.1:" + kit.port,
                  "--backend-port",
                  "" + upstreamPort,
                  "--index",
                  JUDGE.resolveSibling("index_aws.tsv").toAbsolutePath().toString())
              .redirectErrorStream(true)
              .start();
      var report = new String(judge.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(judge.waitFor(120, TimeUnit.SECONDS)).isTrue();
      assertThat(judge.exitValue()).as(report).isZero();
    }
  }

  private static boolean pythonRuns() throws InterruptedException {
    try {
      return new ProcessBuilder("python3", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void proxiesACall() {
    try (var upstream = FakeUpstream.echo();
        var kit = new Kit(upstream).publish()) {
      assertThat(kit.get("/a?b=c")).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\n/a?b=c");
      assertThat(kit.ledger(1)).containsExactly("GET /a?b=c 200 NONE answered attempts=1");
    }
  }
}
