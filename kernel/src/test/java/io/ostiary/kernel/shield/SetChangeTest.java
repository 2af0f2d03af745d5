package io.ostiary.kernel.shield;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Sets whose blocks come and go while the rules stay, which then are not written anew. After each
/// change packets are judged as the slow model does, and counters go on.
final class SetChangeTest {
  private static final int CHANGES = 400;

  private static KernelRule.Match match(String from, String to) {
    return new KernelRule.Match(
        List.of(),
        List.of(from),
        List.of(),
        to.isEmpty() ? List.of() : List.of(to),
        List.of(),
        List.of(),
        Set.of(),
        KernelRule.TcpFlags.ANY,
        Set.of(),
        Set.of(),
        Set.of());
  }

  private static RuleSetSource source(Map<String, List<Cidr>> sets, boolean dryRun) {
    return new RuleSetSource(
        List.of(
            new KernelRule.Allow(match("good", "")),
            new KernelRule.Deny(match("bad", "")),
            new KernelRule.Deny(match("more", "here"))),
        sets,
        List.of(),
        List.of(),
        RuleSetSource.Sessions.NONE,
        dryRun);
  }

  /// Of few addresses, so that blocks hold one another and lengths come and go.
  private static Cidr block(Random random) throws Exception {
    boolean six = random.nextInt(3) == 0;
    var address = new byte[six ? 16 : 4];
    address[0] = (byte) (six ? 0x20 : 198);
    address[1] = (byte) random.nextInt(2);
    address[address.length - 1] = (byte) random.nextInt(4);
    int length = six ? new int[] {20, 33, 64, 127, 128}[random.nextInt(5)] : 9 + random.nextInt(24);
    for (int bit = length; bit < address.length * 8; bit++) {
      address[bit / 8] &= (byte) ~(0x80 >> bit % 8);
    }
    return new Cidr(InetAddress.getByAddress(address), length);
  }

  @Test
  void judgesAsTheModelAfterEachChange() throws Exception {
    var random = new Random(17);
    var sets = new java.util.TreeMap<String, List<Cidr>>();
    for (var name : List.of("good", "bad", "more", "here")) {
      sets.put(name, new ArrayList<>(List.of(Cidr.parse("192.0.2.0/24"))));
    }
    long dropped = 0;
    long counted = 0;
    try (var shield = ShieldKit.load()) {
      for (int change = 0; change < CHANGES; change++) {
        var names = List.copyOf(sets.keySet());
        var name = names.get(random.nextInt(4));
        var changed = new ArrayList<>(sets.get(name));
        if (random.nextInt(5) < 2 && changed.size() > 1) {
          changed.remove(1 + random.nextInt(changed.size() - 1));
        } else {
          var one = block(random);
          if (!changed.contains(one)) {
            changed.add(one);
          }
        }
        sets.put(name, changed);
        // Now and then the rules change as well.
        var source = source(Map.copyOf(sets), change % 50 == 49);
        assertThat(shield.install(source)).as("change %d", change).isEmpty();
        shield.beat();
        var model = new SlowClassifier(source);
        var run = shield.testRun("shield_xdp");
        for (int i = 0; i < 12; i++) {
          var from = block(random).address();
          var frame =
              from.getAddress().length == 4
                  ? Packets.syn4(from.getHostAddress(), 80)
                  : Packets.syn6(from.getHostAddress(), 80);
          boolean drops = model.judge(frame) != DropReason.PASSED;
          dropped += drops ? 1 : 0;
          assertThat(run.run(frame, 1).verdict())
              .as("change %d: %s in %s", change, from, sets)
              .isEqualTo(drops && !source.dryRun() ? ShieldKit.XDP_DROP : ShieldKit.XDP_PASS);
        }
      }
      for (var hits : shield.ruleHits()) {
        counted += hits.rule() == 0 ? 0 : hits.packets();
      }
    }
    assertThat(dropped).isGreaterThan(300);
    assertThat(counted).as("counters go on through all changes").isEqualTo(dropped);
  }
}
