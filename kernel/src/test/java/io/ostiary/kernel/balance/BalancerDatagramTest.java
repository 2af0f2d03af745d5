package io.ostiary.kernel.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Service;
import io.ostiary.model.Service.Algorithm;
import io.ostiary.model.Service.Protocol;
import java.net.DatagramSocket;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Real datagrams from a client through a balancer to three targets and back, on an address that
/// other services have as well.
final class BalancerDatagramTest {
  private static final int CLIENTS = 60;

  private BalanceHosts hosts;
  private Balancer balancer;
  private final List<DatagramSocket> sockets = new ArrayList<>();

  @BeforeEach
  void connect() throws Exception {
    hosts = new BalanceHosts();
    hosts.answerDatagrams(8053);
    var interfaces =
        hosts.inBalancer(() ->
            NetworkInterface.networkInterfaces()
                .map(NetworkInterface::getIndex)
                .filter(index -> index != 1)
                .collect(Collectors.toSet()));
    balancer =
        hosts.inBalancer(
            () -> new Balancer(() -> interfaces, Thread.ofPlatform().daemon().factory(), null));
  }

  @AfterEach
  void disconnect() throws Exception {
    sockets.forEach(DatagramSocket::close);
    if (balancer != null) {
      balancer.close();
    }
    if (hosts != null) {
      hosts.close();
    }
  }

  private void apply(Service... services) throws Exception {
    assertThat(hosts.inBalancer(() -> balancer.apply(List.of(services), List.of()))).isEmpty();
  }

  private static Service service(
      String name, String address, int port, Protocol protocol, int there, int... targets) {
    boolean six = address.contains(":");
    return new Service(
        name,
        address,
        port,
        protocol,
        Algorithm.MAGLEV,
        IntStream.of(targets)
            .mapToObj(i ->
                new Service.Target(
                    six ? BalanceHosts.target6(i) : BalanceHosts.target4(i), there, 1, false))
            .toList(),
        null,
        Duration.ZERO);
  }

  private List<String> answers() throws Exception {
    return hosts.inClient(() -> {
      var answers = new ArrayList<String>();
      for (var socket : sockets) {
        answers.add(BalanceHosts.ask(socket));
      }
      return answers;
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {BalanceHosts.SERVICE_4, BalanceHosts.SERVICE_6})
  void leavesClientsWhereTheyAreWhenATargetLeaves(String address) throws Exception {
    apply(service("dns", address, 53, Protocol.UDP, 8053, 1, 2, 3));
    for (int i = 0; i < CLIENTS; i++) {
      sockets.add(hosts.inClient(() -> BalanceHosts.datagrams(address, 53)));
    }
    var before = answers();
    assertThat(before).contains("t1", "t2", "t3");
    assertThat(answers()).as("each stays where it is").isEqualTo(before);
    apply(service("dns", address, 53, Protocol.UDP, 8053, 1, 3));
    assertThat(answers()).as("who was there before goes on").isEqualTo(before);
    // Beside them, so that nobody gets a port for which there is a record.
    for (int i = 0; i < CLIENTS; i++) {
      sockets.add(hosts.inClient(() -> BalanceHosts.datagrams(address, 53)));
    }
    assertThat(answers().subList(CLIENTS, 2 * CLIENTS)).contains("t1", "t3").doesNotContain("t2");
  }

  @ParameterizedTest
  @ValueSource(strings = {BalanceHosts.SERVICE_4, BalanceHosts.SERVICE_6})
  void keepsServicesOfOneAddressApart(String address) throws Exception {
    apply(
        service("web", address, 80, Protocol.TCP, 8000, 1),
        service("other", address, 81, Protocol.TCP, 8000, 2),
        service("dns", address, 80, Protocol.UDP, 8053, 3));
    sockets.add(hosts.inClient(() -> BalanceHosts.datagrams(address, 80)));
    for (int i = 0; i < 5; i++) {
      assertThat(hosts.inClient(() -> BalanceHosts.call(address, 80, 2000))).isEqualTo("t1");
      assertThat(hosts.inClient(() -> BalanceHosts.call(address, 81, 2000))).isEqualTo("t2");
      assertThat(answers()).containsExactly("t3");
    }
    apply(
        service("other", address, 81, Protocol.TCP, 8000, 2),
        service("dns", address, 80, Protocol.UDP, 8053, 3));
    assertThat(hosts.inClient(() -> BalanceHosts.call(address, 81, 2000))).isEqualTo("t2");
    assertThat(answers()).as("the one beside it is gone").containsExactly("t3");
  }
}
