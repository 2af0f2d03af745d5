package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.model.PageText.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PageTextTest {
  private static final String EVIL = "</p><script>\"'&\\\u2028\n\u0000";

  private static String fill(String text, Kind kind) {
    return PageText.parse(text, kind).fill(place -> EVIL);
  }

  @Test
  void spellsValuesForTheTextTheyStandIn() {
    assertThat(fill("a {{detail}} b", Kind.HTML))
        .isEqualTo("a &lt;/p&gt;&lt;script&gt;&#34;&#39;&amp;\\\u2028   b");
    assertThat(fill("{\"a\":\"{{ detail }}\"}", Kind.JSON))
        .isEqualTo(
            "{\"a\":\"\\u003c/p\\u003e\\u003cscript\\u003e\\\"'\\u0026\\\\\\u2028\\u000a"
                + "\\u0000\"}");
    assertThat(fill("{{title}}", Kind.PLAIN)).isEqualTo("</p><script>\"'&\\\u2028  ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          HTML  | {{secret}}                            | line 1, column 1: {{secret}} (expected
          PLAIN | a {{status                            | line 1, column 3: '{{' (expected
          HTML  | <script>var a='{{detail}}'</script>   | within <script>
          HTML  | <style>{{detail}}</style>             | within <style>
          HTML  | <a href={{instance}}>                 | within a tag
          HTML  | <a {{detail}}>                        | within a tag
          """)
  void refusesWhatCannotBeMadeSafe(Kind kind, String text, String told) {
    assertThatThrownBy(() -> PageText.parse(text, kind)).hasMessageContaining(told);
  }

  @Test
  void saysWhere() {
    assertThatThrownBy(() -> PageText.parse("one\ntwo {{x}}", Kind.PLAIN))
        .hasMessageStartingWith("line 2, column 5: {{x}}");
    assertThat(PageText.parse("<script>a()</script><p class=\"{{status}}\">", Kind.HTML).parts())
        .hasSize(3);
  }

  @Test
  void isBounded() {
    var text = PageText.parse("{{detail}}".repeat(100), Kind.HTML);
    assertThat(text.fill(place -> "<".repeat(100_000)).length()).isLessThan(80_000);
    assertThatThrownBy(() -> PageText.parse("{{detail}}".repeat(101), Kind.PLAIN))
        .hasMessageContaining("places (count): 101");
    assertThatThrownBy(() -> PageText.parse("x".repeat(65_537), Kind.PLAIN))
        .hasMessageContaining("text: 65537B (expected: 0B-64KiB)");
  }
}
