package io.ostiary.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.server.e2e.Stage.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Five ways of being slow, each really so on three hosts, and each to be blamed on the right one.
/// Packets are lost by a packet filter, to the packet: the first ones that match, and no others.
final class BlameIT {
  private static final String LOSS = "loss";

  @TempDir static Path folder;
  private static Stage stage;

  /// Where curl runs, and where the upstream's service does.
  private static Host user;

  private static Host service;
  private static Process serving;

  @BeforeAll
  static void open() throws IOException {
    var plugin = folder.resolve("plugin");
    var services = Files.createDirectories(plugin.resolve("META-INF/services"));
    Files.writeString(
        services.resolve("io.ostiary.gateway.spi.Policy"), SlowPolicy.class.getName());
    for (var type : List.of("SlowPolicy", "SlowPolicy$Settings", "SlowPolicy$Slow")) {
      var file = SlowPolicy.class.getPackageName().replace('.', '/') + "/" + type + ".class";
      Files.createDirectories(plugin.resolve(file).getParent());
      Files.copy(Path.of("target/test-classes").resolve(file), plugin.resolve(file));
    }
    var policies = Files.createDirectories(folder.resolve("data/policies"));
    var jar = policies.resolve("slow.jar").toString();
    int made =
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(System.out, System.err, "--create", "--file", jar, "-C", plugin.toString(), ".");
    assertThat(made).isZero();
    stage = Stage.open("blame", folder, CONFIGURATION, SlowService.class, List.of());
    user = behind(stage.hosts.client, "u", "198.18.4", "2001:db8:4");
    service = behind(stage.hosts.upstream, "s", "198.18.3", "2001:db8:3");
    var gateway = stage.hosts.gateway;
    gateway.must("ip", "route", "add", "198.18.3.0/24", "via", Hosts.UPSTREAM);
    gateway.must("ip", "route", "add", "198.18.4.0/24", "via", Hosts.CLIENT);
    gateway.must("ip", "-6", "route", "add", "2001:db8:4::/64", "via", "2001:db8:1::2");
    serving =
        service.start(
            folder.resolve("far.log"), Stage.program(SlowService.class, "198.18.3.2", "9081"));
    stage.ostiary.await("to reach the service", () -> call(Hosts.GATEWAY, "/b/quick") == 200);
    for (int i = 0; i < 5; i++) {
      // Class loading is no part of what is measured.
      assertThat(call(Hosts.GATEWAY, "/b/large")).isEqualTo(200);
      assertThat(call(Hosts.GATEWAY, "/p/quick")).isEqualTo(200);
    }
  }

  @AfterAll
  static void close() {
    if (serving != null) {
      serving.destroyForcibly();
    }
    for (var host : new Host[] {user, service}) {
      if (host != null) {
        new Host("").run("ip", "netns", "del", host.namespace());
      }
    }
    if (stage != null) {
      stage.close();
    }
  }

