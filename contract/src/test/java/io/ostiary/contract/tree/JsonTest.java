package io.ostiary.contract.tree;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The text of a tree is kept in databases and compared later: it must stay what Jackson writes.
class JsonTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "a: 1\nb: [ -2, true, null, '', [], {} ]\nc: { d: 10.0.0.0/8 }",
        "[ 9223372036854775807, 9223372036854775808, -0.0, 0.10, 1e400, 12345678901 ]",
        "'a\"b': 'quote \" slash / back \\ é 字 \uD83D\uDE00'",
        "control: \"\\0 \\x01 \\b \\t \\n \\f \\r \\e \\x1f \\x7f \\u2028\"",
      })
  void writesTheSameAsJackson(String yaml) {
    var parsed = TreeReader.parse(yaml, "test.yaml", Limits.CONFIGURATION);

    var root = ((Parsed.Tree) parsed).root();
    assertThat(Json.text(root)).isEqualTo(Json.node(root).toString());
  }
}
