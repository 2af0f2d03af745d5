package io.ostiary.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

final class CompilerThreadsTest {
  @Test
  void standBackInAStartAndComeForward() throws Exception {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var process =
        new ProcessBuilder(
                java,
                "-XX:ThreadPriorityPolicy=1",
                "-XX:CompilerThreadPriority=12",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Probe.class.getName())
            .redirectErrorStream(true)
            .start();
    var said = new String(process.getInputStream().readAllBytes()).lines().toList();
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    Assumptions.assumeTrue(said.contains("before 12"), "needs CAP_SYS_NICE: " + said);
    assertThat(said).contains("after " + CompilerThreads.NICE).doesNotContain("after 12");
  }

  /// In a process of its own, since the priority is a flag of the JVM.
  static final class Probe {
    private Probe() {}

    public static void main(String[] arguments) throws Exception {
      say("before ");
      CompilerThreads.comeForward();
      say("after ");
    }

    private static void say(String when) throws Exception {
      for (var thread : CompilerThreads.all()) {
        System.out.println(when + CompilerThreads.nice(thread));
      }
    }
  }
}
