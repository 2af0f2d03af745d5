package io.ostiary.kernel.shield;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ostiary.kernel.flood.Floods;
import io.ostiary.model.Cidr;
import io.ostiary.model.FloodReport;
import io.ostiary.model.FloodReport.Share;
import io.ostiary.model.FloodReport.State;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Who attacks, against what a generator counted itself: a second of packets from a million
/// invented sources with heavy ones among them, through the program by BPF_PROG_TEST_RUN, in a time
/// that the test makes.
final class AttackersTest {
  private static final long TICK = Floods.TICK_MILLIS * 1_000_000;
  private static final int SOURCE_4 = 26;
  private static final int SOURCE_6 = 22;

  private Shield shield;
  private long now = TICK;

  @BeforeEach
  void load() throws Exception {
    shield = ShieldKit.load();
    shield.beat();
  }

  @AfterEach
  void close() {
    if (shield != null) {
      shield.close();
    }
  }

  /// Draws sources: of IPv4 an address, of IPv6 the upper half of one.
  private record Generator(Random random, long[] heavy, int[] thousandths, LongUnaryOperator rest) {
    long draw() {
      int at = random.nextInt(10_000);
      for (int i = 0; i < heavy.length; i++) {
        at -= thousandths[i];
        if (at < 0) {
          return heavy[i];
        }
      }
      return rest.applyAsLong(random.nextLong());
    }
  }

