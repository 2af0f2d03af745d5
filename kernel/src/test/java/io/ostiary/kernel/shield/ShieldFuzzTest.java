package io.ostiary.kernel.shield;

import static io.ostiary.kernel.shield.ShieldKit.allow;
import static io.ostiary.kernel.shield.ShieldKit.ban;
import static io.ostiary.kernel.shield.ShieldKit.cidrs;
import static io.ostiary.kernel.shield.ShieldKit.deny;
import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.KernelRule.Protocol;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Frames of chance against the slow model: the program never aborts, and both always agree.
/// Seeded, so that what fails once fails again.
final class ShieldFuzzTest {
  private static final RuleSetSource RULES =
      new RuleSetSource(
          List.of(
              deny("0.0.0.0/1 8000::/1", ""),
              allow("0.0.0.0/2 c000::/2", "1-32767", Protocol.TCP),
              deny("128.0.0.0/2", "1024-65535", Protocol.UDP, Protocol.ICMP),
              deny("", "77")),
          List.of(ban("192.0.0.0/3"), ban("4000::/3")),
          cidrs("224.0.0.0/3 2000::/4"),
          new RuleSetSource.Sessions(Set.copyOf(cidrs("0.0.0.0/0 ::/0")), Set.of(5, 77)),
          false);

  private Shield shield;
  private int compared;

  @BeforeEach
  void load() throws Exception {
    shield = ShieldKit.load();
    assertThat(shield.install(RULES)).isEmpty();
  }

  @AfterEach
  void close() {
    if (shield != null) {
      shield.close();
    }
  }

  @Test
  void agreesOnRandomBytesOfEveryLength() throws Exception {
    var random = new Random(1);
    for (int length = 15; length <= 2048; length += length < 300 ? 1 : 19) {
      for (int turn = 0; turn < 20; turn++) {
        var frame = new byte[length];
        random.nextBytes(frame);
        shape(frame, random);
        compare(frame);
      }
    }
  }

  @Test
  void agreesOnSoundFramesWithOneByteChanged() throws Exception {
    var random = new Random(2);
    for (int turn = 0; turn < 8000; turn++) {
      var frame = RandomFrames.sound(random);
      if (turn % 4 != 0) {
        frame[random.nextInt(frame.length)] = (byte) random.nextInt();
      }
      compare(frame);
    }
  }

  @Test
  void agreesOnRulesOfChanceAndCountsEachOfThem() throws Exception {
    for (int count : new int[] {1, 5, 30, 64, 65, 130, 300, 448}) {
      long seed = 100 + count;
      var random = new Random(seed);
      var chance = new RandomRules(random);
      var source = chance.source(count);
      for (int turn = 0; turn < 4; turn++) {
        agreeAndCount(source, random, "seed " + seed + ", turn " + turn);
        if (source.rules().size() < RuleTables.RULES_MAX) {
          source = chance.changed(source);
        }
      }
    }
  }

  /// Whether each rule's counter grows by what the model says that it decides.
  private void agreeAndCount(RuleSetSource source, Random random, String what) throws Exception {
    assertThat(shield.install(source)).as(what).isEmpty();
    var model = new SlowClassifier(source);
    var expected = new long[source.rules().size()];
    var before = shield.ruleHits();
    for (int i = 0; i < 400; i++) {
      var frame = RandomFrames.sound(random);
      if (random.nextInt(4) == 0) {
        frame[random.nextInt(frame.length)] = (byte) random.nextInt();
      }
      int rule = model.verdict(frame).rule();
      if (rule >= 0) {
        expected[rule]++;
      }
      compare(frame, model);
    }
    var after = shield.ruleHits();
    for (int rule = 0; rule < expected.length; rule++) {
      assertThat(after.get(rule).packets() - before.get(rule).packets())
          .as("%s: hits of rule %d, %s", what, rule, source.rules().get(rule))
          .isEqualTo(expected[rule]);
    }
  }

  private void compare(byte[] frame) throws Exception {
    compare(frame, new SlowClassifier(RULES));
  }

  private void compare(byte[] frame, SlowClassifier model) throws Exception {
    if (compared++ % 64 == 0) {
      shield.beat();
    }
    var expected = model.judge(frame);
    assertThat(shield.testRun("shield_xdp").run(frame, 1).verdict())
        .as("%s, %s for %s", expected, model.verdict(frame), HexFormat.of().formatHex(frame))
        .isEqualTo(expected == DropReason.PASSED ? ShieldKit.XDP_PASS : ShieldKit.XDP_DROP);
  }

  /// Enough order that chance gets past the first header.
  private static void shape(byte[] frame, Random random) {
    int at = 12;
    for (int tags = random.nextInt(4); tags > 0 && at + 8 < frame.length; tags--, at += 4) {
      frame[at] = (byte) 0x81;
      frame[at + 1] = 0;
    }
    boolean six = random.nextBoolean();
    int length = frame.length - at - 2 - (six ? 40 : 0);
    if (at + 10 > frame.length || random.nextInt(10) == 0) {
      return;
    }
    frame[at] = (byte) (six ? 0x86 : 0x08);
    frame[at + 1] = (byte) (six ? 0xdd : 0);
    frame[at + 2] = (byte) (six ? 0x60 : 0x45 + (random.nextInt(4) == 0 ? 2 : 0));
    int field = at + 2 + (six ? 4 : 2);
    length = random.nextInt(3) == 0 ? random.nextInt(1 + Math.max(0, length)) : length;
    frame[field] = (byte) (length >> 8);
    frame[field + 1] = (byte) length;
    var kinds = new int[] {0, 43, 44, 51, 60, 6, 17, 1, 58, 6, 17};
    for (int i = at + 8; i < frame.length && six; i++) {
      if (random.nextInt(3) == 0) {
        frame[i] = (byte) (random.nextBoolean() ? 0 : kinds[random.nextInt(kinds.length)]);
      }
    }
    if (!six && at + 12 < frame.length && random.nextInt(3) > 0) {
      frame[at + 8] = 0;
      frame[at + 9] = 0;
      frame[at + 11] = (byte) kinds[random.nextInt(kinds.length)];
    }
    if (six) {
      frame[at + 8] = (byte) kinds[random.nextInt(kinds.length)];
    }
  }
}
