package io.ostiary.kernel.shield;

import io.ostiary.kernel.libbpf.LibbpfException;
import io.ostiary.model.Ban;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import io.ostiary.model.KernelRule.Match;
import io.ostiary.model.KernelRule.PortRange;
import io.ostiary.model.KernelRule.Protocol;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// What the tests of the shield share.
final class ShieldKit {
  static final int LOOPBACK = 1;
  static final int XDP_DROP = 1;
  static final int XDP_PASS = 2;
  static final int TCX_NEXT = -1;
  static final int TCX_DROP = 2;

  private ShieldKit() {}

  /// Skips the test with a sentence where this process may not load programs.
  static Shield load() throws Exception {
    return load(Map.of());
  }

  /// @param constants of the programs, by name
  static Shield load(Map<String, Integer> constants) throws Exception {
    try {
      return Shield.load(constants);
    } catch (LibbpfException e) {
      if (e.isRefused()) {
        Assumptions.abort("needs root: " + e.getMessage());
      }
      throw e;
    }
  }

  static KernelRule deny(String from, String ports, Protocol... protocols) {
    return new KernelRule.Deny(match(from, ports, protocols));
  }

  static KernelRule allow(String from, String ports, Protocol... protocols) {
    return new KernelRule.Allow(match(from, ports, protocols));
  }

  static KernelRule limit(long packets, String from, String ports) {
    return new KernelRule.Limit(match(from, ports), packets);
  }

  /// @param from blocks, separated by blanks
  /// @param ports `80 9000-9010`
  static Match match(String from, String ports, Protocol... protocols) {
    return new Match(cidrs(from), ports(ports), Set.of(protocols));
  }

  static List<Cidr> cidrs(String text) {
    return words(text).map(Cidr::parse).toList();
  }

  private static List<PortRange> ports(String text) {
    return words(text)
        .map(word -> word.split("-"))
        .map(word ->
            new PortRange(Integer.parseInt(word[0]), Integer.parseInt(word[word.length - 1])))
        .toList();
  }

  private static Stream<String> words(String text) {
    return Stream.of(text.split(" ")).filter(word -> !word.isEmpty());
  }

  static Ban ban(String source) {
    var now = Instant.now();
    return new Ban(source, Cidr.parse(source), "test", List.of(), now, now.plusSeconds(60), "test");
  }

  static RuleSetSource rules(KernelRule... rules) {
    return new RuleSetSource(
        List.of(rules), List.of(), List.of(), RuleSetSource.Sessions.NONE, false);
  }
}
