package io.ostiary.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// The closed loop: what a client does to the gateway decides what becomes of its packets.
final class BansIT {
  private static final String CALL = "/demo/orders";

  /// Needs a key, which nobody here sends.
  private static final String LOCKED = "/demo/orders/5";

  @TempDir static Path folder;
  private static Stage stage;

  @BeforeAll
  static void open() throws IOException {
    stage = Stage.open("bans", folder);
    configure("lasts: 10m", "");
  }

  @AfterAll
  static void close() {
    if (stage != null) {
      stage.close();
    }
  }

  @AfterEach
  void lift() {
    for (var ban : bans()) {
      stage.ostiary.command("unban", ban.path("source").asString("").replace("/32", ""));
    }
  }

  /// @param more at the end of the file
  private static void configure(String settings, String more) {
    long before = stage.ostiary.admin("/snapshot").path("version").asLong();
    stage.configure(
        Stage.configuration("")
                .replace(
                    "      - validate:",
                    "      - ban: { unauthorized: 5, " + settings + " }\n      - validate:")
            + more);
    stage.ostiary.await(
        "to take the file",
        () -> stage.ostiary.admin("/snapshot").path("version").asLong() > before);
  }

  private static Stage.Answer other(String path, String... more) {
    var options = new java.util.ArrayList<>(List.of(more));
    options.addAll(List.of("--interface", Hosts.OTHER_CLIENT, "--connect-timeout", "0.3"));
    return stage.call(path, options.toArray(String[]::new));
  }

  private static void floodWithoutKey(String... options) {
    for (int i = 0; i < 8; i++) {
      var all = new java.util.ArrayList<>(List.of(options));
      all.addAll(List.of("-X", "DELETE", "--max-time", "0.5"));
      other(LOCKED, all.toArray(String[]::new));
    }
  }

  private static List<JsonNode> bans() {
    return stage.ostiary.admin("/bans").path("items").valueStream().toList();
  }

  private static JsonNode theBan() {
    stage.ostiary.await("to record a ban", () -> !bans().isEmpty());
    return bans().getFirst();
  }

  private static long banned() {
    long packets = 0;
    for (var device : stage.ostiary.admin("/kernel").path("interfaces")) {
      for (var drop : device.path("counters").path("drops")) {
        if (drop.path("reason").asString("").equals("banned")) {
          packets += drop.path("packets").asLong();
        }
      }
    }
    return packets;
  }

  @Test
  void aFloodOf401IsRefusedInTheKernelAndServedAgainWhenLifted() {
    assertThat(other(CALL).status()).isEqualTo(200);
    floodWithoutKey();
    stage.ostiary.await("to refuse the flood", () -> other(CALL).exit() != 0);
    var ban = theBan();
    assertThat(ban.path("source").asString("")).isEqualTo(Hosts.OTHER_CLIENT + "/32");
    assertThat(ban.path("by").asString("")).isEqualTo("ban");
    assertThat(ban.path("place").asString("")).isEqualTo("kernel");
    assertThat(ban.path("reason").asString("")).contains("more than 5 calls answered with 401");
    assertThat(banned()).isPositive();
    assertThat(stage.call(CALL).status()).as("others are served").isEqualTo(200);

    // The evidence is there to be looked at.
    var evidence = ban.path("calls").path(0).asString("");
    stage.ostiary.await(
        "to explain the evidence",
        () -> stage.ostiary.command("explain", evidence).text().contains("401"));
    var listed = stage.ostiary.command("bans").text();
    assertThat(listed).contains(Hosts.OTHER_CLIENT, "by ban", "401", evidence);
    var audit = stage.ostiary.admin("/audit").path("items").toString();
    assertThat(audit).contains("ban-created").contains("policy ban");

    var longer = stage.ostiary.command("ban", Hosts.OTHER_CLIENT, "--for", "2h");
    assertThat(longer.exit()).as(longer.text()).isZero();
    assertThat(theBan().path("until").asString("")).isGreaterThan(ban.path("until").asString(""));
    assertThat(stage.ostiary.command("unban", Hosts.OTHER_CLIENT).exit()).isZero();
    stage.ostiary.await("to serve it again", () -> other(CALL).status() == 200);
  }

  @Test
  void anAddressWithHealthyConsumersIsLimited() {
    var made = stage.ostiary.command("key", "acme");
    var key = made.text().lines().filter(line -> line.startsWith("ost_")).findFirst().orElseThrow();
    for (int i = 0; i < 4; i++) {
      assertThat(other(LOCKED, "-X", "DELETE", "-H", "X-API-Key: " + key).status())
          .isBetween(200, 399);
    }
    floodWithoutKey();
    var ban = theBan();
    assertThat(ban.path("action").asString("")).isEqualTo("limit");
    assertThat(ban.path("callsPerSecond").asInt()).isEqualTo(5);
    assertThat(ban.path("reason").asString("")).contains("limited rather than banned");
    assertThat(stage.ostiary.command("bans").text()).contains("limited to 5 calls/s");
    stage.ostiary.await("to answer a slow client", () -> other(CALL).status() == 200);
  }

