package io.ostiary.kernel.lens;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.libbpf.BpfLink.Hook;
import io.ostiary.kernel.shield.RuleSetSource;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelStatus;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Two hosts on a cable, and a rule that refuses segments of a connection that the lens knows: its
/// record has each of them once, with the shield's reason, wherever the shield is attached.
final class LensRefusalTest {
  private static final String CLIENT_4 = "198.18.0.2";
  private static final String CLIENT_6 = "2001:db8::2";

  private Lens lens;
  private Shield shield;
  private NetworkPair network;

  @BeforeEach
  void load() throws Exception {
    LensKit.needs("ip");
    lens = LensKit.attach();
    shield = Shield.load();
    shield.tell(lens.tables());
    network = new NetworkPair();
  }

  @AfterEach
  void close() {
    if (network != null) {
      network.close();
    }
    if (shield != null) {
      shield.close();
    }
    if (lens != null) {
      lens.close();
    }
  }

  static Stream<Arguments> places() {
    return Stream.of(Hook.XDP_NATIVE, Hook.XDP_GENERIC, Hook.TCX)
        .flatMap(hook -> Stream.of(CLIENT_4, CLIENT_6).map(client -> Arguments.of(hook, client)));
  }

  @ParameterizedTest
  @MethodSource("places")
  void tellsEachRefusedSegmentOnceWithItsReason(Hook hook, String source) throws Exception {
    int device =
        Integer.parseInt(network.gatewayRuns("cat", "/sys/class/net/gate/ifindex").strip());
    var address = source.equals(CLIENT_4) ? NetworkPair.GATEWAY_4 : NetworkPair.GATEWAY_6;
    try (var link = network.inGateway(() -> shield.attach(hook, device));
        var listener = network.inGateway(() -> NativeSocket.listen(address, 0));
        var client = connected(listener, address);
        var accepted = listener.accept()) {
      assertThat(link.alive()).isTrue();
      client.send(100);
      accepted.receive(100);
      assertThat(LensKit.read(lens, accepted.cookie()).droppedIn).isZero();

      refuse(source);
      client.send(100);
      LensKit.await(lens, accepted.cookie(), facts -> facts.droppedIn >= 2);
      shield.install(RuleSetSource.empty());
      accepted.receive(100);

      var facts = LensKit.read(lens, accepted.cookie());
      assertThat(facts.droppedIn).isGreaterThanOrEqualTo(2).isEqualTo(refused(device));
      assertThat(lens.dropReason(facts.dropReason)).isEqualTo("deny-rule");
    }
  }

  private NativeSocket connected(NativeSocket listener, InetAddress address) throws Exception {
    lens.watchPorts(Set.of(listener.port()));
    return network.inClient(() -> NativeSocket.client(address).connect(address, listener.port()));
  }

  private void refuse(String source) throws Exception {
    shield.beat();
    var match = new KernelRule.Match(List.of(Cidr.parse(source)), List.of(), Set.of());
    var problems =
        shield.install(
            new RuleSetSource(
                List.of(new KernelRule.Deny(match)),
                List.of(),
                List.of(),
                RuleSetSource.Sessions.NONE,
                false));
    assertThat(problems).isEmpty();
  }

  /// By the shield's own counters.
  private long refused(int device) throws Exception {
    return shield.counters(device).drops().stream()
        .filter(drop -> drop.reason().equals("deny-rule"))
        .mapToLong(KernelStatus.Drop::packets)
        .sum();
  }
}
