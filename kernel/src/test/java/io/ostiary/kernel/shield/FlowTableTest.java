package io.ostiary.kernel.shield;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Which flows of the meter have a place of their own.
final class FlowTableTest {
  private static final int ARP = 0x0806;
  private static final int TAGS = 64;
  private static final int ROUNDS = 10;

  /// They differ by their tag alone, since what is not IP has no addresses or ports for the meter.
  @Test
  void flowsThatAreNotIpDoNotDisplaceEachOtherByTheirTags() throws Exception {
    try (var shield = ShieldKit.load()) {
      var program = shield.testRun("shield_xdp");
      for (int round = 0; round < ROUNDS; round++) {
        for (int tag = 1; tag <= TAGS; tag++) {
          program.run(Packets.tagged(new int[] {Packets.VLAN, tag}, ARP, new byte[46]), 1);
        }
      }
      var flows = shield.flows(1000);
      var whole = flows.stream().filter(flow -> flow.packets() == ROUNDS).toList();
      // By chance two of them may meet in one of some thousand places; eight pairs do not.
      assertThat(whole.stream().map(MeteredFlow::vlan).collect(Collectors.toSet()))
          .hasSize(whole.size())
          .hasSizeGreaterThan(TAGS - 16);
      assertThat(flows).allMatch(flow -> flow.family() == 0);
      var totals = shield.totals();
      assertThat(
              flows.stream().mapToLong(MeteredFlow::packets).sum()
                  + totals.evictedPackets()
                  + totals.unlistedPackets())
          .isEqualTo(totals.packets())
          .isEqualTo(ROUNDS * TAGS);
    }
  }
}
