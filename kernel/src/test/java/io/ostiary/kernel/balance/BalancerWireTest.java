package io.ostiary.kernel.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.Tool;
import io.ostiary.model.Service;
import io.ostiary.model.Service.Algorithm;
import io.ostiary.model.Service.Protocol;
import io.ostiary.model.ServiceView.State;
import io.ostiary.model.ServiceView.Status;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Real connections from a client through a balancer to three targets and back.
final class BalancerWireTest {
  private static final Service.Check CHECK =
      new Service.Check("/", 0, Duration.ofMillis(100), Duration.ofMillis(300), 2, 2);

  private BalanceHosts hosts;
  private Balancer balancer;
  private Path group;

  @BeforeEach
  void connect() throws Exception {
    hosts = new BalanceHosts();
    group = Files.createDirectory(BalanceHosts.cgroups().resolve(hosts.prefix));
    balancer =
        hosts.inBalancer(() ->
            new Balancer(
                BalancerWireTest::interfaces, Thread.ofPlatform().daemon().factory(), group));
  }

  @AfterEach
  void disconnect() throws Exception {
    if (balancer != null) {
      balancer.close();
    }
    if (hosts != null) {
      hosts.close();
      Files.deleteIfExists(group);
    }
  }

  private static Set<Integer> interfaces() {
    try {
      return NetworkInterface.networkInterfaces()
          .map(NetworkInterface::getIndex)
          .filter(index -> index != 1)
          .collect(Collectors.toSet());
    } catch (java.net.SocketException e) {
      throw new AssertionError(e);
    }
  }

  private static Service service(
      String address,
      Algorithm algorithm,
      Service.@Nullable Check check,
      Service.Target... targets) {
    return new Service(
        "web" + (address.contains(":") ? "6" : "4"),
        address,
        80,
        Protocol.TCP,
        algorithm,
        List.of(targets),
        check,
        Duration.ZERO);
  }

  private static Service.Target target(int number, int weight, boolean drain) {
    return new Service.Target(BalanceHosts.target4(number), 8000, weight, drain);
  }

  private static Service.Target target6(int number) {
    return new Service.Target(BalanceHosts.target6(number), 8000, 1, false);
  }

  /// Of the family of a service.
  private static Service.Target target(String service, int number, int weight, boolean drain) {
    boolean six = service.contains(":");
    var address = six ? BalanceHosts.target6(number) : BalanceHosts.target4(number);
    return new Service.Target(address, 8000, weight, drain);
  }

  private void apply(Service... services) throws Exception {
    assertThat(hosts.inBalancer(() -> balancer.apply(List.of(services), List.of()))).isEmpty();
  }

  /// The first targets, with these weights.
  private void applyLeastLoaded(String address, int... weights) throws Exception {
    var targets =
        IntStream.range(0, weights.length)
            .mapToObj(i -> target(address, i + 1, weights[i], false))
            .toArray(Service.Target[]::new);
    apply(service(address, Algorithm.LEAST_LOADED, null, targets));
  }

  private Map<String, Integer> calls(String address, int count) throws Exception {
    return hosts.inClient(() -> {
      var answers = new HashMap<String, Integer>();
      for (int i = 0; i < count; i++) {
        answers.merge(BalanceHosts.call(address, 80, 2000), 1, Integer::sum);
      }
      return answers;
    });
  }

  private Status status() throws Exception {
    return hosts.inBalancer(() -> balancer.services().services().getFirst());
  }

