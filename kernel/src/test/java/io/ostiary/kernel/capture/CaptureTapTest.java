package io.ostiary.kernel.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.capture.CapturedPacket.Verdict;
import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.kernel.shield.RuleSetSource;
import io.ostiary.kernel.shield.Shield;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The real program, packets by BPF_PROG_TEST_RUN, and what the ring then holds.
final class CaptureTapTest {
  private Shield shield;
  private CaptureTap tap;

  @BeforeEach
  void load() throws Exception {
    try {
      shield = Shield.load();
    } catch (LibbpfException e) {
      Assumptions.assumeFalse(e.isRefused(), "needs root: " + e.getMessage());
      throw e;
    }
    tap = shield.captures();
  }

  @AfterEach
  void close() {
    if (shield != null) {
      shield.close();
    }
  }

  /// A UDP datagram in IPv4, with a payload of random bytes.
  private static byte[] udp(String source, int from, int to, int payload) {
    var bytes = new byte[14 + 20 + 8 + payload];
    new Random(payload).nextBytes(bytes);
    var frame = ByteBuffer.wrap(bytes);
    frame.putShort(12, (short) 0x0800).put(14, (byte) 0x45).putShort(16, (short) (28 + payload));
    frame.putShort(20, (short) 0).put(23, (byte) 17).putInt(30, 0xc612_0001);
    frame.put(26, Cidr.parse(source).address().getAddress());
    frame.putShort(34, (short) from).putShort(36, (short) to).putShort(38, (short) (8 + payload));
    return bytes;
  }

  private void send(byte[] frame) throws LibbpfException {
    shield.testRun("shield_xdp").run(frame, 1);
  }

  private static List<CapturedPacket> drain(PacketRing.Cursor cursor) {
    var packets = new ArrayList<CapturedPacket>();
    cursor.drain(packets::add);
    return packets;
  }

  @Test
  void takesNothingWhileNobodyAsks() throws Exception {
    var cursor = tap.ring().oldest();
    send(udp("198.18.0.2", 4000, 9, 10));
    assertThat(drain(cursor)).isEmpty();
  }

  @Test
  void copiesPacketsByteForByteUpToTheSnapLength() throws Exception {
    var cursor = tap.ring().newest();
    int number = tap.start(CaptureFilter.all(CaptureMemory.LARGE)).orElseThrow();
    long before = System.nanoTime();
    var sizes = List.of(0, 1, 7, 8, 100, 1400, 1990, 2006, 2007, 2100, 3000);
    for (int size : sizes) {
      send(udp("198.18.0.2", 4000, 9, size));
    }
    tap.stop(number);
    send(udp("198.18.0.2", 4000, 9, 5));
    var packets = drain(cursor);
    assertThat(packets).hasSize(sizes.size());
    for (int i = 0; i < sizes.size(); i++) {
      var packet = packets.get(i);
      assertThat(packet.bytes()).isEqualTo(udp("198.18.0.2", 4000, 9, sizes.get(i)));
      assertThat(packet.wire()).isEqualTo(packet.bytes().length);
      assertThat(packet.nanos()).isBetween(before, System.nanoTime());
      assertThat(packet.verdict()).isEqualTo(Verdict.PASSED);
      assertThat(packet.rule()).isEqualTo(CapturedPacket.NO_RULE);
      assertThat(packet.captures()).isEqualTo(1 << number);
      assertThat(packet.out()).isFalse();
    }
    assertThat(tap.taken(number)).isEqualTo(sizes.size());
  }

  @Test
  void cutsAtTheSnapLengthOfTheCaptureThatWantsMost() throws Exception {
    var cursor = tap.ring().newest();
    int small = tap.start(CaptureFilter.all(60)).orElseThrow();
    int large = tap.start(only("198.18.0.3/32", List.of(), 100)).orElseThrow();
    send(udp("198.18.0.2", 4000, 9, 200));
    send(udp("198.18.0.3", 4000, 9, 200));
    var packets = drain(cursor);
    assertThat(packets).extracting(packet -> packet.bytes().length).containsExactly(60, 100);
    assertThat(packets)
        .extracting(CapturedPacket::captures)
        .containsExactly(1 << small, 1 << small | 1 << large);
    assertThat(packets.getLast().wire()).isEqualTo(242);
  }

  private static CaptureFilter only(String peer, List<Integer> ports, int snap) {
    var all = CaptureFilter.all(snap);
    return new CaptureFilter(
        Cidr.parse(peer),
        ports,
        0,
        0,
        all.verdicts(),
        Set.of(),
        CapturedPacket.NO_RULE,
        0,
        true,
        true,
        snap,
        1);
  }

