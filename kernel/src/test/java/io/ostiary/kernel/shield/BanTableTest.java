package io.ostiary.kernel.shield;

import static io.ostiary.kernel.shield.Packets.syn4;
import static io.ostiary.kernel.shield.Packets.syn6;
import static io.ostiary.kernel.shield.ShieldKit.cidrs;
import static io.ostiary.kernel.shield.ShieldKit.rules;
import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Cidr;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class BanTableTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final BanAction DENY = new BanAction.Deny();

  private Shield shield;

  @BeforeEach
  void load() throws Exception {
    shield = ShieldKit.load();
    shield.beat();
    assertThat(shield.install(rules())).isEmpty();
  }

  @AfterEach
  void close() {
    if (shield != null) {
      shield.close();
    }
  }

  @Test
  void refusesWhoIsBannedUntilHeIsNot() throws Exception {
    var four = Cidr.parse("203.0.113.9");
    var six = Cidr.parse("2001:db8:a::/48");
    assertThat(shield.ban(four, MINUTE, DENY)).isEmpty();
    assertThat(shield.ban(six, MINUTE, DENY)).isEmpty();
    assertThat(passes(syn4("203.0.113.9", 80))).isFalse();
    assertThat(passes(syn4("203.0.113.10", 80))).isTrue();
    assertThat(passes(syn6("2001:db8:a:b::1", 80))).isFalse();
    assertThat(passes(syn6("2001:db8:b::1", 80))).isTrue();
    assertThat(shield.banned(four)).isEqualTo(new BanHits(1, 54));
    shield.unban(four);
    shield.unban(six);
    assertThat(passes(syn4("203.0.113.9", 80))).isTrue();
    assertThat(passes(syn6("2001:db8:a:b::1", 80))).isTrue();
  }

  @Test
  void endsByItself() throws Exception {
    assertThat(shield.ban(Cidr.parse("203.0.113.9"), Duration.ofMillis(300), DENY)).isEmpty();
    assertThat(passes(syn4("203.0.113.9", 80))).isFalse();
    Thread.sleep(400);
    assertThat(passes(syn4("203.0.113.9", 80))).isTrue();
  }

  @Test
  void holdsASharedAddressToARate() throws Exception {
    assertThat(shield.ban(Cidr.parse("203.0.113.0/24"), MINUTE, new BanAction.Limit(100)))
        .isEmpty();
    long start = System.nanoTime();
    shield.testRun("shield_xdp").run(syn4("203.0.113.9", 80), 5000);
    double seconds = (System.nanoTime() - start) / 1e9;
    long passed = 5000 - shield.banned(Cidr.parse("203.0.113.0/24")).packets();
    assertThat(passed).isBetween(10L, (long) (12 + 100 * seconds));
    assertThat(shield.counters(1).drops())
        .anySatisfy(drop -> {
          assertThat(drop.reason()).isEqualTo("ban-limit");
          assertThat(drop.packets()).isEqualTo(5000 - passed);
        });
  }

  @Test
  void letsTheLongestPrefixDecide() throws Exception {
    assertThat(shield.ban(Cidr.parse("203.0.113.0/24"), MINUTE, DENY)).isEmpty();
    assertThat(shield.ban(Cidr.parse("203.0.113.9"), MINUTE, new BanAction.Limit(1_000_000)))
        .isEmpty();
    assertThat(passes(syn4("203.0.113.9", 80))).isTrue();
    assertThat(passes(syn4("203.0.113.8", 80))).isFalse();
  }

  @Test
  void sparesManagement() throws Exception {
    var spared =
        new RuleSetSource(
            List.of(), List.of(), cidrs("203.0.113.7"), RuleSetSource.Sessions.NONE, false);
    assertThat(shield.install(spared)).isEmpty();
    assertThat(shield.ban(Cidr.parse("203.0.113.0/24"), MINUTE, DENY)).isEmpty();
    assertThat(passes(syn4("203.0.113.7", 80))).isTrue();
    assertThat(passes(syn4("203.0.113.8", 80))).isFalse();
  }

  @Test
  void followsTheListOfBans() throws Exception {
    var ban = ShieldKit.ban("203.0.113.9");
    var fast = Cidr.parse("203.0.113.10");
    assertThat(shield.ban(fast, MINUTE, DENY)).isEmpty();
    assertThat(shield.install(listing(List.of(ban)))).isEmpty();
    assertThat(passes(syn4("203.0.113.9", 80))).isFalse();
    assertThat(shield.install(listing(List.of()))).isEmpty();
    assertThat(passes(syn4("203.0.113.9", 80))).isTrue();
    assertThat(passes(syn4("203.0.113.10", 80))).isFalse();
  }

  private static RuleSetSource listing(List<io.ostiary.model.Ban> bans) {
    return new RuleSetSource(List.of(), bans, List.of(), RuleSetSource.Sessions.NONE, false);
  }

  @Test
  void saysWhatItCannotHold() throws Exception {
    assertThat(shield.ban(Cidr.parse("0.0.0.0/0"), MINUTE, DENY))
        .containsExactly("ban: 0.0.0.0/0 (expected: less than every address; write a deny rule)");
    for (int length = 25; length <= 32; length++) {
      assertThat(shield.ban(Cidr.parse("198.18.0.0/" + length), MINUTE, DENY)).isEmpty();
    }
    assertThat(shield.ban(Cidr.parse("198.18.0.0/24"), MINUTE, DENY))
        .containsExactly("ban: 198.18.0.0/24 (expected: prefixes of at most 8 different lengths)");
    shield.unban(Cidr.parse("198.18.0.0/25"));
    assertThat(shield.ban(Cidr.parse("198.18.0.0/24"), MINUTE, DENY)).isEmpty();
  }

  @Test
  void agreesWithASearchThroughAllBans() throws Exception {
    var random = new Random(21);
    var banned = new HashSet<Cidr>();
    for (int turn = 0; turn < 3000; turn++) {
      var source = Cidr.parse("198.18.%d.%d".formatted(random.nextInt(16), random.nextInt(256)));
      if (random.nextInt(3) == 0) {
        shield.unban(source);
        banned.remove(source);
      } else {
        assertThat(shield.ban(source, MINUTE, DENY)).isEmpty();
        banned.add(source);
      }
    }
    shield.beat();
    for (int host = 0; host < 4096; host++) {
      var source = "198.18.%d.%d".formatted(host >> 8, host & 255);
      assertThat(passes(syn4(source, 80)))
          .as(source)
          .isNotEqualTo(banned.contains(Cidr.parse(source)));
    }
  }

  private boolean passes(byte[] frame) throws Exception {
    return shield.testRun("shield_xdp").run(frame, 1).verdict() == ShieldKit.XDP_PASS;
  }
}
