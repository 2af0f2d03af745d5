package io.ostiary.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The console in a real browser against the running distribution, while calls come in. What the
/// script of the web room sees and does is in `web/e2e/console.e2e.mjs`; its pictures stay in
/// `target/console`.
final class ConsoleIT {
  private static final Path WEB = Path.of("../web").toAbsolutePath().normalize();
  private static final Path BROWSER = Path.of("/usr/bin/chromium");

  /// 20 calls a second of several kinds, for at most three minutes.
  private static final String TRAFFIC =
      """
      for i in $(seq 900); do
        curl -s -o /dev/null -m 2 \
          "$1/demo/orders" "$1/demo/orders/3" "$1/demo/orders?limit=many" "$1/demo/nowhere"
        sleep 0.2
      done
      """;

  @TempDir Path folder;

  @Test
  void everyPageShowsWhatHappens() throws Exception {
    assumeTrue(Files.isExecutable(BROWSER), BROWSER + " is missing: apt-get install chromium");
    assumeTrue(
        Files.isDirectory(WEB.resolve("node_modules/playwright-core")),
        "web was left out of the build (-Dweb.skip): there is no console to look at");
    try (var stage = Stage.open("console", folder)) {
      var traffic =
          stage.hosts.client.start(
              folder.resolve("traffic.log"),
              List.of("sh", "-c", TRAFFIC, "sh", "http://" + Hosts.GATEWAY + ":8080"));
      try {
        var seen = look(stage.ostiary);
        assertThat(seen.exit()).as(seen.text()).isZero();
      } finally {
        traffic.destroy();
      }
    }
  }

  private static Host.Output look(Ostiary ostiary) {
    return ostiary.host.run(
        List.of(
            "node",
            WEB.resolve("e2e/console.e2e.mjs").toString(),
            "--base",
            "http://127.0.0.1:9080",
            "--token",
            ostiary.token(),
            "--api",
            "demo",
            "--shots",
            Path.of("target/console").toAbsolutePath().toString()));
  }
}
