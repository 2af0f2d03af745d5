package io.ostiary.kernel.shield;

import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelRule.Protocol;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Compiles rules and the management allow-list into [RuleTables].
///
/// Rules that differ only in their sources share one bit; so a deny list may have any number of
/// prefixes. What is limited, and said so clearly, is the number of rules that differ otherwise
/// (61), and in how many different ways their sources overlap (254).
final class RuleCompiler {
  private final long[] classes = new long[RuleTables.CLASSES];
  private final Map<Long, Integer> classNumbers = new HashMap<>();
  private final long[] ports = new long[65_536];
  private final long[] protocols = new long[4];
  private final long[] rates = new long[64];
  private final byte[] bits = new byte[64];
  private final long[] top = new long[65_536];
  private final List<byte[]> blocks = new ArrayList<>();
  private final List<RuleTables.Prefix> long4 = new ArrayList<>();
  private final PrefixMasks prefixes4 = new PrefixMasks();
  private final PrefixMasks prefixes6 = new PrefixMasks();
  private long anySource;
  private int class6;
  private long withoutPorts;
  private long allow;
  private long deny;
  private long limit;
  private long connections;

  /// What came of it.
  sealed interface Outcome {
    record Compiled(RuleTables tables) implements Outcome {}

    record Refused(String problem) implements Outcome {}
  }

  /// Rules that share a bit are equal in this.
  private record Shape(
      String kind, List<KernelRule.PortRange> ports, Set<Protocol> protocols, String rate) {
    static Shape of(KernelRule rule) {
      var rate =
          rule instanceof KernelRule.Limit(var _, var counted, var perSecond, var bits)
              ? counted + " " + perSecond + "/" + bits
              : "";
      return new Shape(
          rule.getClass().getSimpleName(), rule.match().toPorts(), rule.match().protocols(), rate);
    }
  }

  static Outcome compile(RuleSetSource source) {
    return new RuleCompiler().run(source);
  }

  private Outcome run(RuleSetSource source) {
    var shapes = new LinkedHashMap<Shape, Integer>();
    for (var rule : source.rules()) {
      int bit = shapes.computeIfAbsent(Shape.of(rule), shape -> shapes.size());
      if (bit >= RuleTables.RULES_MAX) {
        return new Outcome.Refused(
            "kernel.rules: more than %d different rules (expected: at most that many which differ in more than `from`; put sources of equal rules into one)"
                .formatted(RuleTables.RULES_MAX));
      }
      add(rule, 1L << bit, bit);
    }
    source.management().forEach(cidr -> prefix(cidr, 1L << RuleTables.MANAGEMENT));
    source.sessions().peers().forEach(peer -> prefix(peer, 1L << RuleTables.SESSION));
    source.sessions().ports().forEach(port -> ports[port] |= 1L << RuleTables.SESSION);
    classNumbers.put(anySource, 0);
    classes[0] = anySource;
    for (var entry : prefixes4.nested(anySource)) {
      place4(entry);
    }
    markGroups();
    var six = new ArrayList<RuleTables.Prefix>();
    for (var entry : prefixes6.nested(anySource)) {
      int number = classOf(entry.mask());
      if (entry.length() == 0) {
        class6 = number;
      } else {
        six.add(new RuleTables.Prefix(entry.address(), entry.length(), number));
      }
    }
    return checked(source, six);
  }

  private Outcome checked(RuleSetSource source, List<RuleTables.Prefix> six) {
    if (classNumbers.size() > RuleTables.LONGER) {
      return new Outcome.Refused(
          "kernel.rules: their sources overlap in %d different ways (expected: at most %d)"
              .formatted(classNumbers.size(), RuleTables.LONGER));
    }
    int longest = Math.max(long4.size(), six.size());
    if (longest > RuleTables.LONG_ENTRIES_MAX) {
      return new Outcome.Refused(
          "kernel.rules: %d prefixes of IPv6, or of IPv4 longer than /24 (expected: at most %d of each)"
              .formatted(longest, RuleTables.LONG_ENTRIES_MAX));
    }
    var lengths = new TreeSet<Integer>();
    six.forEach(prefix -> lengths.add(prefix.length()));
    if (lengths.size() > RuleTables.LENGTHS6_MAX) {
      return new Outcome.Refused(
          "kernel.rules: IPv6 prefixes of %d different lengths (expected: at most %d)"
              .formatted(lengths.size(), RuleTables.LENGTHS6_MAX));
    }
    return new Outcome.Compiled(
        new RuleTables(
            classes,
            class6,
            ports,
            protocols,
            withoutPorts,
            allow,
            deny,
            limit,
            rates,
            connections,
            bits,
            top,
            blocks,
            long4,
            six,
            source.dryRun(),
            source.rules().size()));
  }

