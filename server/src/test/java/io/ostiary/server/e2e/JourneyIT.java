package io.ostiary.server.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// A packet arrives and becomes an explained call: curl on one host, Ostiary on the second, an
/// order service on the third, joined by veth.
@TestMethodOrder(MethodOrderer.MethodName.class)
final class JourneyIT {
  @TempDir static Path folder;
  private static Stage stage;

  /// The only call of which it is certain that the gateway had no upstream connection for it yet.
  private static Stage.Answer first;

  @BeforeAll
  static void open() throws IOException {
    stage = Stage.open("journey", folder);
    first = stage.call("/demo/orders/3/invoice");
  }

  @AfterAll
  static void close() {
    if (stage != null) {
      stage.close();
    }
  }

  @Test
  void explainsACallFromItsFirstSynToItsLastByte() {
    assertThat(first.status()).as(first.text()).isEqualTo(200);
    assertThat(first.body()).startsWith("Invoice 3");
    var call = stage.recorded(first);

    var network = call.path("network");
    assertThat(network.path("interfaceName").asString("")).isEqualTo(Hosts.CLIENT_DEVICE);
    assertThat(network.path("verdict").asString("")).contains("passed").contains("xdp-native");
    assertThat(network.path("synNanos").asLong()).isNegative();
    assertThat(network.path("establishedNanos").asLong())
        .isBetween(network.path("synNanos").asLong(), 0L);
    assertThat(network.path("connection").path("packetsIn").asLong()).isPositive();
    assertThat(network.path("connection").path("bytesIn").asLong()).isGreaterThan(80);
    assertThat(network.path("roundTrip").path("smoothedMicros").asLong()).isPositive();
    var upstream = call.path("upstreamNetwork");
    assertThat(upstream.path("connection").path("bytesIn").asLong()).isPositive();

    var explanation = call.path("explanation");
    assertThat(explanation.path("slowest").asString("")).isEqualTo("upstream");
    assertThat(explanation.path("sentence").asString("")).contains("upstream");
    assertThat(bars(explanation)).contains("handshake", "validate", "connect");
  }

  @Test
  void theCommandLinePrintsTheSameStory() {
    var answer = stage.call("/demo/orders/4/invoice");
    var call = stage.recorded(answer);
    var printed = stage.ostiary.command("explain", answer.call());
    assertThat(printed.exit()).as(printed.text()).isZero();
    assertThat(printed.text())
        .contains(call.path("explanation").path("sentence").asString("?"))
        .contains("handshake")
        .contains("validate")
        .contains(Hosts.CLIENT_DEVICE);
    var unknown = stage.ostiary.command("explain", "0000000000001");
    assertThat(unknown.exit()).isEqualTo(1);
    assertThat(unknown.text()).contains("0000000000001");
  }

  @Test
  void whatBreaksTheContractNeverReachesTheUpstream() {
    var answer =
        stage.call(
            "/demo/orders",
            "-H",
            "Content-Type: application/json",
            "-d",
            "{\"items\":[{\"product\":\"tea-green\",\"quantity\":0}],\"colour\":\"red\"}");
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
    assertThat(pointers(answer.json()))
        .anyMatch(pointer -> pointer.equals("/items/0/quantity"))
        .anyMatch(pointer -> pointer.contains("customer"))
        .anyMatch(pointer -> pointer.contains("colour"));
    assertThat(stage.call("/demo/orders?limit=many").status()).isEqualTo(400);
    assertThat(stage.call("/demo/orders?colour=red").status()).isEqualTo(400);
    var call = stage.recorded(answer);
    assertThat(call.path("attempts").isEmpty()).isTrue();
    assertThat(call.path("line").path("blame").asString("")).isEqualTo("policy");
    assertThat(call.path("line").path("reason").asString("")).isEqualTo("validate");
  }

  @Test
  void keysLimitsAndAddressesAreChecked() {
    assertThat(stage.call("/demo/orders/5", "-X", "DELETE").status()).isEqualTo(401);
    var made = stage.ostiary.command("key", "acme");
    assertThat(made.exit()).as(made.text()).isZero();
    var key = made.text().lines().filter(line -> line.startsWith("ost_")).findFirst().orElseThrow();
    var cancelled = stage.call("/demo/orders/5", "-X", "DELETE", "-H", "X-API-Key: " + key);
    assertThat(cancelled.status()).as(cancelled.text()).isEqualTo(204);
    assertThat(stage.recorded(cancelled).path("line").path("consumerName").asString(""))
        .isEqualTo("acme");
    assertThat(stage.call("/demo/orders/5", "-X", "DELETE", "-H", "X-API-Key: ost_x").status())
        .isEqualTo(401);

    var limited = stage.call("/demo/products");
    assertThat(limited.header("RateLimit")).isNotEmpty();
    for (int i = 0; i < 5 && limited.status() == 200; i++) {
      limited = stage.call("/demo/products");
    }
    assertThat(limited.status()).as(limited.text()).isEqualTo(429);
    assertThat(Integer.parseInt(limited.header("Retry-After"))).isBetween(1, 60);

    var denied = stage.call("/demo/orders/3/invoice", "--interface", Hosts.OTHER_CLIENT);
    assertThat(denied.status()).as(denied.text()).isEqualTo(403);
  }

