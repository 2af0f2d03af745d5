package io.ostiary.kernel;

import static io.ostiary.kernel.KernelHosts.HTTP_4;
import static io.ostiary.kernel.KernelHosts.HTTP_6;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A flood of SYNs from invented sources against a real listener with a queue of five, and honest
/// clients beside it.
final class CookieWireTest {
  private static final String[] FLOOD = {
    "timeout", "20", "hping3", "-q", "-S", "-p", "8080", "--rand-source", "-i", "u200", "198.18.0.1"
  };

  private KernelHosts hosts;
  private Path folder;

  @BeforeEach
  void connect() throws Exception {
    for (var command : new String[] {"ip", "curl", "python3", "hping3", "clang", "tcpdump"}) {
      Assumptions.assumeTrue(
          Stream.of("/usr/bin", "/usr/sbin", "/sbin", "/bin")
              .anyMatch(at -> Files.isExecutable(Path.of(at, command))),
          command + ": not installed");
    }
    Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    folder = Files.createTempDirectory("ost-kernel");
    hosts = new KernelHosts();
    // Without a way back the kernel would not begin a handshake with an invented source.
    hosts.gatewayRuns("ip", "route", "add", "default", "via", "198.18.0.2");
  }

  @AfterEach
  void disconnect() throws Exception {
    if (hosts != null) {
      hosts.close();
    }
  }

  /// A program that lets everything pass. A veth pair takes what XDP sends back only with one at
  /// the other end.
  private String passing() throws Exception {
    var source = folder.resolve("pass.c");
    Files.writeString(
        source,
        "__attribute__((section(\"xdp\"), used)) int pass(void *p) { return 2; }\n"
            + "char LICENSE[] __attribute__((section(\"license\"), used)) = \"GPL\";\n");
    var object = folder.resolve("pass.o").toString();
    Tool.run("clang", "-O2", "-target", "bpf", "-c", source.toString(), "-o", object);
    return object;
  }

  private int answered(String url, int times) {
    int answered = 0;
    for (int i = 0; i < times; i++) {
      answered += hosts.reachable(url) ? 1 : 0;
    }
    return answered;
  }

  private static void await(KernelHosts.Child child, String text, Duration limit) throws Exception {
    long end = System.nanoTime() + limit.toNanos();
    var said = child.ask("flood");
    while (!said.contains(text) && System.nanoTime() < end) {
      Thread.sleep(50);
      said = child.ask("flood");
    }
    assertThat(said).contains(text);
  }

  @Test
  void honestClientsConnectDuringAFloodThatXdpAnswers() throws Exception {
    hosts.clientRuns("ip", "link", "set", "user", "xdpdrv", "obj", passing(), "sec", "xdp");
    var child = hosts.child();
    assertThat(child.ask("rules gate")).startsWith("applied");
    assertThat(child.ask("flood")).startsWith("OFF");
    var flood = hosts.clientStarts(FLOOD);
    await(child, "ANSWERING", Duration.ofSeconds(5));

    assertThat(answered(HTTP_4, 70) + answered(HTTP_6, 30)).isGreaterThanOrEqualTo(99);

    assertThat(child.counted("syn-cookie")).isGreaterThan(1000);
    assertThat(hosts.gatewayRuns("nstat", "-asz", "TcpExtSyncookiesRecv"))
        .containsPattern("SyncookiesRecv +[1-9]");
    // Nobody began these handshakes.
    hosts
        .clientStarts(
            "hping3",
            "-q",
            "-A",
            "-p",
            "8080",
            "--rand-source",
            "-c",
            "50",
            "-i",
            "u500",
            "198.18.0.1")
        .onExit()
        .orTimeout(10, TimeUnit.SECONDS)
        .join();
    assertThat(child.counted("cookie-invalid")).isPositive();
    assertThat(answers()).contains("Flags [S.]").contains("mss ").doesNotContain("incorrect");
    flood.destroy();
    await(child, "OFF", Duration.ofSeconds(15));
    assertThat(answered(HTTP_4, 1)).isEqualTo(1);
  }

  /// What tcpdump says of a few of them, checksums included.
  private String answers() {
    return hosts.clientRuns(
        "timeout",
        "5",
        "tcpdump",
        "-c",
        "10",
        "-n",
        "-vv",
        "-i",
        "user",
        "tcp src port 8080 and tcp[13] = 18");
  }

  @Test
  void honestClientsConnectDuringAFloodAnsweredAtTcx() throws Exception {
    hosts.gatewayRuns("ip", "link", "set", "gate", "xdpdrv", "obj", passing(), "sec", "xdp");
    var child = hosts.child();
    assertThat(child.ask("rules gate")).startsWith("applied");
    assertThat(child.ask("status")).contains("gate (tcx)");
    var flood = hosts.clientStarts(FLOOD);
    await(child, "ANSWERING", Duration.ofSeconds(5));
    assertThat(answered(HTTP_4, 30) + answered(HTTP_6, 20)).isEqualTo(50);
    assertThat(child.counted("syn-cookie")).isGreaterThan(100);
    flood.destroy();
  }

  @Test
  void leavesTheAnswersToTheKernelWhereTheyWouldBeLost() throws Exception {
    var child = hosts.child();
    assertThat(child.ask("rules gate")).startsWith("applied");
    var flood = hosts.clientStarts(FLOOD);
    await(child, "On gate only the kernel's own SYN cookies answer", Duration.ofSeconds(8));
    assertThat(answered(HTTP_4, 20)).isEqualTo(20);
    flood.destroy();
  }
}
