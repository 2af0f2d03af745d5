package io.ostiary.kernel.shield;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.PacketView.RuleHits;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Rules that are exchanged for equal ones judge as before, and go on counting.
final class RehearsalTest {
  /// With one more as many lengths of IPv6 blocks as there is room for.
  private static final String SIXES =
      IntStream.range(0, AddressTable.LENGTHS6_MAX - 1)
          .mapToObj(i -> "2001:db8::/" + (32 + i))
          .collect(Collectors.joining(" "));

  private static boolean drops(Shield shield, byte[] frame) throws LibbpfException {
    shield.beat();
    return shield.testRun("shield_xdp").run(frame, 1).verdict() == ShieldKit.XDP_DROP;
  }

  @Test
  void judgesAndCountsAsBeforeInEachTurn() throws Exception {
    try (var shield = ShieldKit.load()) {
      var rules =
          ShieldKit.rules(
              ShieldKit.allow("203.0.113.7", "80"),
              ShieldKit.deny("203.0.113.0/24 255.255.255.0/24 0100::/8 " + SIXES, ""),
              ShieldKit.limit(1_000_000, "198.18.0.0/15", "80"));
      assertThat(shield.install(rules)).isEmpty();
      int turns = 6;
      for (int turn = 1; turn <= turns; turn++) {
        boolean spared = turn % 2 == 1;
        shield.rehearse(spared);
        assertThat(drops(shield, Packets.syn4("203.0.113.8", 80))).isTrue();
        assertThat(drops(shield, Packets.syn4("203.0.113.7", 80))).isFalse();
        assertThat(drops(shield, Packets.syn4("198.18.0.1", 80))).isFalse();
        assertThat(drops(shield, Packets.syn6("2001:db8::1", 80))).isTrue();
        assertThat(drops(shield, Packets.syn6("2001:db9::1", 80))).isFalse();
        assertThat(drops(shield, Packets.syn4("255.255.255.255", 80))).isEqualTo(!spared);
        assertThat(shield.ruleHits().stream().map(RuleHits::packets))
            .as("of each rule, after %d turns", turn)
            .containsExactly((long) turn, 2L * turn + turn / 2, (long) turn);
      }
      assertThat(drops(shield, Packets.syn6("100::1", 80))).as("all is taken back").isTrue();
      assertThat(shield.install(rules)).isEmpty();
      assertThat(drops(shield, Packets.syn4("255.255.255.255", 80))).isTrue();
    }
  }

  @Test
  void spareNobodyOnceOtherRulesAreInForce() throws Exception {
    try (var shield = ShieldKit.load()) {
      shield.rehearse(true);
      assertThat(shield.install(ShieldKit.rules())).isEmpty();
      shield.rehearse(true);
      assertThat(shield.install(ShieldKit.rules(ShieldKit.deny("255.255.255.255", "80"))))
          .isEmpty();
      assertThat(drops(shield, Packets.syn4("255.255.255.255", 80))).isTrue();
      shield.rehearse(true);
      assertThat(drops(shield, Packets.syn4("255.255.255.255", 80))).isFalse();
      shield.rehearse(false);
      assertThat(drops(shield, Packets.syn4("255.255.255.255", 80))).isTrue();
    }
  }
}
