package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class CidrSetTest {
  @Test
  void holdsWhatOneOfItsBlocksHolds() {
    var random = new Random(11);
    var blocks = new ArrayList<Cidr>();
    for (int i = 0; i < 300; i++) {
      blocks.add(block(random));
    }
    var set = new CidrSet(blocks);
    for (int i = 0; i < 20_000; i++) {
      var address = i % 2 == 0 ? block(random).address() : blocks.get(i % 300).address();
      assertThat(set.contains(address))
          .as("%s", address)
          .isEqualTo(blocks.stream().anyMatch(block -> block.contains(address)));
    }
    assertThat(new CidrSet(List.of()).contains(InetAddress.ofLiteral("::1"))).isFalse();
    assertThat(new CidrSet(List.of(Cidr.parse("0.0.0.0/0"))).contains(InetAddress.ofLiteral("::1")))
        .isFalse();
  }

  /// Near others, so that many addresses lie in some block.
  private static Cidr block(Random random) {
    return random.nextBoolean()
        ? Cidr.parse("10.0.%d.%d".formatted(random.nextInt(16), random.nextInt(16) * 16))
        : Cidr.parse(
            random.nextBoolean()
                ? "10.0.%d.0/24".formatted(random.nextInt(16))
                : "2001:db8:0:%x::/64".formatted(random.nextInt(64)));
  }
}
