package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class UpgradeTest {
  private static final String MAIN = "io.ostiary.server.Main";

  @Test
  void theLauncherIsAskedSoThatANewerBuildRuns() {
    var own = List.of("java", "-Xmx256m", "-cp", "old/lib/*", MAIN, "run", "--data", "/d");

    assertThat(Upgrade.command(own, "/opt/ostiary"))
        .containsExactly("/opt/ostiary/ostiary", "run", "--data", "/d", "--take-over");
  }

  @Test
  void withoutALauncherTheSameCommandLineRuns() {
    var own = List.of("java", "-cp", "lib/*", MAIN, "run", "--take-over");

    assertThat(Upgrade.command(own, null)).isEqualTo(own);
  }

  @Test
  void saysWhatItCannotRead() {
    assertThatThrownBy(() -> Upgrade.command(List.of("jshell"), null))
        .hasMessageContaining("jshell")
        .hasMessageContaining("expected");
  }
}
