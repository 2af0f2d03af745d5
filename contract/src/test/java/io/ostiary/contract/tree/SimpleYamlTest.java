package io.ostiary.contract.tree;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The quick composer against the whole parser (snakeyaml-engine): where the first gives a tree,
/// the second gives the same.
class SimpleYamlTest {
  private static final int FUZZED_MAX = 4096;

  /// What YAML gives a meaning to, and a little that it does not.
  private static final String[] PIECES = {
    " ",
    "  ",
    "\n",
    "\n\n",
    ":",
    ": ",
    "-",
    "- ",
    "#",
    " #",
    ",",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "\\",
    "?",
    "? ",
    "&a ",
    "*a",
    "!",
    "|",
    ">",
    "%",
    "@",
    "`",
    "~",
    "---",
    "...",
    "\n---\n",
    "a",
    "b: ",
    "1",
    "0x",
    "1.5",
    "true",
    "null",
    "\t",
    "\r\n",
    "\\n",
    "''",
    "\u00e9",
    "\ud83d\ude00",
    "<<",
    "a b",
    "\n  ",
    "\n    ",
    "\n- ",
    "\u2028",
    "=",
    "\\u0041",
    "\ufeff",
    "\\/",
    "\"\"",
    "[]",
    "{}"
  };

  @Test
  void givesTheTreesOfTheWholeParser() throws IOException {
    var random = new Random(7);
    var seeds = seeds();
    int simple = 0;
    for (int i = 0; i < 30_000; i++) {
      var text = changed(seeds.get(i % seeds.size()), random);
      simple += compare(text) ? 1 : 0;
    }
    assertThat(simple).isGreaterThan(5_000);
  }

  /// The same with texts of a fuzzer. Run by time with `JAZZER_FUZZ=1`.
  @FuzzTest(maxDuration = "2m")
  void givesTheSameTreeWhateverTheText(byte[] data) {
    if (data.length <= FUZZED_MAX) {
      compare(new String(data, StandardCharsets.UTF_8));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: 1",
        "a:\n- b\n- c\nd: e",
        "- - a\n  - b\n- - c",
        "- a: 1\n  b: 2\n-\n  c: 3\n",
        "a:\n\n  b:\n",
        "{ a: 1, 'b': [ x, y, ], \"c\":2, d: {}}",
        "---\na: b # c\n# d\n",
        "a: 'b#c' # d",
        "a : b",
        "-\n- x",
        "a: b#c\n'd' : \"e\\n\"\n",
        "a: http://x/y?z\n",
        "text",
        "[ 1,\n2 ]",
        "",
        "# only\n",
        "a: -1\nb: - \n",
        "a: [ x?y, -z, 1:2 ]",
        "a b c: d e f  \n",
        "a: [ b: c, 'd': {}, \"e\":[ f: 1 ], g ]",
        "200: ok\nnull: x\non: y",
      })
  void composesWhatIsSimple(String text) {
    var whole = whole(text);
    if (whole.faults().isEmpty()) {
      assertThat(compare(text)).as(text).isEqualTo(!text.contains("b: - "));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: &x 1\nb: *x",
        "a: !!str 1",
        "a: |\n  b\n",
        "a: b\n  c",
        "a:\tb",
        "a: 1\na: 2",
        "a: [ b: c: d ]",
        "a: [ b: ]",
        "a: [ [b]: c ]",
        "? a\n: b",
        "--- a\n--- b",
        "a: 'b\n  c'",
        "a: b: c",
        "[a]: b",
        "a: \"\\u0041\"",
        "a\n: b",
        "- a\nb",
        "a:\n   b: 1\n  c: 2",
        "a: {b, c}",
        "a: 'it''s'",
        "a: [b\n c]",
        "a: \ud83d\ude00"
      })
  void leavesTheRestToTheWholeParser(String text) {
    assertThat(SimpleYaml.compose(new Source("a.yaml", text), Limits.CONFIGURATION)).isNull();
  }

  @Test
  void leavesWhatIsTooDeepToTheWholeParser() {
    var limits = new Limits(1 << 20, 3, 10);
    assertThat(SimpleYaml.compose(new Source("a.yaml", "[[[1]]]"), limits)).isNotNull();
    for (var deep :
        List.of(
            "[[[[1]]]]",
            "- - - - 1",
            "[[[a: b]]]",
            "a: { b: { c: { d: } } }",
            "a:\n b:\n  c:\n   d:\n")) {
      var source = new Source("a.yaml", deep);
      assertThat(new YamlComposer(source, limits).compose()).isInstanceOf(Parsed.Broken.class);
      assertThat(SimpleYaml.compose(source, limits)).as(deep).isNull();
    }
  }

  /// Says whether it was simple.
  private static boolean compare(String text) {
    var simple = SimpleYaml.compose(new Source("a.yaml", text), Limits.CONFIGURATION);
    if (simple == null) {
      return false;
    }
    var whole = whole(text);
    assertThat(whole).as(text).isInstanceOf(Parsed.Tree.class);
    assertThat(whole.faults()).as(text).isEmpty();
    assertThat(simple.toString()).as(text).isEqualTo(((Parsed.Tree) whole).root().toString());
    return true;
  }

  private static Parsed whole(String text) {
    return new YamlComposer(new Source("a.yaml", text), Limits.CONFIGURATION).compose();
  }

  /// The YAML of our examples and pages, in pieces of some lines.
  private static List<String> seeds() throws IOException {
    var seeds = new ArrayList<String>();
    var root = Path.of("..").toRealPath();
    for (var folder : List.of("examples", "server/src/main/resources", "docs")) {
      try (var files = Files.walk(root.resolve(folder))) {
        for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
          if (file.toString().endsWith(".yaml")) {
            add(Files.readAllLines(file), seeds);
          } else if (file.toString().endsWith(".md")) {
            fenced(Files.readAllLines(file), seeds);
          }
        }
      }
    }
    return seeds;
  }

  private static void fenced(List<String> lines, List<String> seeds) {
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).equals("```yaml")) {
        int end = i + 1 + lines.subList(i + 1, lines.size()).indexOf("```");
        add(lines.subList(i + 1, end), seeds);
        i = end;
      }
    }
  }

  private static void add(List<String> lines, List<String> seeds) {
    for (int i = 0; i < lines.size(); i += 12) {
      seeds.add(String.join("\n", lines.subList(i, Math.min(i + 12, lines.size()))));
    }
  }

  private static String changed(String seed, Random random) {
    var text = new StringBuilder(seed);
    for (int n = random.nextInt(4); n > 0; n--) {
      int at = random.nextInt(text.length() + 1);
      int cut = random.nextInt(3) == 0 ? Math.min(text.length(), at + random.nextInt(4)) : at;
      text.replace(at, cut, PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }
}
