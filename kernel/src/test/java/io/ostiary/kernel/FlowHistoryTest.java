package io.ostiary.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.shield.MeterTotals;
import io.ostiary.kernel.shield.MeteredFlow;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Counted;
import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelRule.PortRange;
import io.ostiary.model.KernelRule.TcpFlags;
import io.ostiary.model.RulePast;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What a rule would have met, from flows as the meter lists them at ten seconds' distance.
final class FlowHistoryTest {
  private static final int TCP = 6;

  private final FlowHistory history = new FlowHistory();
  private final List<MeteredFlow> flows = new ArrayList<>();
  private long came;

  private static MeteredFlow flow(String source, int sourcePort, int port, long packets) {
    return new MeteredFlow(
        InetAddress.ofLiteral(source),
        sourcePort,
        InetAddress.ofLiteral("198.18.0.1"),
        port,
        4,
        TCP,
        0,
        false,
        2,
        packets,
        packets * 100,
        1,
        2,
        0x12);
  }

  private void step(long packets) {
    came += packets;
    history.add(flows, new MeterTotals(came, came * 100, 0, 0, 0, 0));
  }

  private static Match match(List<Cidr> from, List<PortRange> ports) {
    return new Match(from, ports, Set.of());
  }

  private RulePast past(KernelRule rule) {
    return history.past(
        rule, Map.of("bad", List.of(Cidr.parse("2001:db8::/32"))), Map.of(2, "eth0"));
  }

  @Test
  void countsWhatCameBetweenTwoLooksAndNotWhatWasThereBefore() {
    flows.add(flow("203.0.113.7", 50_000, 8080, 1000));
    step(1000);
    flows.set(0, flow("203.0.113.7", 50_000, 8080, 1040));
    flows.add(flow("203.0.113.7", 50_001, 8080, 5));
    flows.add(flow("203.0.113.9", 50_000, 443, 3));
    flows.add(flow("2001:db8::1", 50_000, 443, 2));
    step(60);

    var deny = new KernelRule.Deny(match(List.of(Cidr.parse("203.0.113.0/24")), List.of()));
    var met = past(deny);
    assertThat(met.packets()).isEqualTo(48);
    assertThat(met.bytes()).isEqualTo(4800);
    assertThat(met.ofPackets()).isEqualTo(60);
    assertThat(met.untoldPackets()).as("of which no flow tells").isEqualTo(10);
    assertThat(met.sources()).isEqualTo(2);
    assertThat(met.seconds()).isEqualTo(10);
    assertThat(met.busiest().getFirst())
        .isEqualTo(new RulePast.Met(InetAddress.ofLiteral("203.0.113.7"), 45, 4500));

    var port = match(List.of(), List.of(new PortRange(443, 443)));
    assertThat(past(new KernelRule.Deny(port)).packets()).isEqualTo(5);
  }

  @Test
  void asksSetsInterfacesAndSaysWhatItCannotTell() {
    step(0);
    flows.add(flow("2001:db8::1", 50_000, 8080, 7));
    step(7);
    assertThat(past(new KernelRule.Deny(extended(List.of("bad"), "eth0"))).packets()).isEqualTo(7);
    assertThat(past(new KernelRule.Deny(extended(List.of("bad"), "eth1"))).packets()).isZero();
    assertThat(past(new KernelRule.Deny(extended(List.of("other"), "eth0"))).packets()).isZero();
    assertThat(past(new KernelRule.Deny(extended(List.of("bad"), "eth0"))).untold())
        .containsExactly("from-port", "tcp-flags");
  }

  private static Match extended(List<String> sets, String device) {
    return new Match(
        List.of(),
        sets,
        List.of(),
        List.of(),
        List.of(new PortRange(1, 2)),
        List.of(),
        Set.of(KernelRule.Protocol.TCP),
        new TcpFlags(2, 16),
        Set.of(),
        Set.of(device),
        Set.of());
  }

  @Test
  void ofALimitCountsWhatIsAboveItsRate() {
    step(0);
    flows.add(flow("203.0.113.7", 1, 8080, 500));
    flows.add(flow("203.0.113.8", 1, 8080, 300));
    step(800);
    var any = match(List.of(), List.of());
    assertThat(past(new KernelRule.Limit(any, 40)).packets()).isEqualTo(100);
    var block = new KernelRule.Limit(any, Counted.PACKETS, 40, 24);
    assertThat(past(block).packets()).as("of both together").isEqualTo(400);
    assertThat(past(block).busiest().getFirst().source())
        .isEqualTo(InetAddress.ofLiteral("203.0.113.0"));
  }

  @Test
  void ofALimitOnConnectionsCountsFlowsThatBegan() {
    step(0);
    for (int port = 1; port <= 35; port++) {
      flows.add(flow("203.0.113.7", port, 8080, 10));
    }
    step(350);
    var any = match(List.of(), List.of());
    assertThat(past(new KernelRule.Limit(any, Counted.CONNECTIONS, 2, 32)).packets()).isEqualTo(15);
    step(0);
    assertThat(past(new KernelRule.Limit(any, Counted.CONNECTIONS, 2, 32)).packets()).isEqualTo(15);
  }

  @Test
  void forgetsAfterFiveMinutesAndKeepsItsBound() {
    step(0);
    for (int i = 0; i < FlowHistory.PLACES + 100; i++) {
      flows.add(flow("10.%d.%d.1".formatted(i >> 8, i & 255), 1, 8080, 1));
    }
    step(FlowHistory.PLACES + 100);
    var all = new KernelRule.Deny(match(List.of(), List.of(new PortRange(1, 65535))));
    assertThat(past(all).packets()).isEqualTo(FlowHistory.PLACES);
    assertThat(past(all).untoldPackets()).isEqualTo(100);
    flows.clear();
    for (int i = 0; i < FlowHistory.STEPS; i++) {
      step(0);
    }
    assertThat(past(all).packets()).isZero();
    assertThat(past(all).seconds()).isEqualTo(300);
  }
}