  @Test
  void aTrustedProxyIsNeverBannedButItsClientIs() {
    configure("lasts: 10m", "trusted-proxies: [ 203.0.113.0/24 ]\n");
    try {
      floodWithoutKey("-H", "X-Forwarded-For: 198.18.9.9");
      var ban = theBan();
      assertThat(ban.path("source").asString("")).isEqualTo("198.18.9.9/32");
      assertThat(ban.path("place").asString("")).isEqualTo("gateway");
      var refused = other(CALL, "-H", "X-Forwarded-For: 198.18.9.9");
      assertThat(refused.status()).as(refused.text()).isEqualTo(403);
      assertThat(refused.json().path("type").asString("")).endsWith(":banned");
      assertThat(other(CALL, "-H", "X-Forwarded-For: 198.18.9.8").status()).isEqualTo(200);

      floodWithoutKey();
      stage.ostiary.await(
          "to say that the proxy is spared",
          () -> stage.ostiary.admin("/audit").toString().contains("ban-spared"));
      assertThat(bans()).hasSize(1);
      assertThat(other(CALL).status()).isEqualTo(200);
      var asked = stage.ostiary.command("ban", Hosts.OTHER_CLIENT, "--reason", "a test");
      assertThat(asked.exit()).isEqualTo(1);
      assertThat(asked.text()).contains("trusted proxy").contains("never banned");
    } finally {
      configure("lasts: 10m", "");
    }
  }

  @Test
  void thisHostsOwnAddressesAreNeverBanned() {
    for (var block :
        List.of(Hosts.GATEWAY, Hosts.GATEWAY6, "198.18.1.0/24", "2001:db8:1::/48", "::1")) {
      var asked = stage.ostiary.command("ban", block, "--reason", "a slip");
      assertThat(asked.exit()).as(asked.text()).isEqualTo(1);
      assertThat(asked.text()).contains("never banned");
    }
    var why = stage.ostiary.command("ban", Hosts.GATEWAY6, "--reason", "a slip").text();
    assertThat(why)
        .contains("%1$s/128 holds %1$s, an address of this host".formatted(Hosts.GATEWAY6));
    assertThat(bans()).isEmpty();
  }

  @Test
  void theProxyProtocolNamesWhoIsBanned() {
    configure("lasts: 10m", "trusted-proxies: [ 203.0.113.0/24 ]\n");
    stage.configure(Files.exists(stage.config) ? withProxyProtocol() : Stage.configuration(""));
    try {
      stage.ostiary.await(
          "to expect the header", () -> other(CALL, "--haproxy-protocol").status() == 200);
      assertThat(other(CALL).exit()).as("a proxy without its header").isNotZero();
      assertThat(stage.ostiary.host.must("curl", "-sf", "http://127.0.0.1:9080/metrics"))
          .containsPattern("ostiary_proxy_refused_total [1-9]");
    } finally {
      configure("lasts: 10m", "");
    }
  }

  private static String withProxyProtocol() {
    try {
      return Files.readString(stage.config)
          .replace(
              "  - address: \"[::]:8080\"",
              "  - { address: \"[::]:8080\", proxy-protocol: trusted }");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void aBanEndsByItself() {
    configure("lasts: 2s, lasts-max: 2s", "");
    floodWithoutKey();
    assertThat(theBan().path("source").asString("")).startsWith(Hosts.OTHER_CLIENT);
    stage.ostiary.await("to let it end", Duration.ofSeconds(10), () -> other(CALL).status() == 200);
    configure("lasts: 10m", "");
  }

  @Test
  void aRestartKeepsBans() throws IOException {
    floodWithoutKey();
    theBan();
    stage.ostiary.close();
    stage.ostiary =
        Ostiary.start(stage.hosts.gateway, folder, List.of(), "--config", stage.config.toString());
    assertThat(other(CALL).exit()).as("still banned").isNotZero();
    assertThat(bans()).hasSize(1);
    assertThat(stage.call(CALL).status()).isEqualTo(200);
  }

  /// Says what was measured; the bound is for machines that are busy with other tests.
  @Test
  void theFirstPacketIsDroppedSoonAfterTheDecision() throws Exception {
    try (var hosts = new Hosts("banms")) {
      var log = folder.resolve("latency.log");
      var watcher =
          hosts.gateway.start(
              log,
              Stage.program(
                  io.ostiary.server.FirstDropProcess.class,
                  Hosts.GATEWAY,
                  Hosts.OTHER_CLIENT,
                  "100"));
      var sender =
          hosts.client.start(
              folder.resolve("sender.log"),
              Stage.program(PacketSender.class, Hosts.OTHER_CLIENT, Hosts.GATEWAY, "9", "20000"));
      try {
        assertThat(watcher.waitFor(40, TimeUnit.SECONDS)).as(Files.readString(log)).isTrue();
        assertThat(watcher.exitValue()).as(Files.readString(log)).isZero();
      } finally {
        watcher.destroyForcibly();
        sender.destroyForcibly();
      }
      var result = Files.readString(log).lines().toList().getLast();
      Files.readString(log)
          .lines()
          .filter(line -> line.contains(" us"))
          .forEach(System.out::println);
      var p99 = Long.parseLong(result.replaceAll(".*p99 (\\d+) us.*", "$1"));
      assertThat(p99).as(result).isLessThan(100_000);
    }
  }
}