  @Test
  void spreadsBothFamiliesAndLeavesNothingBehind() throws Exception {
    apply(
        service(
            BalanceHosts.SERVICE_4,
            Algorithm.MAGLEV,
            null,
            target(1, 1, false),
            target(2, 1, false),
            target(3, 1, false)),
        service(
            BalanceHosts.SERVICE_6, Algorithm.WEIGHTED, null, target6(1), target6(2), target6(3)));
    assertThat(hosts.inBalancer(() -> balancer.services().sentence()))
        .startsWith("2 services on 4");
    for (var address : List.of(BalanceHosts.SERVICE_4, BalanceHosts.SERVICE_6)) {
      var answers = calls(address, 60);
      assertThat(answers).as(address).containsOnlyKeys("t1", "t2", "t3");
      assertThat(answers.values()).as(address).allMatch(count -> count > 5);
    }
    assertThat(hosts.clientRuns("curl", "-sS", "-m", "2", "http://" + BalanceHosts.SERVICE_4))
        .matches("t[123]");
    assertThat(
            hosts.clientRuns(
                "curl", "-sS", "-g", "-m", "2", "http://[" + BalanceHosts.SERVICE_6 + "]"))
        .matches("t[123]");
    var status = status();
    assertThat(status.warning()).isEmpty();
    assertThat(status.events().proven()).isEqualTo(61);
    assertThat(status.events().strays()).isZero();
    assertThat(status.events().stateless()).isZero();
    assertThat(status.targets()).allMatch(each -> each.answerMicros() > 0);

    assertThat(hosts.inBalancer(() -> balancer.apply(List.of(), List.of()))).isEmpty();
    assertThat(Tool.run("bpftool", "net", "show", "dev", "lo")).doesNotContain("service_");
    assertThat(Tool.run(Tool.in(hosts.balancer, "bpftool", "net", "show")))
        .doesNotContain("service_");
  }

  @ParameterizedTest
  @ValueSource(strings = {BalanceHosts.SERVICE_4, BalanceHosts.SERVICE_6})
  void keepsDrainedConnectionsAndEveryRequestWhileWeightsChange(String address) throws Exception {
    var first = target(address, 1, 1, false);
    apply(service(address, Algorithm.WEIGHTED, null, first));
    try (var socket = hosts.inClient(() -> new Socket(address, 80))) {
      assertThat(hosts.inClient(() -> BalanceHosts.ask(socket))).isEqualTo("t1");
      var ended = new AtomicBoolean();
      var clients = hosts.clients(4);
      var running = new ArrayList<Future<Integer>>();
      for (int i = 0; i < 4; i++) {
        running.add(
            clients.submit(() -> {
              int done = 0;
              for (; !ended.get(); done++) {
                BalanceHosts.call(address, 80, 3000);
              }
              return done;
            }));
      }
      for (int round = 0; round < 10; round++) {
        int weight = 1 + round % 5;
        apply(
            service(
                address,
                Algorithm.values()[round % 3],
                null,
                target(address, 1, 1, true),
                target(address, 2, weight, false),
                target(address, 3, 6 - weight, round % 4 == 3)));
        Thread.sleep(100);
      }
      ended.set(true);
      int done = 0;
      for (var each : running) {
        done += each.get();
      }
      assertThat(done).isGreaterThan(40);
      assertThat(hosts.inClient(() -> BalanceHosts.ask(socket))).isEqualTo("t1");
      var drained = status().targets().getFirst();
      assertThat(drained.state()).isEqualTo(State.DRAINING);
      assertThat(drained.weightNow()).isZero();
      assertThat(drained.open()).isEqualTo(1);
      assertThat(drained.why()).contains("1 connections are still open");
    }
    assertThat(calls(address, 20)).doesNotContainKey("t1");
  }

  @ParameterizedTest
  @ValueSource(strings = {BalanceHosts.SERVICE_4, BalanceHosts.SERVICE_6})
  void takesOutATargetThatIsKilledAndBringsItBack(String address) throws Exception {
    apply(
        service(
            address,
            Algorithm.MAGLEV,
            CHECK,
            target(address, 1, 1, false),
            target(address, 2, 1, false),
            target(address, 3, 1, false)));
    assertThat(calls(address, 30)).containsOnlyKeys("t1", "t2", "t3");
    hosts.servers.get(1).close();
    await(State.UNHEALTHY);
    assertThat(status().targets().get(1).why()).contains("refused");
    assertThat(calls(address, 30)).containsOnlyKeys("t1", "t3");
    hosts.servers.set(1, hosts.serveAgain(2));
    await(State.HEALTHY);
    assertThat(calls(address, 60)).containsKey("t2");
  }

