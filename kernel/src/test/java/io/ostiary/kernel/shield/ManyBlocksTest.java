package io.ostiary.kernel.shield;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Cidr;
import io.ostiary.model.CidrList;
import io.ostiary.model.KernelRule;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Sets with as many blocks as a list may have, and with more than the tables take.
final class ManyBlocksTest {
  /// Every ninth /24 from this address on.
  private static List<Cidr> million(int first) throws IOException {
    var text = new StringBuilder();
    for (int i = 0; i < CidrList.BLOCKS_MAX; i++) {
      int address = first + (i * 9 << 8);
      text.append(address >>> 24).append('.').append(address >> 16 & 255).append('.');
      text.append(address >> 8 & 255).append(".0/24\n");
    }
    var list = CidrList.read("list", new BufferedReader(new StringReader(text.toString())));
    assertThat(list.faults()).isEmpty();
    return list.blocks();
  }

  private static RuleSetSource denied(Map<String, List<Cidr>> sets) {
    return new RuleSetSource(
        sets.keySet().stream().sorted().map(ManyBlocksTest::deny).toList(),
        sets,
        List.of(),
        List.of(),
        RuleSetSource.Sessions.NONE,
        false);
  }

  private static KernelRule deny(String set) {
    return new KernelRule.Deny(
        new KernelRule.Match(
            List.of(),
            List.of(set),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            Set.of(),
            KernelRule.TcpFlags.ANY,
            Set.of(),
            Set.of(),
            Set.of()));
  }

  @Test
  void takesAMillionBlocksAndAnotherMillionInTheirPlaceAndRefusesBoth() throws Exception {
    var one = million(0x01000000);
    var other = million(0x01000400);
    try (var shield = ShieldKit.load()) {
      assertThat(shield.install(denied(Map.of("a", one)))).isEmpty();
      shield.beat();
      assertThat(isDropped(shield, "1.0.9.77")).isTrue();
      assertThat(isDropped(shield, "1.0.4.77")).isFalse();

      assertThat(shield.install(denied(Map.of("a", other)))).isEmpty();
      shield.beat();
      assertThat(isDropped(shield, "1.0.4.77")).isTrue();
      assertThat(isDropped(shield, "1.0.9.77")).isFalse();

      assertThat(shield.install(denied(Map.of("a", one, "b", other))))
          .containsExactly(
              "kernel.rules: 2,000,000 blocks of sources, those of sets included (expected: at most"
                  + " 1,100,000)");
      shield.beat();
      assertThat(isDropped(shield, "1.0.4.77")).as("as before").isTrue();
      assertThat(isDropped(shield, "1.0.9.77")).as("as before").isFalse();
    }
  }

  private static boolean isDropped(Shield shield, String source) throws Exception {
    var frame = Packets.syn4(source, 80);
    return shield.testRun("shield_xdp").run(frame, 1).verdict() == ShieldKit.XDP_DROP;
  }
}
