package io.ostiary.kernel;

import static io.ostiary.kernel.KernelHosts.HTTP_4;
import static io.ostiary.kernel.KernelHosts.HTTP_6;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Two hosts on a cable, a real server, real clients, and the kernel side in a process of its own
/// that is told, stopped and killed.
final class KernelWireTest {
  private static final Duration SOON = Duration.ofSeconds(3);

  private KernelHosts hosts;

  @BeforeEach
  void connect() throws Exception {
    for (var command : new String[] {"ip", "curl", "python3", "hping3", "bpftool", "clang"}) {
      Assumptions.assumeTrue(
          Stream.of("/usr/bin", "/usr/sbin", "/sbin", "/bin")
              .anyMatch(at -> Files.isExecutable(Path.of(at, command))),
          command + ": not installed");
    }
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    hosts = new KernelHosts();
  }

  @AfterEach
  void disconnect() throws Exception {
    if (hosts != null) {
      hosts.close();
    }
  }

  @Test
  void deniesAndBansWithinAHundredMillisecondsAndLetsGo() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules gate")).startsWith("applied");
    assertThat(child.ask("status"))
        .contains("Watching gate (xdp-native)")
        .contains("libbpf 1.")
        .contains("gate veth MTU 1500 queues 1/1");
    assertThat(hosts.reachable(HTTP_4)).isTrue();

    var applied = child.ask("rules gate deny;198.18.0.2/32;8080");
    assertThat(micros(applied)).as(applied).isLessThan(500_000);
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    assertThat(hosts.reachable(HTTP_6)).isTrue();
    assertThat(child.counted("deny-rule")).isPositive();

    assertThat(child.ask("rules gate deny;2001:db8::/64;")).startsWith("applied");
    assertThat(hosts.reachable(HTTP_6)).isFalse();
    assertThat(hosts.reachable(HTTP_4)).isTrue();

    assertThat(child.ask("rules gate ban;198.18.0.2/32")).startsWith("applied");
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    assertThat(child.counted("banned")).isPositive();

    assertThat(child.ask("rules gate deny;;8080 dry")).startsWith("applied");
    assertThat(hosts.reachable(HTTP_4)).isTrue();
    assertThat(child.ask("status")).contains("would have dropped").contains("Dry run");

