package io.ostiary.kernel.shield;

import static io.ostiary.kernel.shield.Packets.syn4;
import static io.ostiary.kernel.shield.Packets.syn6;
import static io.ostiary.kernel.shield.ShieldKit.XDP_DROP;
import static io.ostiary.kernel.shield.ShieldKit.XDP_PASS;
import static io.ostiary.kernel.shield.ShieldKit.ban;
import static io.ostiary.kernel.shield.ShieldKit.deny;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Those who are signed in keep their sessions, whatever rules and bans say.
final class OperatorTest {
  private static final RuleSetSource RULES =
      new RuleSetSource(
          List.of(deny("198.18.0.0/16 2001:db8::/32", "")),
          List.of(ban("198.18.0.3")),
          List.of(),
          RuleSetSource.Sessions.NONE,
          false);

  @Test
  void areSparedOnTheirPortAsLongAsTheyAreListed() throws Exception {
    try (var shield = ShieldKit.load()) {
      shield.beat();
      assertThat(shield.install(RULES)).isEmpty();
      assertThat(verdict(shield, syn4("198.18.0.2", 22))).isEqualTo(XDP_DROP);

      shield.spare(Set.of(operator("198.18.0.2"), operator("198.18.0.3"), operator("2001:db8::2")));
      assertThat(verdict(shield, syn4("198.18.0.2", 22))).isEqualTo(XDP_PASS);
      assertThat(verdict(shield, syn4("198.18.0.3", 22))).as("banned").isEqualTo(XDP_PASS);
      assertThat(verdict(shield, syn6("2001:db8::2", 22))).isEqualTo(XDP_PASS);
      assertThat(verdict(shield, syn4("198.18.0.2", 80))).isEqualTo(XDP_DROP);
      assertThat(verdict(shield, syn4("198.18.0.4", 22))).isEqualTo(XDP_DROP);

      shield.spare(Set.of(operator("198.18.0.3")));
      assertThat(verdict(shield, syn4("198.18.0.2", 22))).isEqualTo(XDP_DROP);
      assertThat(verdict(shield, syn4("198.18.0.3", 22))).isEqualTo(XDP_PASS);
    }
  }

  private static Operator operator(String address) {
    return new Operator(InetAddress.ofLiteral(address), 22);
  }

  private static int verdict(Shield shield, byte[] frame) throws Exception {
    return shield.testRun("shield_xdp").run(frame, 1).verdict();
  }
}
