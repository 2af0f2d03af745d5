package io.ostiary.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The kernel chooses between the sockets of event loops, in a process and in the one after it.
final class LoopChoiceIT {
  private static final String CHOOSES = "go to the event loop with the least work (sk_reuseport)";

  @TempDir private Path folder;

  @Test
  void eachLoopHasASocketAndTheNextProcessTakesAllOfThem() throws Exception {
    try (var stage = Stage.open("loops", folder)) {
      stage.ostiary.close();
      stage.ostiary = start(stage, "--loops", "3");
      assertThat(stage.ostiary.output()).contains(CHOOSES);
      assertThat(sockets(stage)).isEqualTo(3);
      assertThat(program(stage)).contains("1 listeners between 3 event loops");
      callsAreAnswered(stage);

      var before = stage.ostiary;
      stage.ostiary = start(stage, "--loops", "2", "--take-over");
      assertThat(stage.ostiary.output()).contains(CHOOSES).doesNotContain("EBUSY");
      before.await("to have gone", () -> !before.process.isAlive());
      assertThat(sockets(stage)).isEqualTo(3);
      assertThat(program(stage)).contains("1 listeners between 2 event loops");
      callsAreAnswered(stage);
    }
  }

  private static Ostiary start(Stage stage, String... more) {
    var options = new java.util.ArrayList<>(List.of("--config", stage.config.toString()));
    options.addAll(List.of(more));
    var started =
        Ostiary.start(stage.hosts.gateway, stage.folder, List.of(), options.toArray(String[]::new));
    // The process before may have answered that it is ready.
    started.await("to have said all", () -> started.output().contains("sign in"));
    return started;
  }

  private static void callsAreAnswered(Stage stage) throws Exception {
    for (int i = 0; i < 12; i++) {
      assertThat(stage.call("/demo/orders").status()).isEqualTo(200);
    }
  }

  private static long sockets(Stage stage) {
    return stage.hosts.gateway.must("ss", "-Hltn", "sport = :8080").lines().count();
  }

  private static String program(Stage stage) {
    for (var program : stage.ostiary.admin("/kernel").path("programs")) {
      if (program.path("name").asString("").equals("least_loaded")) {
        return program.path("why").asString("");
      }
    }
    return "";
  }
}
