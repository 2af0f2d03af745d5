package io.ostiary.kernel.shield;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.IcmpType;
import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelRule.PortRange;
import io.ostiary.model.KernelRule.Protocol;
import io.ostiary.model.KernelRule.TcpFlags;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;

/// Rules of chance that ask for every field there is. What they name is broad, so that packets of
/// chance meet them.
final class RandomRules {
  private static final List<String> BLOCKS =
      List.of(
          "0.0.0.0/1",
          "64.0.0.0/2",
          "128.0.0.0/2",
          "10.0.0.0/8",
          "198.18.0.0/15",
          "198.18.0.1",
          "198.18.0.0/25",
          "77.0.2.0/24",
          "::/1",
          "8000::/1",
          "4000::/3",
          "2001:db8:ffff::/48",
          "2001:db8:ffff::1",
          "c000::/2",
          "0.0.0.0/0",
          "200.0.2.1");

  private final Random random;

  RandomRules(Random random) {
    this.random = random;
  }

  RuleSetSource source(int count) {
    var rules = new ArrayList<KernelRule>();
    for (int i = 0; i < count; i++) {
      rules.add(rule());
    }
    return new RuleSetSource(
        rules,
        Map.of("some", blocks(1), "more", blocks(3)),
        List.of(),
        rarely(() -> List.of(block()), List.of()),
        RuleSetSource.Sessions.NONE,
        false);
  }

  /// The same set but for one rule.
  RuleSetSource changed(RuleSetSource source) {
    var rules = new ArrayList<>(source.rules());
    int at = random.nextInt(rules.size() + 1);
    switch (rules.isEmpty() ? 0 : random.nextInt(3)) {
      case 0 -> rules.add(at, rule());
      case 1 -> rules.remove(Math.min(at, rules.size() - 1));
      default -> rules.set(Math.min(at, rules.size() - 1), rule());
    }
    return new RuleSetSource(
        rules,
        Map.of("some", blocks(1), "more", source.sets().get("more")),
        List.of(),
        source.management(),
        source.sessions(),
        false);
  }

  private KernelRule rule() {
    var match = match();
    return switch (random.nextInt(5)) {
      case 0 -> new KernelRule.Allow(match);
      case 1 -> new KernelRule.Limit(match, 100_000_000);
      default -> new KernelRule.Deny(match);
    };
  }

  private Match match() {
    var protocols = rarely(() -> Set.of(pick(Protocol.values())), Set.<Protocol>of());
    boolean tcp = protocols.equals(Set.of(Protocol.TCP));
    boolean icmp = protocols.equals(Set.of(Protocol.ICMP));
    boolean ports = protocols.isEmpty() || tcp || protocols.contains(Protocol.UDP);
    return new Match(
        random.nextBoolean() ? blocks(1 + random.nextInt(3)) : List.of(),
        rarely(() -> List.of(random.nextBoolean() ? "some" : "more"), List.of()),
        rarely(() -> blocks(2), List.of()),
        rarely(() -> List.of("some"), List.of()),
        ports ? rarely(() -> List.of(ports()), List.of()) : List.of(),
        ports ? rarely(() -> List.of(ports(), ports()), List.of()) : List.of(),
        protocols,
        tcp ? rarely(this::flags, TcpFlags.ANY) : TcpFlags.ANY,
        icmp ? rarely(this::types, Set.of()) : Set.of(),
        rarely(() -> Set.of(random.nextInt(4) == 0 ? "absent0" : "lo"), Set.of()),
        rarely(() -> Set.of(1 + random.nextInt(3), 5 + random.nextInt(4000)), Set.of()));
  }

  private TcpFlags flags() {
    int set = 1 << random.nextInt(5);
    return new TcpFlags(set, random.nextInt(64) & ~set);
  }

  private Set<IcmpType> types() {
    var types = new HashSet<IcmpType>();
    for (int i = 0; i < 20; i++) {
      types.add(new IcmpType(random.nextInt(140), random.nextInt(141) - 1));
    }
    return types;
  }

  private PortRange ports() {
    int first = 1 + random.nextInt(65_535);
    return new PortRange(first, first + random.nextInt(65_536 - first));
  }

  private List<Cidr> blocks(int count) {
    var blocks = new ArrayList<Cidr>();
    for (int i = 0; i < count; i++) {
      blocks.add(block());
    }
    return blocks;
  }

  private Cidr block() {
    return Cidr.parse(BLOCKS.get(random.nextInt(BLOCKS.size())));
  }

  private <T> T pick(T[] values) {
    return values[random.nextInt(values.length)];
  }

  private <T> T rarely(Supplier<T> make, T otherwise) {
    return random.nextInt(4) == 0 ? make.get() : otherwise;
  }
}
