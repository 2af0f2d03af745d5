package io.ostiary.contract.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class SchemaCheckTest {
  private static SchemaCheck compile(String schema) {
    var bundle = (ObjectNode) JsonMapper.shared().readTree("{\"$defs\":{\"s0\":" + schema + "}}");
    return new NetworkntEngine().open(bundle).compile("s0");
  }

  private static List<String> faults(SchemaCheck check, String json) {
    return check.check(ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8))).stream()
        .map(mismatch -> mismatch.pointer() + " " + mismatch.message())
        .toList();
  }

  private static final String ORDER =
      """
      {"type":"object","required":["id","items"],"additionalProperties":false,
       "properties":{"id":{"type":"string","format":"uuid"},
         "items":{"type":"array","minItems":1,"items":{"type":"object","required":["sku"],
           "properties":{"sku":{"type":"string","pattern":"^[A-Z]{3}$"},
                         "count":{"type":"integer","minimum":1}}}},
         "a/b":{"type":"boolean"}}}
      """;

  /// As in Stripe's document, where every schema leads to nearly all others: building what each
  /// leads to by itself took 2 GB.
  @Test
  void schemasThatAllLeadToEachOtherAreBuiltOnce() {
    int count = 600;
    var bundle = new StringBuilder("{\"$defs\":{");
    for (int i = 0; i < count; i++) {
      bundle
          .append(i == 0 ? "" : ",")
          .append("\"s" + i + "\":{\"type\":\"object\",\"properties\":{\"n\":{}");
      for (int other = 1; other <= 20; other++) {
        bundle.append(",\"p" + other + "\":{\"anyOf\":[{\"type\":\"string\"},");
        bundle.append("{\"$ref\":\"#/$defs/s" + (i + other * 29) % count + "\"}]}");
      }
      bundle.append("}}");
    }
    var tree = (ObjectNode) JsonMapper.shared().readTree(bundle.append("}}").toString());
    var definitions = new NetworkntEngine().open(tree);
    for (int i = 0; i < count; i++) {
      var check = definitions.compile("s" + i);
      assertThat(faults(check, "{\"p1\":{\"p2\":{\"p3\":\"text\"}}}")).isEmpty();
      assertThat(faults(check, "{\"p1\":{\"p2\":{\"p3\":7}}}")).isNotEmpty();
    }
  }

  @Test
  void namesEachFaultByPointer() {
    var check = compile(ORDER);
    assertThat(
            faults(
                check,
                """
                {"id":7,"a/b":1,"more":1,"items":[{"sku":"ABC","count":1},{"sku":"abc","count":0},{}]}
                """))
        .anyMatch(fault -> fault.startsWith("/id "))
        .anyMatch(fault -> fault.startsWith("/a~1b "))
        .contains("/more is not a member that belongs here", "/items/2/sku is missing")
        .anyMatch(fault -> fault.startsWith("/items/1/sku "))
        .anyMatch(fault -> fault.startsWith("/items/1/count "))
        .hasSize(6);
    assertThat(
            faults(
                check,
                "{\"id\":\"3fa85f64-5717-4562-b3fc-2c963f66afa6\",\"items\":[{\"sku\":\"ABC\"}]}"))
        .isEmpty();
    assertThat(faults(check, "{\"id\":\"nonsense\",\"items\":[{\"sku\":\"ABC\"}]}")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\":1,\"a\":2} | has a name twice",
        "{\"a\":1} x | is not JSON",
        "{\"a\":1}{} | is not JSON",
        "{a:1} | is not JSON",
        "[1,] | is not JSON",
        "NaN | is not JSON",
        "'' | is empty",
        "1e999999999 | too large",
        "[[1e400]] | too large",
        "tru | is not JSON"
      })
  void whatCannotBeReadIsAFault(String json, String message) {
    assertThat(faults(compile("true"), json)).singleElement().asString().contains(message);
  }

  @Test
  void depthAndLengthAreBounded() {
    var check = compile("{\"$ref\":\"#/$defs/s0/$defs/any\",\"$defs\":{\"any\":true}}");
    assertThat(faults(check, "[".repeat(100_000))).singleElement().asString().contains("deeper");
    assertThat(faults(check, "[".repeat(99) + "]".repeat(99))).isEmpty();
    assertThat(faults(check, "1".repeat(5_000))).singleElement().asString().contains("too long");
  }

  @Test
  void invalidUtf8IsAFault() {
    assertThat(compile("true").check(ByteBuffer.wrap(new byte[] {'"', (byte) 0xc3, '"'})))
        .hasSize(1);
  }

  @Test
  void aSchemaThatNeverEndsIsCutOff() {
    var check = compile("{\"allOf\":[{\"$ref\":\"#/$defs/s0\"}]}");
    assertThat(faults(check, "1"))
        .containsExactly(" is too large or too deeply nested to be checked");
  }

  @Test
  void recursionThatFollowsTheValueIsFine() {
    var check =
        compile("{\"type\":\"object\",\"properties\":{\"next\":{\"$ref\":\"#/$defs/s0\"}}}");
    assertThat(faults(check, "{\"next\":".repeat(90) + "{}" + "}".repeat(90))).isEmpty();
    assertThat(faults(check, "{\"next\":".repeat(90) + "1" + "}".repeat(90)))
        .singleElement()
        .asString()
        .startsWith("/next".repeat(90) + " ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"(a+)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "^(?=(a+)+$)b", "(.*)\\1z"})
  void noPatternIsSlow(String pattern) {
    var matches = Patterns.compile(pattern);
    long start = System.nanoTime();
    matches.test("a".repeat(50_000) + "!");
    assertThat((System.nanoTime() - start) / 1_000_000).isLessThan(5_000);
  }

  @ParameterizedTest
  @CsvSource({
    "^\\d{3}$, 123, true",
    "^\\d{3}$, 1234, false",
    "b, abc, true",
    "^\\u0041$, A, true",
    "^(?!x).*$, y, true",
    "^(?!x).*$, xy, false",
    "^\\/a\\-b$, /a-b, true"
  })
  void patternsMeanWhatSchemasMean(String pattern, String text, boolean matches) {
    assertThat(Patterns.compile(pattern).test(text)).isEqualTo(matches);
  }

  @Test
  void nothingIsFetched() {
    assertThatThrownBy(() -> compile("{\"$ref\":\"http://127.0.0.1:1/x.json\"}"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> compile("{\"$ref\":\"file:///etc/hostname\"}"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Patterns.compile("(")).isInstanceOf(IllegalArgumentException.class);
  }
}