  @Test
  void choosesBySourceAndPort() throws Exception {
    var cursor = tap.ring().newest();
    tap.start(only("198.18.4.0/23", List.of(53, 80), 64));
    send(udp("198.18.5.255", 4000, 80, 1));
    send(udp("198.18.6.0", 4000, 80, 2));
    send(udp("198.18.4.1", 53, 1000, 3));
    send(udp("198.18.4.1", 4000, 81, 4));
    assertThat(drain(cursor)).extracting(CapturedPacket::wire).containsExactly(43, 45);
  }

  @Test
  void saysWhatWasDroppedAndWhy() throws Exception {
    var deny =
        new KernelRule.Deny(
            new KernelRule.Match(List.of(Cidr.parse("198.18.9.0/24")), List.of(), Set.of()));
    var rules =
        new RuleSetSource(List.of(deny), List.of(), List.of(), RuleSetSource.Sessions.NONE, false);
    assertThat(shield.install(rules)).isEmpty();
    shield.beat();
    var cursor = tap.ring().newest();
    var all = CaptureFilter.all(64);
    tap.start(
        new CaptureFilter(
            null, List.of(), 0, 0, Set.of(Verdict.DROPPED), Set.of(1), 0, 0, true, true, 64, 1));
    int both = tap.start(all).orElseThrow();
    send(udp("198.18.9.1", 4000, 9, 1));
    send(udp("198.18.8.1", 4000, 9, 1));
    var packets = drain(cursor);
    assertThat(packets)
        .extracting(CapturedPacket::verdict)
        .containsExactly(Verdict.DROPPED, Verdict.PASSED);
    assertThat(packets.getFirst().reason()).isEqualTo(1);
    assertThat(packets.getFirst().rule()).isZero();
    assertThat(packets.getFirst().captures()).isEqualTo(1 << both | 1 << both - 1);
    assertThat(packets.getLast().captures()).isEqualTo(1 << both);
  }

  @Test
  void holdsTheNewestWhenTheRingIsFullAndCountsAll() throws Exception {
    var cursor = tap.ring().newest();
    int number = tap.start(CaptureFilter.all(CaptureMemory.LARGE)).orElseThrow();
    int sent = 12_000;
    for (int i = 0; i < sent; i++) {
      send(udp("198.18.0.2", i % 60_000 + 1, 9, 1300));
    }
    var packets = drain(cursor);
    assertThat(tap.taken(number)).isEqualTo(sent);
    assertThat(packets.size()).isBetween(2_000, sent - 1);
    var last = new TreeMap<Long, byte[]>();
    packets.forEach(packet -> last.put(packet.nanos(), packet.bytes()));
    assertThat(last.lastEntry().getValue())
        .isEqualTo(udp("198.18.0.2", (sent - 1) % 60_000 + 1, 9, 1300));
    for (var packet : packets) {
      assertThat(Arrays.copyOfRange(packet.bytes(), 42, 1342))
          .isEqualTo(Arrays.copyOfRange(udp("198.18.0.2", 1, 9, 1300), 42, 1342));
    }
    assertThat(drain(cursor)).isEmpty();
  }

  @Test
  void keepsTheLastSecondsWithinTheirBudget() throws Exception {
    tap.keepLast(3600, 128);
    for (int i = 0; i < 100; i++) {
      send(udp("198.18.0.2", 4000, 9, 300));
    }
    var packets = drain(tap.ring().oldest());
    assertThat(packets).isNotEmpty();
    assertThat(packets).allMatch(packet -> packet.captures() == 1 && packet.bytes().length == 128);
    assertThat(packets.size() + tap.lastSecondsSkipped()).isEqualTo(100);
    tap.keepLast(0, 128);
    var cursor = tap.ring().newest();
    send(udp("198.18.0.2", 4000, 9, 300));
    assertThat(drain(cursor)).isEmpty();
  }

  @Test
  void runsThreeAtOnceAndNoMore() {
    for (int i = 0; i < CaptureTap.CAPTURES_MAX; i++) {
      assertThat(tap.start(CaptureFilter.all(64))).isPresent();
    }
    assertThat(tap.start(CaptureFilter.all(64))).isEmpty();
    tap.stop(2);
    assertThat(tap.start(CaptureFilter.all(64))).hasValue(2);
  }

  @Test
  void takesOneOfSoMany() throws Exception {
    var all = CaptureFilter.all(64);
    var cursor = tap.ring().newest();
    tap.start(
        new CaptureFilter(
            null,
            List.of(),
            0,
            0,
            all.verdicts(),
            Set.of(),
            CapturedPacket.NO_RULE,
            0,
            true,
            true,
            64,
            10));
    for (int i = 0; i < 2000; i++) {
      send(udp("198.18.0.2", 4000, 9, 30));
    }
    assertThat(drain(cursor).size()).isBetween(100, 320);
  }
}
