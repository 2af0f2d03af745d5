package io.ostiary.insight.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.insight.InsightStatus;
import io.ostiary.insight.Latency;
import io.ostiary.insight.LiveTick;
import io.ostiary.insight.Point;
import io.ostiary.insight.testing.SlotFixture;
import io.ostiary.model.KernelStatus;
import io.ostiary.model.LedgerSlot;
import io.ostiary.model.PacketView;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LiveTest {
  private static final InsightStatus STATUS =
      new InsightStatus(
          0, 0, 0, new InsightStatus.Store(InsightStatus.State.OFF, "", 0, 0, 0, 0, null));

  private final SlotFixture fixture = new SlotFixture(2, 2);
  private final LedgerSlot slot = new LedgerSlot();
  private final Kernel kernel = new Kernel();
  private final PacketSampler sampler = new PacketSampler(kernel);
  private final Board board = new Board(sampler, () -> STATUS, 1_000_000);

  @Test
  void percentilesAreWithinThreePercent() {
    var counts = new LatencyCounts();
    for (int micros = 1; micros <= 100_000; micros++) {
      counts.add(micros);
    }
    var latency = counts.latency();
    assertThat((double) latency.p50Micros()).isBetween(50_000 * 0.97, 50_000 * 1.03);
    assertThat((double) latency.p95Micros()).isBetween(95_000 * 0.97, 95_000 * 1.03);
    assertThat((double) latency.p99Micros()).isBetween(99_000 * 0.97, 99_000 * 1.03);
    assertThat(latency.maxMicros()).isEqualTo(100_000);
  }

  @Test
  void everyLatencyHasAPlaceWhoseMiddleIsNear() {
    for (long micros = 0; micros < 2_000_000_000L; micros = micros * 17 / 16 + 1) {
      long middle = LatencyCounts.middle(LatencyCounts.index(micros));
      assertThat(Math.abs(middle - micros)).isLessThanOrEqualTo(micros / 31 + 1);
    }
    assertThat(LatencyCounts.index(Long.MAX_VALUE)).isEqualTo(28 * 16 - 1);
    assertThat(new LatencyCounts().latency()).isEqualTo(Latency.NONE);
  }

  @Test
  void closesASecondWithItsOutcomesAndGroups() {
    fixture.answered(slot, 1_000_000, 10_000_000_000L, 4_000);
    board.add(slot);
    fixture.refused(slot, 1_000_000, 10_000_000_000L, "rate-limit");
    board.add(slot);
    fixture.failed(slot, 1_000_000, 10_000_000_000L, "connect-refused");
    board.add(slot);
    board.advance(1_001_000);
    var tick = board.latest();
    assertThat(tick.point().calls()).isEqualTo(3);
    assertThat(tick.point().errors()).isEqualTo(1);
    assertThat(tick.point().outcomes())
        .containsExactly(
            new Point.Outcome("2xx", "none", 1),
            new Point.Outcome("4xx", "rate-limit", 1),
            new Point.Outcome("5xx", "upstream", 1));
    assertThat(tick.point().upstreamMicros()).isPositive();
    assertThat(tick.apis()).hasSize(2);
    assertThat(tick.apis().getFirst().name()).isEqualTo("api1");
    assertThat(tick.upstreams().getFirst().name()).isEqualTo("orders");
    assertThat(tick.answered()).containsExactly(new LiveTick.Answered("orders", 2));
    assertThat(tick.clients()).hasSize(3).allMatch(client -> client.callsOver() == 0);
    board.advance(1_002_000);
    assertThat(board.latest().point().calls()).isZero();
    assertThat(board.latest().answered()).isEmpty();
    assertThat(board.series(Duration.ofMinutes(1)))
        .extracting(Point::calls)
        .containsExactly(3L, 0L);
  }

  @Test
  void whatAPolicyHeldBackIsTheGateways() {
    fixture.answered(slot, 1_000_000, 10_000_000_000L, 4_000);
    board.add(slot);
    board.advance(1_001_000);
    var before = board.latest().point();
    slot.responseHeld.add("bandwidth", 3_000_000);
    board.add(slot);
    board.advance(1_002_000);
    var held = board.latest().point();
    assertThat(held.upstreamMicros()).isEqualTo(before.upstreamMicros() - 3_000);
    assertThat(held.gatewayMicros()).isEqualTo(before.gatewayMicros() + 3_000);
  }

  @Test
  void forgetsGroupsAfterAMinuteAndKeepsTenSecondPoints() {
    fixture.answered(slot, 1_000_000, 10_000_000_000L, 4_000);
    board.add(slot);
    for (int second = 1; second <= 80; second++) {
      board.advance(1_000_000 + second * 1000L);
      assertThat(board.latest().apis()).allMatch(group -> group.calls() == 1);
    }
    assertThat(board.latest().apis()).isEmpty();
    var tens = board.series(Duration.ofHours(1));
    assertThat(tens).hasSize(8);
    assertThat(tens.getFirst().calls()).isEqualTo(1);
    assertThat(tens.getFirst().seconds()).isEqualTo(10);
  }

  @Test
  void survivesAClockThatJumps() {
    board.advance(50_000_000);
    board.advance(50_001_000);
    board.advance(1_000);
    assertThat(board.series(Duration.ofMinutes(15))).hasSizeLessThan(10);
  }

  @Test
  void tellsBusyClientsFromAFloodOfOthersAndBoundsTheError() {
    var clients = new TopClients();
    var address = new byte[16];
    for (int i = 0; i < 100_000; i++) {
      for (int b = 0; b < 4; b++) {
        address[b] = (byte) (i * 2_654_435_761L >>> (b * 8));
      }
      clients.add(address, 4);
      if (i % 10 == 0) {
        clients.add(new byte[] {(byte) 198, 18, 0, 7}, 4);
      }
    }
    var top = clients.top(1).getFirst();
    assertThat(top.address()).isEqualTo(InetAddress.ofLiteral("198.18.0.7"));
    assertThat(top.calls()).isGreaterThanOrEqualTo(10_000);
    assertThat(top.calls() - top.callsOver()).isLessThanOrEqualTo(10_000);
  }

  @Test
  void turnsGrowingCountersIntoRates() {
    sampler.sample(1_000_000_000L, true);
    assertThat(sampler.rates().passed()).isZero();
    kernel.passed = 3_000;
    kernel.dropped = 500;
    sampler.sample(2_000_000_000L, true);
    assertThat(sampler.rates().passed()).isEqualTo(2_000);
    assertThat(sampler.rates().drops()).containsExactly(new Point.Drop("deny-rule", 500, 30_000));
    assertThat(sampler.rates().sources().getFirst().packetsPerSecond()).isEqualTo(2_000);
    assertThat(sampler.rates().sources().getFirst().share()).isEqualTo(1.0);
    kernel.passed = 100;
    kernel.dropped = 0;
    sampler.sample(3_000_000_000L, true);
    assertThat(sampler.rates().passed()).isEqualTo(100);
  }

  /// Rates of sources are measured each second for whoever asks each second.
  @Test
  void isWatchedByWhoAsksForTheLatest() {
    assertThat(board.watched()).isFalse();
    assertThat(board.latest()).isNotNull();
    assertThat(board.watched()).isTrue();
  }

  private static final class Kernel implements PacketView {
    private long passed = 1_000;
    private long dropped;

    @Override
    public KernelStatus status() {
      var counters =
          new KernelStatus.Counters(
              passed,
              passed * 100,
              List.of(new KernelStatus.Drop("deny-rule", dropped, dropped * 60)));
      return new KernelStatus(
          true,
          "",
          "6",
          null,
          false,
          0,
          List.of(new KernelStatus.Interface("veth0", 2, "veth", "xdp-native", "", counters)),
          List.of());
    }

    @Override
    public List<Source> sources(int limit) {
      return List.of(
          new Source(InetAddress.ofLiteral("198.18.0.7"), passed, passed * 100, dropped, 0));
    }

    @Override
    public List<Flow> flows(int limit) {
      return List.of();
    }
  }
}
