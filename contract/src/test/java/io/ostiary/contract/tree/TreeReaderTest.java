package io.ostiary.contract.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TreeReaderTest {
  @Test
  void knowsWhereEachYamlValueStands() {
    var root = yaml("apis:\n  - name: petstore\n    path:   /pets\n");

    assertThat(node(root, "/apis/0").at()).hasToString("a.yaml:2:5");
    assertThat(node(root, "/apis/0/name").at()).hasToString("a.yaml:2:11");
    assertThat(node(root, "/apis/0/path").at()).hasToString("a.yaml:3:13");
    var api = (Mapping) node(root, "/apis/0");
    assertThat(api.members().get(1).nameAt()).hasToString("a.yaml:3:5");
  }

  @Test
  void knowsWhereEachJsonValueStands() {
    var root = json("{\n  \"apis\": [\n    {\"name\": \"petstore\", \"size\": 12}\n  ]\n}\n");

    assertThat(node(root, "/apis/0").at()).hasToString("a.json:3:5");
    assertThat(node(root, "/apis/0/name").at()).hasToString("a.json:3:14");
    assertThat(node(root, "/apis/0/size").at()).hasToString("a.json:3:34");
    var api = (Mapping) node(root, "/apis/0");
    assertThat(api.members().get(1).nameAt()).hasToString("a.json:3:26");
  }

  @Test
  void readsTheCoreSchema() {
    var root =
        yaml(
            """
            a: no
            b: true
            c: ~
            d:
            e: 012
            f: 0x1F
            g: 1.10
            h: "12"
            i: 123456789012345678901234567890
            j: .inf
            k: -3e2
            l: 1.2.3
            """);

    assertThat(Json.plain(root))
        .asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
        .containsEntry("a", "no")
        .containsEntry("b", true)
        .containsEntry("c", null)
        .containsEntry("d", null)
        .containsEntry("e", 12L)
        .containsEntry("f", 31L)
        .containsEntry("g", new BigDecimal("1.10"))
        .containsEntry("h", "12")
        .containsEntry("i", new BigInteger("123456789012345678901234567890"))
        .containsEntry("j", ".inf")
        .containsEntry("k", new BigDecimal("-3e2"))
        .containsEntry("l", "1.2.3");
    assertThat(((Node.Scalar) node(root, "/g")).text()).isEqualTo("1.10");
  }

  @Test
  void givesTheSameTreeForYamlAndJson() {
    var text = "{\"a\": [1, 2.5, \"x\\n\", true, null, {}], \"b\": {\"c~/d\": -7}}";

    assertThat(Json.node(yaml(text))).isEqualTo(Json.node(json(text)));
    assertThat(Json.node(yaml(text)).toString()).isEqualTo(text.replace(" ", ""));
    assertThat(node(yaml(text), "/b/c~0~1d").seen()).isEqualTo("-7");
  }

  @Test
  void keepsTheOrderOfMembersAndNamesAsWritten() {
    var root = (Mapping) yaml("z: 1\n200: 2\na: 3\non: 4\nnull: 5\n0x10: 6\nm: 7\nb: 8\nc: 9\n");

    assertThat(root.members().stream().map(Mapping.Member::name))
        .containsExactly("z", "200", "a", "on", "null", "0x10", "m", "b", "c");
    assertThat(root.get("0x10")).isNotNull();
    assertThat(root.get("16")).isNull();
  }

  @Test
  void reportsEveryNameGivenTwice() {
    assertThat(faults("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n", "a.yaml"))
        .containsExactly(
            "a.yaml:4:3: 'c' is given twice in the same object",
            "a.yaml:5:1: 'a' is given twice in the same object");
    assertThat(faults("{\"a\": 1,\n \"a\": 2}", "a.json"))
        .containsExactly("a.json:2:2: 'a' is given twice in the same object");
  }

  @Test
  void reportsATabAsATab() {
    assertThat(faults("apis:\n\t- name: x\n", "a.yaml"))
        .containsExactly("a.yaml:2:1: a tab (expected: spaces, YAML allows no tab in indentation)");
  }

  @Test
  void reportsBadIndentationAtItsPlace() {
    assertThat(faults("a:\n  b: 1\n c: 2\n", "a.yaml"))
        .singleElement()
        .asString()
        .startsWith("a.yaml:3:2: not YAML: ");
  }

  @Test
  void suggestsAnAliasForAnUnknownOne() {
    assertThat(faults("a: &limit 1\nb: *limt\n", "a.yaml"))
        .containsExactly("a.yaml:2:4: unknown alias '*limt'. Did you mean 'limit'?");
  }

  @Test
  void resolvesAliasesToTheSameNode() {
    var root = yaml("a: &x {k: 1}\nb: *x\n");

    assertThat(node(root, "/b")).isSameAs(node(root, "/a"));
  }

  @Test
  void refusesAnAliasWithinItself() {
    assertThat(faults("a: &x [1, *x]\n", "a.yaml"))
        .containsExactly("a.yaml:1:11: alias '*x' stands within its own anchor");
  }

  @Test
  void refusesABillionLaughs() {
    var bomb = new StringBuilder("l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 30; i++) {
      var alias = "*l" + (i - 1);
      bomb.append(
          "l%d: &l%d [%s]\n"
              .formatted(
                  i,
                  i,
                  String.join(
                      ", ",
                      List.of(
                          alias, alias, alias, alias, alias, alias, alias, alias, alias, alias))));
    }

    assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () ->
            assertThat(faults(bomb.toString(), "a.yaml"))
                .singleElement()
                .asString()
                .contains("aliases: more than 100000 values when written out"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.yaml", "a.json"})
  void refusesDepthBeforeTheStackDoes(String name) {
    assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () ->
            assertThat(faults("[".repeat(1_000_000), name))
                .singleElement()
                .asString()
                .contains("depth: more than 64 levels"));
  }

  @Test
  void refusesDeepBlockMappings() {
    var text = new StringBuilder();
    for (int i = 0; i < 500; i++) {
      text.append(" ".repeat(i)).append("a:\n");
    }

    assertThat(faults(text.toString(), "a.yaml"))
        .singleElement()
        .asString()
        .endsWith("depth: more than 64 levels");
  }

  @Test
  void refusesAFileThatIsTooLarge(@TempDir Path dir) throws Exception {
    var file = Files.writeString(dir.resolve("a.yaml"), "a: " + "x".repeat(200));

    var parsed = TreeReader.read(file, "a.yaml", new Limits(100, 10, 10));

    assertThat(parsed.faults())
        .singleElement()
        .hasToString("a.yaml:1:1: size: more than 100 bytes (expected: at most that)");
  }

  @Test
  void saysThatAFileDoesNotExist(@TempDir Path dir) {
    var parsed = TreeReader.read(dir.resolve("no.yaml"), "no.yaml", Limits.CONFIGURATION);

    assertThat(parsed.faults())
        .singleElement()
        .hasToString("no.yaml:1:1: cannot read the file: it does not exist");
  }

  @Test
  void refusesWhatIsNotUtf8() {
    var bytes = "a: 1\nb: x".getBytes(StandardCharsets.ISO_8859_1);
    bytes[bytes.length - 1] = (byte) 0xff;

    assertThat(TreeReader.parse(bytes, "a.yaml", Limits.CONFIGURATION).faults())
        .singleElement()
        .hasToString("a.yaml:2:4: encoding: byte 0xff (expected: UTF-8)");
  }

  @Test
  void refusesCharactersThatCannotBeSeen() {
    assertThat(faults("a: 1\nb: \u0007\n", "a.yaml"))
        .containsExactly("a.yaml:2:4: character: U+0007 (expected: printable characters)");
  }

  @Test
  void refusesTagsSecondDocumentsAndNamesThatAreObjects() {
    assertThat(faults("a: !!java.net.URL [x]\n", "a.yaml"))
        .containsExactly("a.yaml:1:4: tag: tag:yaml.org,2002:java.net.URL (expected: no tag)");
    assertThat(faults("a: 1\n---\nb: 2\n", "a.yaml"))
        .containsExactly("a.yaml:2:1: a second document (expected: one document per file)");
    assertThat(faults("? {a: 1}\n: 2\n", "a.yaml"))
        .containsExactly("a.yaml:1:3: name: an object (expected: a text)");
  }

  @Test
  void refusesNumbersThatWouldFillTheMemory() {
    assertThat(faults("a: 1e999999999\n", "a.yaml"))
        .containsExactly(
            "a.yaml:1:4: number: too large or too long (expected: at most 400 digits)");
    assertThat(faults("{\"a\": 1e999999999}", "a.json"))
        .containsExactly(
            "a.json:1:7: number: too large or too long (expected: at most 400 digits)");
  }

  @Test
  void refusesBrokenJsonAtItsPlace() {
    assertThat(faults("{\"a\": 1,\n \"b\" 2}", "a.json"))
        .singleElement()
        .asString()
        .startsWith("a.json:2:6: not JSON: ");
    assertThat(faults("", "a.json"))
        .containsExactly("a.json:1:1: document: empty (expected: a JSON value)");
    assertThat(faults("{} []", "a.json"))
        .containsExactly("a.json:1:4: a second value (expected: the end of the document)");
  }

  @Test
  void anEmptyYamlFileIsNothing() {
    assertThat(yaml("# only a comment\n")).isInstanceOf(Node.Null.class);
    assertThat(yaml("")).isInstanceOf(Node.Null.class);
  }

  @Test
  void readsAByteOrderMarkAndWindowsLines() {
    var root = yaml("\ufeffa: 1\r\nb: 2\r\n");

    assertThat(node(root, "/b").at()).hasToString("a.yaml:2:4");
  }

  @Test
  void drawsACaretUnderTheFault() {
    var root = yaml("apis:\n  - {n: \u00fcber-\ud83d\ude00, x: 1}\n");

    assertThat(node(root, "/apis/0/x").fault("x: bad").render())
        .isEqualTo(
            "a.yaml:2:20: x: bad\n      - {n: \u00fcber-\ud83d\ude00, x: 1}\n"
                + " ".repeat(23)
                + "^");
  }

  @Test
  void showsOnlyTheNeighbourhoodInALineOfMegabytes() {
    var text = "{\"a\": \"" + "x".repeat(1_000_000) + "\", \"b\": 1}";

    var excerpt = node(json(text), "/b").fault("wrong").excerpt();

    assertThat(excerpt).hasSizeLessThan(400).contains("\"b\": 1");
  }

  @Test
  void findsTheNearestNodeOfAPointer() {
    var root = yaml("a:\n  b: [1]\n");

    assertThat(root.nearest("/a/b/7/c").at()).hasToString("a.yaml:2:6");
    assertThat(root.at("/a/b/7")).isNull();
    assertThat(root.at("")).isSameAs(root);
  }

  @Test
  void readsAFourteenMegabyteDocument() {
    var text = new StringBuilder("{\"paths\": {");
    for (int i = 0; text.length() < 14_000_000; i++) {
      text.append(i == 0 ? "" : ",").append("\n  \"/p").append(i);
      text.append(
          "\": {\"get\": {\"summary\": \"a summary of this\", \"tags\": [\"x\", 1, true]}}");
    }
    text.append("}}");

    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          var parsed = TreeReader.parse(text.toString(), "a.json", Limits.DOCUMENT);
          assertThat(parsed.faults()).isEmpty();
          assertThat(node(((Parsed.Tree) parsed).root(), "/paths/~1p9/get/tags/2").seen())
              .isEqualTo("true");
        });
  }

  private static Node yaml(String text) {
    return tree(TreeReader.parse(text, "a.yaml", Limits.CONFIGURATION));
  }

  private static Node json(String text) {
    return tree(TreeReader.parse(text, "a.json", Limits.CONFIGURATION));
  }

  private static Node tree(Parsed parsed) {
    assertThat(parsed.faults()).isEmpty();
    return ((Parsed.Tree) parsed).root();
  }

  private static Node node(Node root, String pointer) {
    var node = root.at(pointer);
    assertThat(node).as(pointer).isNotNull();
    return node;
  }

  private static List<String> faults(String text, String name) {
    return TreeReader.parse(text, name, Limits.CONFIGURATION).faults().stream()
        .map(Fault::toString)
        .toList();
  }
}