  private void await(State state) throws Exception {
    for (int i = 0; i < 500 && status().targets().get(1).state() != state; i++) {
      Thread.sleep(20);
    }
    assertThat(status().targets().get(1).state()).isEqualTo(state);
  }

  @ParameterizedTest
  @ValueSource(strings = {BalanceHosts.SERVICE_4, BalanceHosts.SERVICE_6})
  void beginsSlowlyWithATargetThatIsNoLongerDrained(String address) throws Exception {
    var first = target(address, 1, 1, false);
    apply(startingSlowly(address, first, target(address, 2, 1, true)));
    assertThat(calls(address, 20)).containsOnlyKeys("t1");
    apply(startingSlowly(address, first, target(address, 2, 1, false)));
    var starting = status().targets().get(1);
    assertThat(starting.state()).isEqualTo(State.STARTING);
    assertThat(starting.weightNow()).isLessThan(0.5);
    assertThat(starting.why()).startsWith("slow start: ");
    await(State.HEALTHY);
    assertThat(status().targets().get(1).weightNow()).isGreaterThan(0.9);
    assertThat(calls(address, 100).get("t2")).isGreaterThan(25);
  }

  private static Service startingSlowly(String address, Service.Target... targets) {
    return new Service(
        "web",
        address,
        80,
        Protocol.TCP,
        Algorithm.WEIGHTED,
        List.of(targets),
        null,
        Duration.ofSeconds(6));
  }

  @ParameterizedTest
  @ValueSource(strings = {BalanceHosts.SERVICE_4, BalanceHosts.SERVICE_6})
  void leavesATargetThatBecomesSlow(String address) throws Exception {
    applyLeastLoaded(address, 1, 1, 1);
    losesMostOfItsConnections(hosts.clients(12), address, 0.2, 0.5);
  }

  /// All four draws may meet the heavy one alone.
  @ParameterizedTest
  @ValueSource(strings = {BalanceHosts.SERVICE_4, BalanceHosts.SERVICE_6})
  void leavesAHeavyTargetThatBecomesSlow(String address) throws Exception {
    applyLeastLoaded(address, 1, 3);
    losesMostOfItsConnections(hosts.clients(12), address, 0.6, 0.9);
  }

  /// No packet of theirs comes by where answers to others are timed.
  @ParameterizedTest
  @CsvSource({
    BalanceHosts.SERVICE_4 + ",1,0.2,0.5",
    BalanceHosts.SERVICE_4 + ",3,0.45,0.8",
    BalanceHosts.SERVICE_6 + ",1,0.2,0.5",
    BalanceHosts.SERVICE_6 + ",3,0.45,0.8"
  })
  void leavesATargetThatBecomesSlowAlsoFromThisHost(
      String address, int weight, double least, double most) throws Exception {
    balancer.close();
    balancer =
        hosts.inBalancer(() ->
            new Balancer(
                BalancerWireTest::interfaces, Thread.ofPlatform().daemon().factory(), null));
    applyLeastLoaded(address, 1, weight, 1);
    losesMostOfItsConnections(hosts.localClients(12), address, least, most);
    var status = status();
    assertThat(status.events().local()).as("by connect()").isEqualTo(attempts(status));
    assertThat(status.targets().getFirst().answerMicros()).isBetween(9_000L, 40_000L);
  }

  private static long attempts(Status status) {
    return status.targets().stream().mapToLong(each -> each.connections()).sum();
  }

