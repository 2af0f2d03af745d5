package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Cidr;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AddressSetTest {
  @Test
  void agreesWithAskingEachBlock() throws UnknownHostException {
    var random = new Random(7);
    for (int round = 0; round < 200; round++) {
      var blocks = new ArrayList<Cidr>();
      for (int i = 0; i < 1 + round % 40; i++) {
        blocks.add(block(random));
      }
      var set = new AddressSet(blocks);
      for (int i = 0; i < 100; i++) {
        var address = InetAddress.getByAddress(bytes(random));
        assertThat(set.contains(address))
            .as("%s in %s", address, blocks)
            .isEqualTo(blocks.stream().anyMatch(block -> block.contains(address)));
      }
    }
  }

  /// Few distinct bytes, so that blocks nest and addresses hit.
  private static byte[] bytes(Random random) {
    var bytes = new byte[random.nextBoolean() ? 4 : 16];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (random.nextInt(4) == 0 ? 0x80 | random.nextInt(2) : 0);
    }
    bytes[0] = (byte) (random.nextBoolean() ? 198 : 32);
    return bytes;
  }

  private static Cidr block(Random random) throws UnknownHostException {
    var bytes = bytes(random);
    int prefix = random.nextInt(bytes.length * 8 + 1);
    for (int bit = prefix; bit < bytes.length * 8; bit++) {
      bytes[bit / 8] &= (byte) ~(0x80 >>> (bit % 8));
    }
    return new Cidr(InetAddress.getByAddress(bytes), prefix);
  }

  @Test
  void nothingHoldsNothing() {
    assertThat(new AddressSet(List.of()).isEmpty()).isTrue();
    assertThat(new AddressSet(List.of()).contains(InetAddress.ofLiteral("::1"))).isFalse();
  }
}