    assertThat(child.ask("rules gate")).startsWith("applied");
    assertThat(hosts.reachable(HTTP_4)).isTrue();
    assertThat(hosts.reachable(HTTP_6)).isTrue();
  }

  private static long micros(String applied) {
    return Long.parseLong(applied.replaceAll("\\D", ""));
  }

  @Test
  void limitsAFloodAndNotTheOthers() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules gate limit;198.18.0.0/24;9;100")).startsWith("applied");
    long start = System.nanoTime();
    hosts.clientRuns("hping3", "-q", "-2", "-p", "9", "-c", "5000", "-i", "u50", "198.18.0.1");
    double seconds = (System.nanoTime() - start) / 1e9;
    long dropped = child.counted("limit-rule");
    assertThat(5000 - dropped).isBetween(10L, (long) (20 + 110 * seconds));
    assertThat(hosts.reachable(HTTP_4)).isTrue();
  }

  @Test
  void leavesNothingBehindWhenKilled() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules gate deny;;8080")).startsWith("applied");
    assertThat(hosts.gatewayRuns("ip", "link", "show", "gate")).contains("xdp");
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    child.signal("KILL");
    hosts.awaitReachable(HTTP_4, true, SOON);
    hosts.awaitNoProgram();
  }

  @Test
  void failsOpenWhenItHangsAndComesBack() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules gate deny;;8080")).startsWith("applied");
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    child.signal("STOP");
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    hosts.awaitReachable(HTTP_4, true, Duration.ofSeconds(6));
    child.signal("CONT");
    hosts.awaitReachable(HTTP_4, false, SOON);
  }

  @Test
  void failsClosedWhereTheRulesSaySo() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules gate closed manage;2001:db8::2/128")).startsWith("applied");
    assertThat(hosts.reachable(HTTP_4)).isTrue();
    child.signal("STOP");
    hosts.awaitReachable(HTTP_4, false, Duration.ofSeconds(6));
    assertThat(hosts.reachable(HTTP_6)).as("management").isTrue();
    child.signal("CONT");
    hosts.awaitReachable(HTTP_4, true, SOON);
    assertThat(child.counted("silence")).isPositive();
  }

  @Test
  void keepsTheRulesWhereItIsToldTo() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules gate keep deny;198.18.0.2/32;8080")).startsWith("applied");
    child.signal("STOP");
    Thread.sleep(Duration.ofMillis(3600));
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    assertThat(hosts.reachable(HTTP_6)).isTrue();
  }

  @Test
  void neverDisplacesAnotherProgram() throws Exception {
    var foreign = Files.createTempDirectory("ost-kernel");
    Files.writeString(
        foreign.resolve("pass.c"),
        "__attribute__((section(\"xdp\"), used)) int pass(void *p) { return 2; }\n"
            + "char LICENSE[] __attribute__((section(\"license\"), used)) = \"GPL\";\n");
    var object = foreign.resolve("pass.o").toString();
    Tool.run(
        "clang", "-O2", "-target", "bpf", "-c", foreign.resolve("pass.c").toString(), "-o", object);
    hosts.gatewayRuns("ip", "link", "set", "gate", "xdpdrv", "obj", object, "sec", "xdp");
    var before =
        hosts
            .gatewayRuns("ip", "-d", "link", "show", "gate")
            .replaceAll("(?s).*prog/xdp (id \\d+).*", "$1");

    var child = hosts.child();
    assertThat(child.ask("rules gate deny;;8080")).startsWith("applied");
    assertThat(child.ask("status"))
        .contains("gate (tcx)")
        .contains("another XDP program is attached")
        .contains("pass (id " + before.substring(3) + ", xdp-native)");
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    assertThat(child.counted("deny-rule")).isPositive();
    assertThat(hosts.gatewayRuns("ip", "-d", "link", "show", "gate")).contains("xdp " + before);
  }

  @Test
  void twoProcessesEnforceBoth() throws Exception {
    var one = hosts.child();
    var two = hosts.child();
    assertThat(one.ask("rules gate deny;198.18.0.2/32;8080")).startsWith("applied");
    assertThat(two.ask("rules gate deny;2001:db8::2/128;8080")).startsWith("applied");
    assertThat(one.ask("status")).contains("gate (xdp-native)");
    assertThat(two.ask("status")).contains("gate (tcx)");
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    assertThat(hosts.reachable(HTTP_6)).isFalse();
    one.signal("KILL");
    hosts.awaitReachable(HTTP_4, true, SOON);
    assertThat(hosts.reachable(HTTP_6)).isFalse();
  }

  @Test
  void followsInterfacesThatComeAndGo() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules gate,gone0"))
        .contains("kernel.interfaces: gone0 (expected: an interface of this host");
    assertThat(child.ask("rules gate deny;;8080")).startsWith("applied");
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    hosts.gatewayRuns("ip", "link", "del", "gate");
    await(child, "Not there: gate");
    hosts.cable();
    await(child, "Watching gate (xdp-native)");
    assertThat(hosts.reachable(HTTP_4)).isFalse();
    assertThat(child.counted("deny-rule")).isPositive();
  }

  private static void await(KernelHosts.Child child, String text) throws Exception {
    long end = System.nanoTime() + SOON.toNanos();
    var status = child.ask("status");
    while (!status.contains(text) && System.nanoTime() < end) {
      Thread.sleep(50);
      status = child.ask("status");
    }
    assertThat(status).contains(text);
  }

  @Test
  void saysInTheKernelsWordsWhyNotNative() throws Exception {
    hosts.gatewayRuns("ip", "link", "add", "plain", "type", "bridge");
    hosts.gatewayRuns("ip", "link", "set", "plain", "up");
    var child = hosts.child();
    assertThat(child.ask("rules plain")).startsWith("applied");
    assertThat(child.ask("status"))
        .contains("plain xdp-generic")
        .containsIgnoringCase("native refused: cannot attach shield_xdp: EOPNOTSUPP (")
        .containsIgnoringCase("driver");
  }

  @Test
  void watchesLoopbackAtTcxWithoutHurtingIt() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules auto deny;127.0.0.9/32;")).startsWith("applied");
    assertThat(child.ask("status")).contains("lo (tcx)").contains("gate (xdp-native)");
    hosts.gatewayRuns("curl", "-sS", "-o", "/dev/null", "-m", "2", "http://127.0.0.1:8080/");
  }

  /// Both have an address, as a port has at least by itself; each packet came by both, and a limit
  /// let nearly none through.
  @Test
  void judgesOnceWhatComesThroughAPortAndItsBridge() throws Exception {
    hosts.gatewayRuns("ip", "link", "add", "bridge", "type", "bridge");
    hosts.gatewayRuns("ip", "link", "set", "gate", "master", "bridge");
    hosts.gatewayRuns("ip", "address", "del", "198.18.0.1/24", "dev", "gate");
    hosts.gatewayRuns("ip", "address", "add", "198.18.0.1/24", "dev", "bridge");
    hosts.gatewayRuns("ip", "link", "set", "bridge", "up");
    hosts.awaitReachable(HTTP_4, true, SOON);
    var child = hosts.child();
    assertThat(child.ask("rules auto limit;198.18.0.0/24;9;1000")).startsWith("applied");
    await(child, "bridge (xdp-generic)");
    assertThat(child.ask("status")).contains("gate off [judged on bridge, as a port of it]");
    long start = System.nanoTime();
    hosts.clientRuns("hping3", "-q", "-2", "-p", "9", "-c", "5000", "-i", "u50", "198.18.0.1");
    double seconds = (System.nanoTime() - start) / 1e9;
    long dropped =
        Pattern.compile("limit-rule=(\\d+)")
            .matcher(child.ask("status"))
            .results()
            .mapToLong(found -> Long.parseLong(found.group(1)))
            .sum();
    // It takes a quarter of a second to send them, at least.
    assertThat(5000 - dropped).isBetween(300L, (long) (200 + 1100 * seconds));

    hosts.gatewayRuns("ip", "link", "del", "bridge");
    await(child, "gate (xdp-native)");
  }

  @Test
  void staysAttachedWhereAnInterfaceGetsAnotherName() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules auto deny;;8080")).startsWith("applied");
    var program = hosts.gatewayRuns("ip", "link", "show", "gate").replaceAll("(?s).*prog/", "");
    assertThat(child.ask("status")).contains("gate (xdp-native)");
    hosts.gatewayRuns("ip", "link", "set", "gate", "down");
    hosts.gatewayRuns("ip", "link", "set", "gate", "name", "lan0");
    hosts.gatewayRuns("ip", "link", "set", "lan0", "up");
    await(child, "lan0 (xdp-native)");
    assertThat(hosts.gatewayRuns("ip", "link", "show", "lan0").replaceAll("(?s).*prog/", ""))
        .isEqualTo(program);
    assertThat(hosts.reachable(HTTP_4)).isFalse();
  }

  @Test
  void saysWhatItCannotRead() throws Exception {
    hosts.gatewayStarts(
        "python3",
        "-c",
        "import fcntl, struct, time\n"
            + "tun = open('/dev/net/tun', 'r+b', buffering=0)\n"
            + "fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH', b'tun0', 0x1001))\n"
            + "time.sleep(60)\n");
    Thread.sleep(500);
    hosts.gatewayRuns("ip", "address", "add", "198.18.1.1/24", "dev", "tun0");
    hosts.gatewayRuns("ip", "link", "set", "tun0", "up");
    var child = hosts.child();
    assertThat(child.ask("rules auto deny;;8080")).startsWith("applied");
    assertThat(child.ask("status"))
        .contains("gate (xdp-native)")
        .contains(
            "Not watched: tun0 (its frames have no Ethernet header, which the programs read)");
    assertThat(hosts.reachable(HTTP_4)).isFalse();
  }
}
