package io.ostiary.kernel.shield;

import static io.ostiary.kernel.shield.ShieldKit.allow;
import static io.ostiary.kernel.shield.ShieldKit.cidrs;
import static io.ostiary.kernel.shield.ShieldKit.deny;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ostiary.kernel.flood.Floods;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.libbpf.TestRun;
import io.ostiary.model.KernelRule.Protocol;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What `refuse.h` decides by itself, with each packet taken for one of a flood: the verdicts and
/// hits of the slow model, the same sums as the long way, and the number of sources.
final class ShortWayTest {
  private static final int SOURCE_4 = 26;
  private static final RuleSetSource RULES =
      new RuleSetSource(
          List.of(
              deny("0.0.0.0/1 8000::/1", "2000-2999"),
              allow("0.0.0.0/2 c000::/2", "77", Protocol.TCP),
              deny("", "77"),
              deny("128.0.0.0/2", "1024-65535", Protocol.UDP),
              deny("192.0.2.0/24", ""),
              allow("", "68", Protocol.UDP),
              deny("", "", Protocol.ICMP)),
          List.of(),
          cidrs("224.0.0.0/3 2000::/4"),
          new RuleSetSource.Sessions(Set.copyOf(cidrs("64.0.0.0/3 ::/0")), Set.of(5, 77)),
          false);

  private Shield shield;

  @BeforeEach
  void load() throws Exception {
    shield = ShieldKit.load(Map.of("always_short", 1));
    shield.beat();
  }

  @AfterEach
  void close() {
    if (shield != null) {
      shield.close();
    }
  }

  @Test
  void agreesWithTheModelAndCountsTheSame() throws Exception {
    assertThat(shield.install(RULES)).isEmpty();
    var model = new SlowClassifier(RULES);
    var random = new Random(71);
    var hits = new long[RULES.rules().size()];
    long dropped = 0;
    long withoutSource = 0;
    int frames = 12_000;
    for (int i = 0; i < frames; i++) {
      var frame = i % 3 == 0 ? RandomFrames.sound(random) : plain(random);
      if (i % 4 == 0) {
        frame[random.nextInt(frame.length)] = (byte) random.nextInt();
      }
      if (i % 64 == 0) {
        shield.beat();
      }
      var expected = model.verdict(frame);
      boolean passes = expected.reason() == DropReason.PASSED;
      assertThat(shield.testRun("shield_xdp").run(frame, 1).verdict())
          .as("%s for %s", expected, HexFormat.of().formatHex(frame))
          .isEqualTo(passes ? ShieldKit.XDP_PASS : ShieldKit.XDP_DROP);
      dropped += passes ? 0 : 1;
      var parsed = SlowClassifier.parse(frame);
      withoutSource += parsed.family == 0 || !parsed.sound ? 1 : 0;
      if (expected.rule() >= 0) {
        hits[expected.rule()]++;
      }
    }
    assertThat(shield.shortWay().all().packets()).isGreaterThan(frames / 10);
    var counters = shield.counters(ShieldKit.LOOPBACK);
    assertThat(counters.drops().stream().mapToLong(drop -> drop.packets()).sum())
        .isEqualTo(dropped);
    assertThat(counters.passedPackets()).isEqualTo(frames - dropped);
    var counted = shield.ruleHits();
    for (int rule = 0; rule < hits.length; rule++) {
      assertThat(counted.get(rule).packets()).as("hits of rule %d", rule).isEqualTo(hits[rule]);
    }
    assertThat(shield.totals().packets()).isEqualTo(frames);
    var sources = shield.sources(100_000);
    var totals = shield.sourceTotals();
    assertThat(
            sources.stream().mapToLong(MeteredSource::packets).sum()
                + totals.evictedPackets()
                + totals.unlistedPackets())
        .as("but for those without a source that can be read")
        .isBetween(frames - withoutSource, (long) frames);
  }

  /// As long as Ethernet asks for, without options: what the short way takes.
  private static byte[] plain(Random random) {
    int port = random.nextInt(3) == 0 ? 77 : random.nextInt(4000);
    boolean tcp = random.nextBoolean();
    var payload = tcp ? Packets.tcp(5353, port, random.nextInt(256)) : Packets.udp(5353, port);
    var source = "%d.0.2.1".formatted(random.nextInt(256));
    var packet = Packets.ip4(source, tcp ? Packets.TCP : Packets.UDP, payload);
    var frame = Packets.ethernet(Packets.IPV4, packet);
    return Arrays.copyOf(frame, Math.max(60, frame.length));
  }

  @Test
  void sparesAnOperatorWhosePortIsDenied() throws Exception {
    assertThat(shield.install(ShieldKit.rules(deny("", "22", Protocol.TCP)))).isEmpty();
    var program = shield.testRun("shield_xdp");
    var frame = Packets.syn4("198.18.0.9", 22);
    assertThat(program.run(frame, 1).verdict()).isEqualTo(ShieldKit.XDP_DROP);
    assertThat(shield.shortWay().all().packets()).isEqualTo(1);
    shield.spare(Set.of(new Operator(InetAddress.ofLiteral("198.18.0.9"), 22)));
    assertThat(program.run(frame, 1).verdict()).isEqualTo(ShieldKit.XDP_PASS);
    shield.spare(Set.of());
    assertThat(program.run(frame, 1).verdict()).isEqualTo(ShieldKit.XDP_DROP);
    assertThat(shield.shortWay().all().packets()).isEqualTo(2);
  }

  @Test
  void countsHowManySourcesThereAre() throws Exception {
    assertThat(shield.install(ShieldKit.rules(deny("", "8080")))).isEmpty();
    var floods = shield.floods();
    long now = System.nanoTime();
    floods.tick(now);
    var program = shield.testRun("shield_xdp");
    var frame = Packets.syn4("198.18.0.9", 8080);
    long different =
        LongStream.generate(new Random(73)::nextInt)
            .limit(60_000)
            .peek(source -> {
              ByteBuffer.wrap(frame).putInt(SOURCE_4, (int) source);
              refuse(program, frame);
            })
            .distinct()
            .count();
    for (int tick = 0; tick < 5; tick++) {
      floods.tick(now += Floods.TICK_MILLIS * 1_000_000);
    }
    assertThat(shield.shortWay().all().packets()).isGreaterThan(58_000);
    assertThat(floods.report().sources()).isCloseTo(different, within(different * 3 / 100));
  }

  private static void refuse(TestRun program, byte[] frame) {
    try {
      assertThat(program.run(frame, 1).verdict()).isEqualTo(ShieldKit.XDP_DROP);
    } catch (LibbpfException e) {
      throw new IllegalStateException(e);
    }
  }
}
