package io.ostiary.kernel.shield;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Match;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The compiled tables, read as the program reads them, against a scan over all prefixes.
final class RuleCompilerTest {
  @Test
  void givesEachAddressTheRulesThatHoldIt() throws Exception {
    var random = new Random(11);
    for (int turn = 0; turn < 300; turn++) {
      var rules = randomRules(random);
      var source =
          new RuleSetSource(rules, List.of(), List.of(), RuleSetSource.Sessions.NONE, false);
      if (!(RuleCompiler.compile(source) instanceof RuleCompiler.Outcome.Compiled(var tables))) {
        continue;
      }
      for (int probe = 0; probe < 300; probe++) {
        var address = address(random, rules);
        assertThat(mask(tables, address))
            .as("turn %d, %s", turn, InetAddress.getByAddress(address))
            .isEqualTo(slowMask(rules, address));
      }
    }
  }

  /// A rule for each bit, so that bit n means rule n: they differ in their ports.
  private static List<KernelRule> randomRules(Random random) throws UnknownHostException {
    var rules = new ArrayList<KernelRule>();
    int count = 1 + random.nextInt(6);
    for (int i = 0; i < count; i++) {
      var from = new ArrayList<Cidr>();
      for (int cidrs = random.nextInt(12); cidrs > 0; cidrs--) {
        from.add(randomCidr(random));
      }
      rules.add(
          new KernelRule.Deny(
              new Match(from, List.of(new KernelRule.PortRange(i + 1, i + 1)), Set.of())));
    }
    return rules;
  }

  /// Close together, so that they overlap.
  private static Cidr randomCidr(Random random) throws UnknownHostException {
    boolean four = random.nextBoolean();
    int bits = four ? 32 : 128;
    int[] lengths =
        four
            ? new int[] {0, 7, 8, 15, 16, 17, 20, 23, 24, 25, 28, 31, 32}
            : new int[] {0, 3, 32, 33, 48, 64, 65, 96, 127, 128};
    int length = lengths[random.nextInt(lengths.length)];
    var bytes = near(random, bits / 8);
    for (int bit = length; bit < bits; bit++) {
      bytes[bit / 8] &= (byte) ~(0x80 >> (bit % 8));
    }
    return new Cidr(InetAddress.getByAddress(bytes), length);
  }

  private static byte[] near(Random random, int length) {
    var bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (random.nextInt(3) == 0 ? random.nextInt(2) << random.nextInt(8) : 10);
    }
    return bytes;
  }

  private static byte[] address(Random random, List<KernelRule> rules) {
    var all = rules.stream().flatMap(rule -> rule.match().from().stream()).toList();
    if (all.isEmpty() || random.nextInt(3) == 0) {
      return near(random, random.nextBoolean() ? 4 : 16);
    }
    // The edges of a block: its first and last address, and those beside them.
    var cidr = all.get(random.nextInt(all.size()));
    var bytes = cidr.address().getAddress();
    if (random.nextBoolean()) {
      for (int bit = cidr.prefix(); bit < bytes.length * 8; bit++) {
        bytes[bit / 8] |= (byte) (0x80 >> (bit % 8));
      }
    }
    if (random.nextInt(3) == 0) {
      bytes[bytes.length - 1] += (byte) (random.nextBoolean() ? 1 : -1);
    }
    return bytes;
  }

  private static long slowMask(List<KernelRule> rules, byte[] address) {
    long mask = 0;
    for (int i = 0; i < rules.size(); i++) {
      var from = rules.get(i).match().from();
      if (from.isEmpty() || from.stream().anyMatch(cidr -> cidr.contains(address))) {
        mask |= 1L << i;
      }
    }
    return mask;
  }

  private static long mask(RuleTables tables, byte[] address) {
    int number = address.length == 4 ? class4(tables, address) : class6(tables, address);
    return tables.classes()[number];
  }

  private static int class4(RuleTables tables, byte[] address) {
    long top = tables.top()[(address[0] & 255) << 8 | address[1] & 255];
    if ((top & RuleTables.BLOCK) == 0) {
      return (int) top;
    }
    int group = (address[2] & 255) / 8;
    if ((top >> (RuleTables.GROUPS_SHIFT + group) & 1) == 0) {
      return (int) (top >> RuleTables.AROUND_SHIFT) & 255;
    }
    int number = tables.blocks().get((int) top & 0xffff)[address[2] & 255] & 255;
    return number == RuleTables.LONGER ? longest(tables.long4(), address, 0) : number;
  }

  private static int class6(RuleTables tables, byte[] address) {
    return longest(tables.prefixes6(), address, tables.class6());
  }

  private static int longest(List<RuleTables.Prefix> prefixes, byte[] address, int otherwise) {
    var lengths = prefixes.stream().map(RuleTables.Prefix::length).distinct().toList();
    for (int length : IntStream.rangeClosed(0, 128).map(i -> 128 - i).toArray()) {
      if (lengths.contains(length)) {
        var masked = address.clone();
        for (int bit = length; bit < masked.length * 8; bit++) {
          masked[bit / 8] &= (byte) ~(0x80 >> (bit % 8));
        }
        for (var prefix : prefixes) {
          if (prefix.length() == length && Arrays.equals(prefix.address(), masked)) {
            return prefix.classNumber();
          }
        }
      }
    }
    return otherwise;
  }

  @Test
  void refusesTooManyWaysToOverlap() {
    var rules = new ArrayList<KernelRule>();
    for (int i = 0; i < 10; i++) {
      var from = new ArrayList<Cidr>();
      for (int host = 0; host < 1024; host++) {
        if ((host >> i & 1) == 1) {
          from.add(Cidr.parse("10.0.%d.%d".formatted(host >> 8, host & 255)));
        }
      }
      rules.add(
          new KernelRule.Deny(
              new Match(from, List.of(new KernelRule.PortRange(i + 1, i + 1)), Set.of())));
    }
    var source = new RuleSetSource(rules, List.of(), List.of(), RuleSetSource.Sessions.NONE, false);
    assertThat(RuleCompiler.compile(source))
        .isInstanceOfSatisfying(
            RuleCompiler.Outcome.Refused.class,
            refused ->
                assertThat(refused.problem())
                    .contains("overlap in 1024 different ways (expected: at most 255)"));
  }

  @Test
  void refusesMoreLongPrefixesThanItsTableHolds() {
    var from = new ArrayList<Cidr>();
    for (int i = 0; i <= RuleTables.LONG_ENTRIES_MAX; i++) {
      from.add(Cidr.parse("2001:db8:%x:%x::/64".formatted(i >> 16, i & 0xffff)));
    }
    var rule = new KernelRule.Deny(new Match(from, List.of(), Set.of()));
    assertThat(
            RuleCompiler.compile(
                new RuleSetSource(
                    List.of(rule), List.of(), List.of(), RuleSetSource.Sessions.NONE, false)))
        .isInstanceOfSatisfying(
            RuleCompiler.Outcome.Refused.class,
            refused -> assertThat(refused.problem()).contains("131073 prefixes of IPv6"));
  }
}
