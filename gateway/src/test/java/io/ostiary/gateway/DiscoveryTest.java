package io.ostiary.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.gateway.testing.FakeUpstream;
import io.ostiary.model.Discovery;
import io.ostiary.model.UpstreamHealth;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Targets found by asking a name server, which is dnsmasq.
class DiscoveryTest {
  @TempDir Path folder;
  private int port;

  @BeforeEach
  void choosePort() {
    port = Kit.freePort();
  }

  private final class NameServer implements AutoCloseable {
    private final Process process;

    private NameServer(String... more) throws IOException {
      var command =
          new ArrayList<>(
              List.of(
                  "/usr/sbin/dnsmasq",
                  "--keep-in-foreground",
                  "--conf-file=/dev/null",
                  "--pid-file=",
                  "--user=" + System.getProperty("user.name"),
                  "--no-resolv",
                  "--no-hosts",
                  "--addn-hosts=" + hosts(),
                  "--port=" + port,
                  "--listen-address=127.0.0.1",
                  "--bind-interfaces",
                  "--local-ttl=1"));
      command.addAll(List.of(more));
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("dnsmasq.log").toFile())
              .start();
    }

    private void readAgain() throws IOException, InterruptedException {
      assertThat(new ProcessBuilder("kill", "-HUP", "" + process.pid()).start().waitFor()).isZero();
    }

    private void end() {
      process.destroyForcibly();
    }

    @Override
    public void close() {
      end();
    }
  }

  private Path hosts() {
    return folder.resolve("hosts");
  }

  private Discovery asking(String dns, int ofTargets, String srv) {
    return new Discovery(
        dns,
        ofTargets,
        srv,
        List.of(new Discovery.Server("127.0.0.1", port)),
        Duration.ofSeconds(1),
        Duration.ofSeconds(2));
  }

  private static List<String> targets(Kit kit) {
    return kit.gateway.upstreams().stream()
        .map(UpstreamHealth::target)
        .map(target -> target + " " + target.weight() + " " + target.priority())
        .sorted()
        .toList();
  }

  @Test
  void followsTheAddressesOfANameAndKeepsThemWhenNobodyAnswers() throws Exception {
    Files.writeString(hosts(), "127.0.0.1 orders.test\n127.0.0.2 orders.test\n");
    try (var upstream = FakeUpstream.echo();
        var server = new NameServer();
        var kit = new Kit(List.of())) {
      TimeUnit.MILLISECONDS.sleep(300);
      int at = upstream.port();
      kit.discovery = asking("orders.test", at, null);
      kit.publish();
      Kit.await(
          8,
          () ->
              targets(kit).equals(List.of("127.0.0.1:" + at + " 1 0", "127.0.0.2:" + at + " 1 0")));
      // The second one refuses connections; the first one answers.
      assertThat(kit.get("/a")).endsWith("/a");
      assertThat(kit.get("/b")).endsWith("/b");

      Files.writeString(hosts(), "127.0.0.1 orders.test\n");
      server.readAgain();
      Kit.await(8, () -> targets(kit).equals(List.of("127.0.0.1:" + at + " 1 0")));

      server.end();
      Kit.await(8, () -> kit.gateway.loads().getFirst().discovery().startsWith("not found: "));
      assertThat(targets(kit)).containsExactly("127.0.0.1:" + at + " 1 0");
      assertThat(kit.get("/c")).endsWith("/c");
      kit.publish();
      assertThat(kit.get("/d")).endsWith("/d");
    }
  }

  @Test
  void takesPortWeightAndPriorityFromServiceRecords() throws Exception {
    Files.writeString(hosts(), "127.0.0.1 one.test\n127.0.0.3 two.test\n127.0.0.4 two.test\n");
    try (var upstream = FakeUpstream.echo();
        var _ =
            new NameServer(
                "--srv-host=_http._tcp.orders.test,one.test," + upstream.port() + ",10,30",
                "--srv-host=_http._tcp.orders.test,two.test,81,20,0");
        var kit = new Kit(List.of())) {
      TimeUnit.MILLISECONDS.sleep(300);
      kit.discovery = asking(null, 0, "_http._tcp.orders.test");
      kit.publish();
      Kit.await(
          8,
          () ->
              targets(kit)
                  .equals(
                      List.of(
                          "127.0.0.1:" + upstream.port() + " 30 0",
                          "127.0.0.3:81 1 1",
                          "127.0.0.4:81 1 1")));
      for (int i = 0; i < 5; i++) {
        assertThat(kit.get("/" + i)).endsWith("/" + i);
      }
    }
  }

  @Test
  void saysSoWhenNothingWasEverFound() {
    try (var kit = new Kit(List.of())) {
      kit.discovery = asking("nowhere.test", 80, null);
      kit.publish();
      assertThat(kit.get("/")).startsWith("HTTP/1.1 503").contains("upstream-unreachable");
      assertThat(kit.gateway.loads().getFirst().discovery()).startsWith("not found: ");
    }
  }
}
