package io.ostiary.kernel.libbpf;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Finds in what libbpf and the verifier say about a refused object, which may be a million lines,
/// the few words that matter: which program, why, and at which line of its source.
final class VerifierLog {
  private static final int CHARACTERS_MAX = 400;
  private static final Pattern BEGIN = Pattern.compile("prog '(.*)': -- BEGIN PROG LOAD LOG --");
  private static final Pattern END = Pattern.compile("-- END PROG LOAD LOG --");

  /// An instruction, or how it was reached.
  private static final Pattern STEP = Pattern.compile("\\d+: .*|from \\d+ to \\d+.*");

  private static final Pattern ASIDE =
      Pattern.compile(
          "processed \\d+ insns.*|verification time .*|stack depth .*|(cur|old) state: .*|"
              + "mark_precise: .*|last_idx .*|regs=.*|parent (didn't|already).*|\\s*");

  /// What libbpf adds to its reason.
  private static final Pattern NOISE =
      Pattern.compile(
          "failed to load object.*|cannot (load|open) .*|supported section.*|"
              + "prog '.*': (BPF program load failed|failed to load).*|\\s*");

  private VerifierLog() {}

  /// @param transcript all that libbpf said
  /// @return empty where it said nothing
  static String matter(String transcript) {
    String program = null;
    var source = "";
    var words = new ArrayList<String>();
    for (var line : transcript.lines().toList()) {
      var begin = BEGIN.matcher(line);
      if (begin.find()) {
        program = begin.group(1);
        words.clear();
      } else if (END.matcher(line).find() && program != null) {
        return shortened(program + ": " + String.join("; ", words) + source);
      } else if (program == null) {
        var said = line.replaceFirst("^libbpf: ", "").strip();
        if (!NOISE.matcher(said).matches()) {
          words.add(said);
        }
      } else if (line.startsWith(";")) {
        source = source(line);
        words.clear();
      } else if (STEP.matcher(line).matches()) {
        words.clear();
      } else if (!ASIDE.matcher(line).matches()) {
        words.add(line.strip());
      }
    }
    return shortened(first(words));
  }

  /// Without a verifier's log, libbpf says the reason first and what follows from it after that.
  private static String first(List<String> words) {
    return words.isEmpty() ? "" : words.getFirst();
  }

  /// @param line `; text @ file:number`, or on older kernels the text alone
  private static String source(String line) {
    int at = line.lastIndexOf(" @ ");
    var text = (at < 0 ? line.substring(1) : line.substring(1, at)).strip();
    return " (" + (at < 0 ? "" : line.substring(at + 3).strip() + ": ") + text + ")";
  }

  private static String shortened(String text) {
    return text.length() <= CHARACTERS_MAX ? text : text.substring(0, CHARACTERS_MAX - 3) + "...";
  }
}
