package io.ostiary.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whoever comes as soon as the door is open is measured like everybody after him.
final class FirstCallIT {
  @TempDir Path folder;

  @Test
  void theFirstConnectionOfAllHasItsFacts() throws Exception {
    try (var stage = Stage.open("first", folder)) {
      stage.ostiary.close();
      var first =
          CompletableFuture.supplyAsync(() ->
              stage.hosts.client.run(
                  "sh",
                  "-c",
                  "for i in $(seq 3000); do curl -sif -m 5 http://"
                      + Hosts.GATEWAY
                      + ":8080/demo/orders && exit; sleep 0.005; done; exit 1"));
      stage.ostiary =
          Ostiary.start(
              stage.hosts.gateway, folder, List.of(), "--config", stage.config.toString());

      var output = first.join();
      var call = stage.recorded(new Stage.Answer(output.exit(), output.text()));

      assertThat(call.path("network").path("call").path("packetsIn").asLong()).isPositive();
      assertThat(call.path("upstreamNetwork").path("call").path("packetsIn").asLong()).isPositive();
      assertThat(
              call.path("explanation").path("notes").valueStream().map(note -> note.asString("")))
          .noneMatch(note -> note.startsWith("No kernel facts"));
    }
  }
}