  private void add(KernelRule rule, long mask, int bit) {
    var match = rule.match();
    switch (rule) {
      case KernelRule.Allow ignored -> allow |= mask;
      case KernelRule.Deny ignored -> deny |= mask;
      case KernelRule.Limit(var _, var counted, var perSecond, var leading) -> {
        limit |= mask;
        rates[bit] = perSecond;
        bits[bit] = (byte) leading;
        connections |= counted == KernelRule.Counted.CONNECTIONS ? mask : 0;
      }
    }
    addPorts(match, mask);
    boolean tcpOnly = (connections & mask) != 0;
    for (int i = 0; i < (tcpOnly ? 1 : protocols.length); i++) {
      if (match.protocols().isEmpty() || (i < 3 && match.protocols().contains(protocol(i)))) {
        protocols[i] |= mask;
      }
    }
    if (match.from().isEmpty()) {
      anySource |= mask;
    }
    match.from().forEach(cidr -> prefix(cidr, mask));
  }

  private void addPorts(Match match, long mask) {
    if (match.toPorts().isEmpty()) {
      withoutPorts |= mask;
      for (int port = 0; port < ports.length; port++) {
        ports[port] |= mask;
      }
    }
    for (var range : match.toPorts()) {
      for (int port = range.first(); port <= range.last(); port++) {
        ports[port] |= mask;
      }
    }
  }

  private static Protocol protocol(int index) {
    return switch (index) {
      case 0 -> Protocol.TCP;
      case 1 -> Protocol.UDP;
      default -> Protocol.ICMP;
    };
  }

  private void prefix(Cidr cidr, long mask) {
    (cidr.address().getAddress().length == 4 ? prefixes4 : prefixes6).add(cidr, mask);
  }

  private int classOf(long mask) {
    var known = classNumbers.get(mask);
    if (known != null) {
      return known;
    }
    int number = classNumbers.size();
    classNumbers.put(mask, number);
    // Beyond the table it is only counted, and the rule set is refused in the end.
    classes[Math.min(number, RuleTables.CLASSES - 1)] = mask;
    return Math.min(number, RuleTables.LONGER - 1);
  }

  /// Prefixes come outer ones first, so that what is written last is what counts.
  private void place4(PrefixMasks.Entry entry) {
    int number = classOf(entry.mask());
    int address = intOf(entry.address());
    int index = address >>> 16;
    if (entry.length() <= 16) {
      Arrays.fill(top, index, index + (1 << (16 - entry.length())), number);
      return;
    }
    var block = block(index);
    int at = (address >>> 8) & 255;
    if (entry.length() <= 24) {
      Arrays.fill(block, at, at + (1 << (24 - entry.length())), (byte) number);
      return;
    }
    int around = block[at] & 255;
    if (around != RuleTables.LONGER) {
      // Class 0 is what stands for a source that is not found.
      if (around != 0) {
        var slash24 = new byte[] {entry.address()[0], entry.address()[1], entry.address()[2], 0};
        long4.add(new RuleTables.Prefix(slash24, 24, around));
      }
      block[at] = (byte) RuleTables.LONGER;
    }
    long4.add(new RuleTables.Prefix(entry.address(), entry.length(), number));
  }

  private byte[] block(int index) {
    if ((top[index] & RuleTables.BLOCK) != 0) {
      return blocks.get((int) top[index] & 0xffff);
    }
    var block = new byte[256];
    long around = top[index];
    Arrays.fill(block, (byte) around);
    top[index] = RuleTables.BLOCK | around << RuleTables.AROUND_SHIFT | blocks.size();
    blocks.add(block);
    return block;
  }

  /// Marks the /21 groups of each block that hold anything but what is around them.
  private void markGroups() {
    for (int index = 0; index < top.length; index++) {
      if ((top[index] & RuleTables.BLOCK) != 0) {
        var block = blocks.get((int) top[index] & 0xffff);
        byte around = (byte) (top[index] >> RuleTables.AROUND_SHIFT);
        for (int at = 0; at < block.length; at++) {
          if (block[at] != around) {
            top[index] |= 1L << (RuleTables.GROUPS_SHIFT + at / 8);
          }
        }
      }
    }
  }

  private static int intOf(byte[] bytes) {
    return bytes[0] << 24 | (bytes[1] & 255) << 16 | (bytes[2] & 255) << 8 | (bytes[3] & 255);
  }
}