  @Test
  void namesEveryHeavySourceAmongManyOfIpv4() throws Exception {
    var random = new Random(41);
    // 24 sources of 0.1 % to 2.4 %; the rest is invented, 6 % of it in one /24 and 4 % in one /16.
    var heavy = random.longs(24, 1L << 24, 200L << 24).toArray();
    var parts = new int[24];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = i < 12 ? 10 + i : 20 * (i - 11);
    }
    var generator =
        new Generator(
            random,
            heavy,
            parts,
            any -> {
              long kind = Math.floorMod(any, 100);
              if (kind < 6) {
                return 0xc6330700L | any >>> 40 & 0xff;
              }
              return kind < 10 ? 0xcb000000L | any >>> 40 & 0xffff : any >>> 32;
            });
    var seen = new HashMap<Long, Integer>();
    var flood = flood(Packets.syn4("198.18.0.9", 8080), SOURCE_4, generator, 300_000, seen);
    var report = flood.report();
    assertThat(seen.size()).isGreaterThan(200_000);
    assertThat(report.sampledOneOf()).isGreaterThan(1);
    judge(report, seen, Map.of(32, 0, 24, 8, 16, 16));
    assertThat(flood.sources()).isCloseTo(seen.size(), within(seen.size() * 3L / 100));
    var blocks = report.shares().stream().filter(share -> share.prefix().prefix() == 24).toList();
    assertThat(blocks).extracting(share -> share.prefix().toString()).contains("198.51.7.0/24");
  }

  /// Here the program itself draws the invented sources, out of all IPv4 addresses, for frames that
  /// have one hop left; so that two million fit into the test's time. Source i sends 10 + 5 i of
  /// 10,000 packets. As in a take-over under load, when the one that watches has just begun.
  @Test
  void manyConnectionsAreNoFloodThatIsAnswered() throws Exception {
    assertThat(shield.install(ShieldKit.rules(ShieldKit.deny("203.0.113.0/24", "")))).isEmpty();
    shield.beat();
    shield.testRun("shield_xdp").run(Packets.syn4("198.18.7.7", 80), Floods.FLOOD_OPENS);
    shield.floods().tick(now);
    var report = shield.floods().report();
    assertThat(report.cookies().state()).isEqualTo(State.WATCHING);
    assertThat(report.sources()).as("before a whole second is over").isEqualTo(1);
  }

  @Test
  void namesEveryHeavySourceAmongOneAndAHalfMillion() throws Exception {
    shield.close();
    shield = Shield.load(Map.of("random_sources", 3));
    shield.beat();
    var heavy = new int[20];
    Arrays.setAll(heavy, i -> 0xc6120000 + i * 77_777);
    var floods = shield.floods();
    floods.tick(now);
    for (int quarter = 1; quarter <= 8; quarter++) {
      if (quarter >= 4) {
        mixed(heavy);
      }
      floods.tick(now += TICK);
    }
    var report = floods.report();
    floods.tick(now += TICK);
    assertThat(report.sampledOneOf()).isGreaterThan(20);
    var named = named(report, 32);
    int found = 0;
    int within = 0;
    for (int i = 0; i < heavy.length; i++) {
      var share = named.get(address(Integer.toUnsignedLong(heavy[i]), 32));
      double truth = (10 + 5 * i) / 10_000d;
      found += share == null ? 0 : 1;
      within += share != null && Math.abs(share.share() - truth) <= share.error() ? 1 : 0;
    }
    assertThat(found).isGreaterThanOrEqualTo(19);
    assertThat(within).isGreaterThanOrEqualTo(15);
    assertThat(named.size()).as("no more than there are").isLessThanOrEqualTo(20);
    assertThat(floods.report().sources()).isCloseTo(1_770_000L, within(1_770_000L * 3 / 100));
  }

  /// A quarter of a second. A run of many packets waits for the kernel some 20 ms, whatever their
  /// number.
  private void mixed(int[] heavy) throws Exception {
    var program = shield.testRun("shield_xdp");
    var frame = Packets.syn4("198.18.0.9", 8080);
    frame[22] = 1;
    program.run(frame, 442_500);
    frame[22] = 64;
    for (int i = 0; i < heavy.length; i++) {
      ByteBuffer.wrap(frame).putInt(SOURCE_4, heavy[i]);
      program.run(frame, 50 * (10 + 5 * i));
    }
  }

  @Test
  void namesHeavyIpv6NetworksAmongMany() throws Exception {
    var random = new Random(43);
    var heavy = random.longs(16).map(any -> 0x2001_0db8_0000_0000L | any >>> 32).toArray();
    var parts = new int[16];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = 10 + 8 * i;
    }
    var generator =
        new Generator(
            random,
            heavy,
            parts,
            any -> 0x2001_0db8_0000_0000L | (any >>> 32 & 0x000f_ffffL) << 12);
    var seen = new HashMap<Long, Integer>();
    var flood = flood(Packets.syn6("2001:db8::9", 8080), SOURCE_6, generator, 300_000, seen);
    judge(flood.report(), seen, Map.of(64, 0, 48, 16));
    assertThat(flood.sources()).isCloseTo(seen.size(), within(seen.size() * 3L / 100));
  }

  @Test
  void countsExactlyWhileThereAreFew() throws Exception {
    var random = new Random(47);
    var generator =
        new Generator(
            random, new long[] {0xc6120001L}, new int[] {5000}, any -> 0xc6120100L | any & 7);
    var seen = new HashMap<Long, Integer>();
    shield.floods().tick(now);
    run(Packets.syn4("198.18.0.9", 8080), SOURCE_4, generator, 2_000, seen);
    shield.floods().tick(now += TICK);
    var shares = shield.floods().report().shares();
    var first =
        shares.stream().filter(share -> share.prefix().prefix() == 32).findFirst().orElseThrow();
    assertThat(first.prefix()).isEqualTo(Cidr.parse("198.18.0.1"));
    assertThat(first.error()).isZero();
    assertThat(first.share()).isEqualTo(seen.get(0xc6120001L) / 2_000d);
    assertThat(first.connectionsPerSecond()).isEqualTo(first.packetsPerSecond());
    assertThat(shares).filteredOn(share -> share.prefix().prefix() == 24).hasSize(2);
  }

  /// A quarter of a second to learn the rate, then the second that counts; its registers are read a
  /// quarter of a second behind it.
  private Measured flood(
      byte[] frame, int at, Generator generator, int packets, Map<Long, Integer> seen)
      throws Exception {
    var floods = shield.floods();
    floods.tick(now);
    for (int i = 0; i < 4; i++) {
      run(frame, at, generator, i < 3 ? 0 : packets / 4, new HashMap<>());
      floods.tick(now += TICK);
    }
    for (int i = 0; i < 4; i++) {
      run(frame, at, generator, packets / 4, seen);
      floods.tick(now += TICK);
    }
    var report = floods.report();
    floods.tick(now += TICK);
    return new Measured(report, floods.report().sources());
  }

  private record Measured(FloodReport report, long sources) {}

  private void run(byte[] frame, int at, Generator generator, int packets, Map<Long, Integer> seen)
      throws Exception {
    var program = shield.testRun("shield_xdp");
    var bytes = ByteBuffer.wrap(frame);
    for (int i = 0; i < packets; i++) {
      long source = generator.draw();
      if (at == SOURCE_4) {
        bytes.putInt(at, (int) source);
      } else {
        bytes.putLong(at, source);
      }
      program.run(frame, 1);
      seen.merge(source, 1, Integer::sum);
    }
  }

  /// @param prefixes length, and how many bits a source loses by it
  private static void judge(
      FloodReport report, Map<Long, Integer> seen, Map<Integer, Integer> prefixes) {
    double all = seen.values().stream().mapToInt(count -> count).sum();
    int wanted = 0;
    int named = 0;
    int within = 0;
    for (var prefix : prefixes.entrySet()) {
      Map<Long, Integer> sums = new HashMap<>();
      seen.forEach(
          (source, count) -> sums.merge(source >>> prefix.getValue(), count, Integer::sum));
      var shares = named(report, prefix.getKey());
      for (var sum : sums.entrySet()) {
        double share = sum.getValue() / all;
        var found = shares.get(address(sum.getKey() << prefix.getValue(), prefix.getKey()));
        if (share >= FloodReport.NAMED) {
          wanted++;
          named += found == null ? 0 : 1;
          within +=
              found != null && Math.abs(found.share() - share) <= found.error() + 1e-9 ? 1 : 0;
        }
      }
    }
    assertThat(wanted).isGreaterThanOrEqualTo(16);
    assertThat(named / (double) wanted).as("recall of %d", wanted).isGreaterThanOrEqualTo(0.95);
    // Each of them 19 times of 20, but a prefix errs together with the sources it holds.
    assertThat(within / (double) wanted).as("of %d within error", wanted).isGreaterThan(0.6);
  }

  private static Map<InetAddress, Share> named(FloodReport report, int prefix) {
    return report.shares().stream()
        .filter(share -> share.prefix().prefix() == prefix)
        .collect(Collectors.toMap(share -> share.prefix().address(), share -> share));
  }

  private static InetAddress address(long source, int prefix) {
    try {
      return InetAddress.getByAddress(
          prefix > 32
              ? ByteBuffer.allocate(16).putLong(source).array()
              : ByteBuffer.allocate(4).putInt((int) source).array());
    } catch (java.net.UnknownHostException e) {
      throw new AssertionError(e);
    }
  }
}
