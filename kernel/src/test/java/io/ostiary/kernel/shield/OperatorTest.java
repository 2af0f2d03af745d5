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

  /// A test run's packet comes in by loopback.
  @Test
  void theControlPlaneCanAlwaysBeAskedOnLoopback() throws Exception {
    var rules =
        new RuleSetSource(
            List.of(deny("", "1-65535")), List.of(), List.of(), RuleSetSource.Sessions.NONE, false);
    try (var shield = ShieldKit.load()) {
      shield.beat();
      assertThat(shield.install(rules)).isEmpty();
      var toIt = syn4("127.0.0.1", 9080);
      var answer = Packets.ethernet(0x800, Packets.ip4("127.0.0.1", 6, Packets.tcp(9080, 41_000)));
      assertThat(verdict(shield, toIt)).isEqualTo(XDP_DROP);
      assertThat(verdict(shield, answer)).isEqualTo(XDP_DROP);
      shield.spare(Set.of(new Operator(InetAddress.ofLiteral("::"), 9080)));
      assertThat(verdict(shield, toIt)).isEqualTo(XDP_PASS);
      assertThat(verdict(shield, answer)).isEqualTo(XDP_PASS);
      assertThat(verdict(shield, syn4("127.0.0.1", 9081))).isEqualTo(XDP_DROP);
    }
  }

  private static Operator operator(String address) {
    return new Operator(InetAddress.ofLiteral(address), 22);
  }

  private static int verdict(Shield shield, byte[] frame) throws Exception {
    return shield.testRun("shield_xdp").run(frame, 1).verdict();
  }
}