  /// The second target's answers begin to take ten times as long.
  private void losesMostOfItsConnections(
      ExecutorService clients, String address, double least, double most) throws Exception {
    hosts.servers.forEach(server -> server.delayMillis = 10);
    var ended = new AtomicBoolean();
    for (int i = 0; i < 12; i++) {
      clients.submit(() -> {
        while (!ended.get()) {
          BalanceHosts.call(address, 80, 5000);
          Thread.sleep(10);
        }
        return 0;
      });
    }
    Thread.sleep(1500);
    double before = share(Duration.ofSeconds(1));
    hosts.servers.get(1).delayMillis = 100;
    Thread.sleep(200);
    double after = share(Duration.ofSeconds(1));
    ended.set(true);
    assertThat(before).isBetween(least, most);
    assertThat(after).isLessThan(0.2 * before);
  }

  /// One short connection after the other finds nothing in flight.
  @ParameterizedTest
  @ValueSource(strings = {BalanceHosts.SERVICE_4, BalanceHosts.SERVICE_6})
  void sharesShortConnectionsByWeight(String address) throws Exception {
    boolean six = address.equals(BalanceHosts.SERVICE_6);
    applyLeastLoaded(address, 1, 3);
    hosts.servers.forEach(server -> server.delayMillis = 2);
    hosts
        .clients(1)
        .submit(() -> {
          for (int i = 0; i < 600; i++) {
            BalanceHosts.call(address, 80, 5000);
          }
          return 0;
        })
        .get(60, TimeUnit.SECONDS);
    assertThat(hosts.servers.getFirst().accepted.get() / 600.0)
        .as("a quarter%s", six ? ", IPv6" : "")
        .isBetween(0.15, 0.35);
  }

  /// The second target's part of new connections in the time to come.
  private double share(Duration time) throws Exception {
    var before = IntStream.range(0, 3).map(i -> hosts.servers.get(i).accepted.get()).toArray();
    Thread.sleep(time);
    var more =
        IntStream.range(0, 3).map(i -> hosts.servers.get(i).accepted.get() - before[i]).toArray();
    return more[1] / (double) IntStream.of(more).sum();
  }

  @ParameterizedTest
  @ValueSource(strings = {BalanceHosts.SERVICE_4, BalanceHosts.SERVICE_6})
  void turnsLocalClientsAtTheirConnect(String address) throws Exception {
    apply(
        service(
            address,
            Algorithm.WEIGHTED,
            null,
            target(address, 1, 1, false),
            target(address, 2, 1, false)));
    var answers =
        Tool.run(
            "sh",
            "-c",
            "echo $$ > %s/cgroup.procs; exec ip netns exec %s sh -c '%s'"
                .formatted(
                    group,
                    hosts.balancer,
                    "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do curl -sS -g -m 2 http://%s; done"
                        .formatted(address.contains(":") ? "[" + address + "]" : address)));
    assertThat(answers).contains("t1", "t2").matches("(t[12]){12}");
    assertThat(status().events().local()).isEqualTo(12);
    assertThat(status().targets()).allMatch(each -> each.open() == 0 && each.connections() > 0);
  }

  @Test
  void refusesWhatSomebodyElseHas() throws Exception {
    var control = new InetSocketAddress("198.18.0.1", 9080);
    var problems =
        hosts.inBalancer(() -> {
          try (var listener =
              new java.net.ServerSocket(8022, 1, java.net.InetAddress.ofLiteral("198.18.0.1"))) {
            var taken = at("198.18.0.1", listener.getLocalPort());
            return balancer.apply(List.of(taken, at("198.18.0.1", 9080)), List.of(control));
          }
        });
    assertThat(problems)
        .containsExactly(
            "services: web at tcp 198.18.0.1:8022: a program of this host listens there"
                + " (expected: an address and port that nobody uses)",
            "services: web at tcp 198.18.0.1:9080: the control plane is there"
                + " (expected: an address or port of its own)");
  }

  private static Service at(String address, int port) {
    return new Service(
        "web",
        address,
        port,
        Protocol.TCP,
        Algorithm.MAGLEV,
        List.of(target(1, 1, false)),
        null,
        Duration.ZERO);
  }
}