  /// A host that reaches the others through a router: what the router loses, its network has lost.
  private static Host behind(Host router, String name, String net4, String net6) {
    var machine = new Host("");
    var host = new Host(router.namespace() + "-" + name);
    machine.must("ip", "netns", "add", host.namespace());
    machine.must(
        "ip",
        "link",
        "add",
        "eth0",
        "netns",
        host.namespace(),
        "type",
        "veth",
        "peer",
        "name",
        "far",
        "netns",
        router.namespace());
    router.must("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
    address(router, "far", net4 + ".1/24", net6 + "::1/64");
    address(host, "eth0", net4 + ".2/24", net6 + "::2/64");
    host.must("ip", "route", "add", "default", "via", net4 + ".1");
    host.must("ip", "-6", "route", "add", "default", "via", net6 + "::1");
    // So that the router sees each segment, not aggregates of them.
    host.must("ip", "link", "set", "eth0", "gso_max_segs", "1");
    return host;
  }

  private static void address(Host host, String device, String four, String six) {
    host.must("ip", "address", "add", four, "dev", device);
    host.must("ip", "-6", "address", "add", six, "dev", device, "nodad");
    host.must("ip", "link", "set", device, "up");
  }

  @AfterEach
  void loseNothingMore() {
    for (var host : List.of(stage.hosts.client, stage.hosts.gateway, stage.hosts.upstream)) {
      host.run("nft", "delete table inet " + LOSS);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Hosts.GATEWAY, "[" + Hosts.GATEWAY6 + "]"})
  void blamesTheClientsNetworkThatLosesTheResponse(String address) {
    lose(stage.hosts.client, "forward", "tcp sport 8080 tcp flags & psh == psh", "0-1");

    var call = explained(address, "/b/quick");

    assertThat(slowest(call)).as(call.toString()).isEqualTo("client-network");
    assertThat(sentence(call))
        .as(call.toString())
        .contains("on the client's network: ")
        .contains("of the response")
        .contains("retransmit");
    assertThat(call.path("network").path("lastAckNanos").asLong()).isGreaterThan(150_000_000L);
    assertThat(kinds(call.path("network"))).contains("retransmit");
    assertThat(call.path("network").path("call").path("retransmitsOut").asLong()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {Hosts.GATEWAY, "[" + Hosts.GATEWAY6 + "]"})
  void blamesTheClientsNetworkThatLosesPartOfARequestOfAKeptConnection(String address)
      throws IOException {
    var body = folder.resolve("body");
    Files.write(body, new byte[13_000]);
    // The third segment of nine, and the same when it is sent again.
    lose(stage.hosts.client, "forward", "tcp dport 8080 meta length > 1400", "2, 9");
    var url = "http://" + address + ":8080/b/quick";

    // The second request of one connection is the one that suffers.
    var output =
        user.run(
            "curl",
            "-si",
            "-m",
            "10",
            url,
            "--next",
            "-si",
            "-m",
            "10",
            "-H",
            "Expect:",
            "--data-binary",
            "@" + body,
            url);

    var second = output.text().substring(output.text().lastIndexOf("HTTP/1.1 "));
    var call = stage.recorded(new Answer(output.exit(), second));
    assertThat(call.path("requestNumber").asInt()).as(output.text()).isEqualTo(2);
    assertThat(slowest(call)).as(call.toString()).isEqualTo("client-network");
    assertThat(sentence(call))
        .as(call.toString())
        .contains("of the request came behind one that was missing");
    assertThat(call.path("network").path("call").path("duplicatesIn").asLong()).isPositive();
    assertThat(kinds(call.path("network"))).contains("out-of-order");
  }

  @ParameterizedTest
  @ValueSource(strings = {Hosts.GATEWAY, "[" + Hosts.GATEWAY6 + "]"})
  void blamesTheKernelWhoseQueueNobodyEmpties(String address) throws Exception {
    long process = stage.ostiary.process.pid();
    stage.hosts.gateway.must("kill", "-STOP", "" + process);
    var calling = CompletableFuture.supplyAsync(() -> explained(address, "/b/quick"));
    Thread.sleep(700);
    stage.hosts.gateway.must("kill", "-CONT", "" + process);

    var call = calling.join();

    assertThat(slowest(call)).as(call.toString()).isEqualTo("kernel");
    assertThat(sentence(call))
        .as(call.toString())
        .contains("in the gateway's kernel")
        .contains("waited");
  }

  @Test
  void blamesTheKernelThatDropsPackets() {
    lose(stage.hosts.gateway, "input", "tcp dport 8080 tcp flags & psh == psh", "0-1");

    var call = explained(Hosts.GATEWAY, "/b/quick");

    assertThat(slowest(call)).as(call.toString()).isEqualTo("kernel");
    assertThat(sentence(call))
        .as(call.toString())
        .contains("the kernel dropped two packets (netfilter-drop)");
    assertThat(call.path("network").path("dropReason").asString("")).isEqualTo("netfilter-drop");
  }

  @Test
  void blamesTheGatewayWhosePolicyIsSlow() {
    var call = explained(Hosts.GATEWAY, "/p/quick");

    assertThat(slowest(call)).as(call.toString()).isEqualTo("gateway");
    assertThat(sentence(call)).as(call.toString()).contains("in the gateway: slow took");
  }

  @Test
  void blamesTheUpstreamsNetworkThatLosesTheRequest() {
    lose(stage.hosts.upstream, "forward", "tcp dport 9081 tcp flags & psh == psh", "0-1");

    var call = explained(Hosts.GATEWAY, "/b/quick");

    assertThat(call.path("attempts").path(0).path("reused").asBoolean()).isTrue();
    assertThat(slowest(call)).as(call.toString()).isEqualTo("upstream-network");
    assertThat(sentence(call))
        .as(call.toString())
        .contains("on the network to upstream slow")
        .contains("retransmit");
    assertThat(kinds(call.path("upstreamNetwork"))).contains("retransmit");
  }

  @Test
  void blamesTheUpstreamsNetworkThatLosesPartOfTheResponse() {
    // The third segment of nine, and the same when it is sent again.
    lose(stage.hosts.upstream, "forward", "tcp sport 9081 meta length > 1400", "2, 9");

    var call = explained(Hosts.GATEWAY, "/b/large");

    assertThat(slowest(call)).as(call.toString()).isEqualTo("upstream-network");
    assertThat(sentence(call))
        .as(call.toString())
        .contains("of the response came late or out of order");
    assertThat(call.path("upstreamNetwork").path("call").path("stalledNanos").asLong())
        .isGreaterThan(50_000_000L);
  }

  @Test
  void blamesTheUpstreamsNetworkWhereConnectingFails() {
    lose(stage.hosts.upstream, "forward", "tcp dport 9081 tcp flags & (syn | ack) == syn", "0");

    var call = explained(Hosts.GATEWAY, "/n/quick");

    assertThat(slowest(call)).as(call.toString()).isEqualTo("upstream-network");
    assertThat(sentence(call))
        .as(call.toString())
        .contains("connecting took 1.0 s, with one retransmit");
  }

  @Test
  void blamesTheUpstreamThatIsSlow() {
    var call = explained(Hosts.GATEWAY, "/b/slow");

    assertThat(slowest(call)).as(call.toString()).isEqualTo("upstream");
    assertThat(sentence(call))
        .as(call.toString())
        .contains("in upstream slow: it took")
        .contains("to answer");
    assertThat(call.path("upstreamNetwork").path("call").isObject()).isTrue();
  }

  /// @param which of the packets that match, counted from 0
  private static void lose(Host host, String hook, String packets, String which) {
    host.must("nft", "add table inet " + LOSS);
    host.must(
        "nft", "add chain inet " + LOSS + " it { type filter hook " + hook + " priority 0; }");
    host.must(
        "nft",
        "add rule inet %s it %s numgen inc mod 1000 { %s } drop".formatted(LOSS, packets, which));
  }

  private static int call(String address, String path) {
    var output = user.run("curl", "-si", "-m", "2", "http://" + address + ":8080" + path);
    return new Answer(output.exit(), output.text()).status();
  }

  private static JsonNode explained(String address, String path) {
    var output = user.run("curl", "-si", "-m", "10", "http://" + address + ":8080" + path);
    var answer = new Answer(output.exit(), output.text());
    assertThat(answer.status()).as(output.text()).isEqualTo(200);
    return stage.recorded(answer);
  }

  private static String slowest(JsonNode call) {
    return call.path("explanation").path("slowest").asString("");
  }

  private static String sentence(JsonNode call) {
    return call.path("explanation").path("sentence").asString("");
  }

  private static List<String> kinds(JsonNode network) {
    return network.path("events").valueStream().map(e -> e.path("kind").asString("")).toList();
  }

  private static final String CONFIGURATION =
      """
      listeners:
        - address: "[::]:8080"
      apis:
        - { name: blamed, path: /b, upstream: slow }
        - { name: policed, path: /p, upstream: slow, policies: [ slow ] }
        - { name: new, path: /n, upstream: fresh }
      upstreams:
        - name: slow
          targets: [ "198.18.3.2:9081" ]
        - name: fresh
          targets: [ "198.18.3.2:9081" ]
      kernel:
        interfaces: auto
      """;
}
