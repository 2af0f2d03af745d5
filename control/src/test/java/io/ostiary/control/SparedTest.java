package io.ostiary.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Cidr;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Who is never banned.
class SparedTest {
  @Test
  void areThoseWhoComeOverUnixSocketsAlsoInABlock() {
    var own = new OwnAddresses();
    for (var block : List.of("0.0.0.0", "0.0.0.0/8", "0.0.0.0/0")) {
      assertThat(Spared.why(Cidr.parse(block), own, null)).as(block).contains("Unix socket");
    }
    assertThat(Spared.why(Cidr.parse("203.0.113.7"), own, null)).isNull();
  }
}