  @Test
  void aDenyRuleIsEnforcedInTheKernelWhileTrafficRuns() {
    assertThat(other().status()).isEqualTo(200);
    stage.configure(Stage.configuration("{ deny: { from: [ 203.0.113.0/24 ] } }"));
    long written = System.nanoTime();
    stage.ostiary.await("to refuse", Duration.ofSeconds(5), () -> other().exit() != 0);
    var took = Duration.ofNanos(System.nanoTime() - written);
    assertThat(drops()).as("drops by deny rules, refused after %s", took).isPositive();
    assertThat(stage.call("/demo/orders").status()).isEqualTo(200);

    stage.configure(Stage.configuration(""));
    stage.ostiary.await("to let in again", Duration.ofSeconds(5), () -> other().status() == 200);
  }

  /// The best of three: on a busy machine every part of it may be kept waiting.
  @Test
  void aDenyRuleIsInForceWithin100Milliseconds() throws Exception {
    long best = Long.MAX_VALUE;
    for (int i = 0; i < 3 && best > 100; i++) {
      best = Math.min(best, millisUntilRefused());
      stage.configure(Stage.configuration(""));
      stage.ostiary.await("to let in again", () -> other().status() == 200);
    }
    assertThat(best).as("ms from writing the file to the last connection").isLessThan(100);
  }

  private static long millisUntilRefused() throws Exception {
    var log = folder.resolve("knocks-" + System.nanoTime());
    var knocker = stage.hosts.client.start(log, Stage.knocker(Hosts.OTHER_CLIENT, 4000));
    stage.ostiary.await("to be knocked at", () -> knocks(log).size() > 20);
    long written = System.currentTimeMillis();
    stage.configure(Stage.configuration("{ deny: { from: [ 203.0.113.0/24 ] } }"));
    assertThat(knocker.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return knocks(log).getLast() - written;
  }

  private static List<Long> knocks(Path log) {
    try {
      return Files.readAllLines(log).stream()
          .filter(line -> line.length() == 13)
          .map(Long::valueOf)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stage.Answer other() {
    return stage.call(
        "/demo/orders", "--interface", Hosts.OTHER_CLIENT, "--connect-timeout", "0.2");
  }

  private static long drops() {
    long packets = 0;
    for (var device : stage.ostiary.admin("/kernel").path("interfaces")) {
      for (var drop : device.path("counters").path("drops")) {
        if (drop.path("reason").asString("").equals("deny-rule")) {
          packets += drop.path("packets").asLong();
        }
      }
    }
    return packets;
  }

  @Test
  void aTypoIsReportedWithItsPlaceAndNothingChanges() {
    stage.configure(Stage.configuration("").replace("rate-limit:", "rate-limt:"));
    stage.ostiary.await("to refuse the file", () -> state().equals("refused"));
    var fault = stage.ostiary.admin("/snapshot").path("configuration").path("faults").path(0);
    assertThat(fault.path("message").asString(""))
        .contains("rate-limt")
        .contains("Did you mean 'rate-limit'?");
    assertThat(fault.path("line").asInt()).isEqualTo(15);
    assertThat(stage.ostiary.output()).contains("ostiary.yaml:15:");
    assertThat(stage.call("/demo/orders").status()).isEqualTo(200);
    stage.configure(Stage.configuration(""));
    stage.ostiary.await("to take the repaired file", () -> state().equals("in-force"));
  }

  private static String state() {
    return stage.ostiary.admin("/snapshot").path("configuration").path("state").asString("");
  }

  @Test
  void aBanIsEnforcedAndLifted() {
    var banned =
        stage.ostiary.command(
            "ban", Hosts.OTHER_CLIENT, "--for", "10m", "--reason", "a test of bans");
    assertThat(banned.exit()).as(banned.text()).isZero();
    stage.ostiary.await("to enforce the ban", () -> other().exit() != 0);
    assertThat(stage.ostiary.command("bans").text())
        .contains(Hosts.OTHER_CLIENT)
        .contains("a test of bans");
    assertThat(stage.ostiary.command("unban", Hosts.OTHER_CLIENT).exit()).isZero();
    stage.ostiary.await("to lift the ban", () -> other().status() == 200);
  }

  @Test
  void ipv6IsSeenLikeIpv4() {
    var output =
        stage.hosts.client.run(
            "curl", "-si", "-m", "5", "http://[" + Hosts.GATEWAY6 + "]:8080/demo/orders");
    var answer = new Stage.Answer(output.exit(), output.text());
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    var network = stage.recorded(answer).path("network");
    assertThat(network.path("interfaceName").asString("")).isEqualTo(Hosts.CLIENT_DEVICE);
    assertThat(network.path("connection").path("packetsIn").asLong()).isPositive();
  }

  @Test
  void topShowsWhatHappens() {
    stage.call("/demo/orders");
    var top = stage.ostiary.command("top", "--once");
    assertThat(top.exit()).as(top.text()).isZero();
    assertThat(top.text()).contains("calls/s").contains("packets/s");
  }

  private static List<String> bars(JsonNode explanation) {
    return explanation
        .path("lanes")
        .valueStream()
        .flatMap(lane -> lane.path("bars").valueStream())
        .map(bar -> bar.path("name").asString(""))
        .toList();
  }

  private static List<String> pointers(JsonNode problem) {
    return problem
        .path("faults")
        .valueStream()
        .map(fault -> fault.path("pointer").asString("") + " " + fault.path("message").asString(""))
        .map(String::strip)
        .map(text -> text.startsWith("/items/0/quantity") ? "/items/0/quantity" : text)
        .toList();
  }
}
