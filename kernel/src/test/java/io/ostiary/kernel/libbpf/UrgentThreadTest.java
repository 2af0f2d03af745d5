package io.ostiary.kernel.libbpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

final class UrgentThreadTest {
  private static final int PRIORITY = 39;
  private static final int POLICY = 40;

  /// Of this thread: real-time priority and policy, as proc(5) numbers them.
  private static String scheduled() throws Exception {
    var stat = Files.readString(Path.of("/proc/thread-self/stat"));
    // The name, the second field, may hold blanks.
    var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return fields[PRIORITY - 2] + " " + fields[POLICY - 2];
  }

  @Test
  void makesOnlyTheThreadThatAsksUrgent() throws Exception {
    var before = scheduled();
    var asked =
        new FutureTask<>(() -> {
          UrgentThread.become();
          return scheduled();
        });
    Thread.ofPlatform().start(asked);
    try {
      assertThat(asked.get()).as("priority 1, SCHED_FIFO").isEqualTo("1 1");
    } catch (java.util.concurrent.ExecutionException e) {
      Assumptions.abort("needs CAP_SYS_NICE: " + e.getCause());
    }
    assertThat(scheduled()).as("others").isEqualTo(before).isEqualTo("0 0");
  }
}
