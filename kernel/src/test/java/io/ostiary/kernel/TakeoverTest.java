package io.ostiary.kernel;

import static io.ostiary.kernel.KernelHosts.HTTP_4;
import static io.ostiary.kernel.KernelHosts.HTTP_6;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One process leaves its programs, the next takes them over, and packets come in all the while.
final class TakeoverTest {
  /// A BPF file system of the test's own: where one is mounted differs from machine to machine.
  @TempDir Path folder;

  private boolean mounted;
  private KernelHosts hosts;
  private Path pins;

  @BeforeEach
  void connect() throws Exception {
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    Tool.run("mount", "-t", "bpf", "ostiary-test", folder.toString());
    mounted = true;
    hosts = new KernelHosts();
    pins = folder.resolve("ostiary").resolve(hosts.gateway);
  }

  @AfterEach
  void disconnect() {
    if (hosts != null) {
      hosts.close();
      Kernel.forget(pins);
    }
    if (mounted) {
      Tool.run("umount", "-l", folder.toString());
    }
  }

  @Test
  void noPacketComesInUnjudgedAndCountersGoOn() throws Exception {
    var one = hosts.childWithPins(pins);
    assertThat(one.ask("rules gate deny;198.18.0.2/32;9")).startsWith("applied");
    // 1,500 packets over 1.5 s: some before, most in between, some after.
    try (var flood = hosts.clientSends(9, 1500, 1000)) {
      Thread.sleep(200);
      assertThat(one.ask("leave")).isEqualTo("left ");
      one.process().waitFor();
      assertThat(hosts.gatewayRuns("ip", "link", "show", "gate")).contains("xdp");
      assertThat(hosts.reachable(HTTP_4)).as("allowed").isTrue();

      var two = hosts.childWithPins(pins);
      assertThat(two.ask("rules gate deny;198.18.0.2/32;9")).startsWith("applied");
      assertThat(two.ask("status"))
          .contains("gate xdp-native [taken over from the process before: ")
          .contains("counters, totals, wires, flows, sources, sketches, buckets, proven go on");
      assertThat(pins).doesNotExist();
      flood.end();
      assertThat(two.counted("deny-rule")).isEqualTo(1500);

      two.signal("KILL");
      hosts.awaitReachable(HTTP_6, true, Duration.ofSeconds(3));
      hosts.awaitNoProgram();
    }
  }

  @Test
  void whatNobodyTakesOverIsTakenAwayByTheNextThatDoesNotNeedIt() throws Exception {
    var one = hosts.childWithPins(pins);
    assertThat(one.ask("rules gate deny;;8080")).startsWith("applied");
    assertThat(one.ask("leave")).isEqualTo("left ");
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    Kernel.forget(pins);
    hosts.awaitReachable(HTTP_4, true, Duration.ofSeconds(3));
    assertThat(pins).doesNotExist();
  }

  @Test
  void withoutAFileSystemForItTheProgramsEnd() throws Exception {
    var one = hosts.child();
    assertThat(one.ask("rules gate deny;;8080")).startsWith("applied");
    assertThat(one.ask("leave")).contains("mount -t bpf bpf /sys/fs/bpf");
    hosts.awaitReachable(HTTP_4, true, Duration.ofSeconds(3));
  }
}
