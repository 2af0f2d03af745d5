package io.ostiary.kernel.shield;

import static io.ostiary.kernel.shield.Packets.IPV4;
import static io.ostiary.kernel.shield.Packets.TCP;
import static io.ostiary.kernel.shield.Packets.ethernet;
import static io.ostiary.kernel.shield.Packets.ip4;
import static io.ostiary.kernel.shield.Packets.syn4;
import static io.ostiary.kernel.shield.Packets.syn6;
import static io.ostiary.kernel.shield.Packets.tcp;
import static io.ostiary.kernel.shield.ShieldKit.match;
import static io.ostiary.kernel.shield.ShieldKit.rules;
import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.KernelRule.Counted;
import io.ostiary.model.KernelRule.Limit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Rates of connections and of blocks of sources, by BPF_PROG_TEST_RUN. One a second leaves no room
/// for the time that a test takes.
final class LimitTest {
  private Shield shield;

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

  private int passes(byte[] frame, int times) throws Exception {
    int passed = 0;
    for (int i = 0; i < times; i++) {
      passed += shield.testRun("shield_xdp").run(frame, 1).verdict() == ShieldKit.XDP_PASS ? 1 : 0;
    }
    return passed;
  }

  private void install(Limit... limits) throws Exception {
    assertThat(shield.install(rules(limits))).isEmpty();
  }

  private static byte[] data4(String source, int port) {
    return ethernet(IPV4, ip4(source, TCP, tcp(40_000, port, 16)));
  }

  @Test
  void countsNewConnectionsAndNotTheirPackets() throws Exception {
    install(new Limit(match("", "8080"), Counted.CONNECTIONS, 1, 32));
    assertThat(passes(syn4("198.18.1.1", 8080), 20)).isEqualTo(1);
    assertThat(passes(data4("198.18.1.1", 8080), 20)).isEqualTo(20);
    assertThat(passes(syn4("198.18.1.1", 8081), 20)).isEqualTo(20);
    assertThat(passes(syn4("198.18.1.2", 8080), 1)).isEqualTo(1);
    var drops = shield.counted(ShieldKit.LOOPBACK).counters().drops();
    assertThat(drops)
        .filteredOn(drop -> drop.reason().equals("limit-connections"))
        .singleElement()
        .satisfies(drop -> assertThat(drop.packets()).isEqualTo(19));
  }

  @Test
  void sharesTheRateOfABlock() throws Exception {
    install(new Limit(match("", "8080"), Counted.PACKETS, 1, 24));
    assertThat(passes(syn4("198.18.1.1", 8080), 2)).isEqualTo(1);
    assertThat(passes(syn4("198.18.1.2", 8080), 2)).isZero();
    assertThat(passes(syn4("198.18.2.2", 8080), 2)).isEqualTo(1);
    assertThat(passes(syn6("2001:db8:0:1::1", 8080), 2)).isEqualTo(1);
    assertThat(passes(syn6("2001:db8:0:ff::1", 8080), 2)).isZero();
    assertThat(passes(syn6("2001:db8:0:100::1", 8080), 2)).isEqualTo(1);
  }

  @Test
  void appliesBothKindsOfLimits() throws Exception {
    install(
        new Limit(match("", "8080"), Counted.CONNECTIONS, 1, 32),
        new Limit(match("", "8080"), Counted.PACKETS, 10, 32));
    assertThat(passes(syn4("198.18.1.1", 8080), 3)).isEqualTo(1);
    assertThat(passes(data4("198.18.1.1", 8080), 20)).isBetween(7, 8);
  }
}
