package io.ostiary.kernel;

import static io.ostiary.kernel.KernelHosts.HTTP_4;
import static io.ostiary.kernel.KernelHosts.HTTP_6;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What must not cut off the host: faults that [KernelWireTest] has not.
final class KernelFaultsTest {
  private static final Duration SOON = Duration.ofSeconds(3);
  private static final int SWAPS = 1000;

  private KernelHosts hosts;

  @BeforeEach
  void connect() throws Exception {
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    hosts = new KernelHosts();
  }

  @AfterEach
  void disconnect() {
    if (hosts != null) {
      hosts.close();
    }
  }

  @Test
  void losesNoPacketOfAnAllowedFlowByAThousandSwaps() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules gate deny;203.0.113.0/24;")).startsWith("applied");
    try (var receiver = hosts.gatewayCounts(9001);
        var sixth = hosts.gatewayCounts("2001:db8::1", 9001);
        var sending = hosts.clientSends(9001, 1 << 30, 2000);
        var sendingSix = hosts.clientSends("2001:db8::1", 9001, 1 << 30, 2000)) {
      assertThat(child.ask("swap " + SWAPS + " gate")).isEqualTo("swapped " + SWAPS);
      long sent = sending.stop();
      long sentSix = sendingSix.stop();
      assertThat(List.of(sent, sentSix)).allMatch(packets -> packets > 100);
      assertThat(receiver.received()).isEqualTo(sent);
      assertThat(sixth.received()).as("IPv6").isEqualTo(sentSix);
    }
    for (var reason : List.of("deny-rule", "banned", "limit-rule", "malformed")) {
      assertThat(child.counted(reason)).as(reason).isZero();
    }
    assertThat(hosts.reachable(HTTP_4)).isTrue();
  }

  @Test
  void leavesNothingBehindWhenTheKernelEndsItForItsMemory() throws Exception {
    var group = memoryGroup();
    try {
      // `ip netns exec` would hide the control groups behind a /sys of its own.
      var inGroup =
          List.of(
              "nsenter",
              "--net=/run/netns/" + hosts.gateway,
              "sh",
              "-c",
              "echo $$ >" + group.resolve("cgroup.procs") + " && exec \"$@\"",
              "sh");
      var child = hosts.child(inGroup);
      assertThat(child.ask("rules gate deny;;8080")).startsWith("applied");
      assertThat(hosts.reachable(HTTP_4)).isFalse();
      child.tell("hoard");
      assertThat(child.process().waitFor()).as("SIGKILL").isEqualTo(128 + 9);
      hosts.awaitReachable(HTTP_4, true, SOON);
      hosts.awaitReachable(HTTP_6, true, SOON);
      hosts.awaitNoProgram();
    } finally {
      Files.deleteIfExists(group);
    }
  }

  /// A control group with less memory than the process will want.
  private Path memoryGroup() throws IOException {
    long limit = 400L << 20;
    for (var root : List.of("/sys/fs/cgroup/memory", "/sys/fs/cgroup")) {
      var group = Path.of(root, hosts.gateway);
      try {
        Files.createDirectory(group);
        var file = root.endsWith("memory") ? "memory.limit_in_bytes" : "memory.max";
        Files.writeString(group.resolve(file), Long.toString(limit));
        return group;
      } catch (IOException e) {
        Files.deleteIfExists(group);
      }
    }
    Assumptions.abort("no control group with a memory limit can be made here");
    throw new IOException("aborted");
  }

  @Test
  void aBadRuleSetLeavesTheOneBeforeInForce() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules gate deny;198.18.0.2/32;8080")).startsWith("applied");
    var lengths = new StringBuilder("rules gate");
    for (int length = 32; length < 62; length++) {
      lengths.append(" deny;2001:db8::/%d;".formatted(length));
    }
    assertThat(child.ask(lengths.toString())).startsWith("refused kernel.rules: ").contains("IPv6");
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    assertThat(child.ask("rules gate,none0")).startsWith("refused kernel.interfaces: none0");
    assertThat(hosts.reachable(HTTP_6)).isTrue();
  }
}
