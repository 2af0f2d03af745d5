package io.ostiary.contract.config;

import io.ostiary.contract.tree.Fault;
import io.ostiary.model.KernelRule;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/// One rule of the shield that is being written and stands in no file yet.
public final class RuleText {
  private static final Path NOWHERE = Path.of("rule");
  private static final String BEFORE_SETS = "kernel:\n  sets:\n";
  private static final String INDENT = "    ";

  private RuleText() {}

  /// What came of reading it.
  public sealed interface Read {
    record Understood(KernelRule rule) implements Read {}

    /// @param faults what is wrong, each with its line in the text where it has one
    record Refused(List<String> faults) implements Read {
      public Refused {
        faults = List.copyOf(faults);
      }
    }
  }

  /// Reads what would stand below `kernel.rules`: `- deny: { from: 203.0.113.0/24 }`, with or
  /// without the dash.
  ///
  /// @param sets names of the sets that it may refer to
  public static Read read(String text, Collection<String> sets) {
    var document = new StringBuilder(BEFORE_SETS);
    int lines = 2;
    for (var set : sets) {
      document.append(INDENT).append("- { name: \"").append(set);
      document.append("\", blocks: 192.0.2.0/24 }\n");
      lines++;
    }
    if (sets.isEmpty()) {
      document.append(INDENT).append("[]\n");
      lines++;
    }
    document.append("  rules:\n");
    lines++;
    boolean dash = text.stripLeading().startsWith("-");
    boolean first = true;
    for (var line : text.strip().lines().toList()) {
      document.append(INDENT).append(dash ? "" : first ? "- " : "  ").append(line).append('\n');
      first = false;
    }
    return read(document.toString(), lines);
  }

  private static Read read(String document, int linesBefore) {
    var read =
        ConfigReader.parse(
            document, NOWHERE, Map.of(), (path, name) -> ApiDocuments.Loaded.Refused.NOTHING);
    return switch (read) {
      case ConfigRead.Refused(var faults) ->
          new Read.Refused(faults.stream().map(fault -> told(fault, linesBefore)).toList());
      case ConfigRead.Understood(var configuration, var _) -> {
        var rules = configuration.kernel().rules();
        yield rules.size() == 1
            ? new Read.Understood(rules.getFirst())
            : new Read.Refused(List.of("rule: %d (expected: one)".formatted(rules.size())));
      }
    };
  }

  private static String told(Fault fault, int linesBefore) {
    int line = fault.line() - linesBefore;
    return line > 1 ? "line %d: %s".formatted(line, fault.message()) : fault.message();
  }
}
