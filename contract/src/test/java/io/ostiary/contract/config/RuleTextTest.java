package io.ostiary.contract.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.contract.config.RuleText.Read;
import io.ostiary.model.Cidr;
import io.ostiary.model.KernelRule;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RuleTextTest {
  private static KernelRule understood(String text, String... sets) {
    var read = RuleText.read(text, List.of(sets));
    assertThat(read).isInstanceOf(Read.Understood.class);
    return ((Read.Understood) read).rule();
  }

  private static List<String> faults(String text) {
    var read = RuleText.read(text, List.of("known"));
    assertThat(read).isInstanceOf(Read.Refused.class);
    return ((Read.Refused) read).faults();
  }

  @Test
  void readsARuleAsItStandsInTheFileWithOrWithoutItsDash() {
    var rule = understood("- deny: { from: 203.0.113.0/24 }");
    assertThat(rule.match().from()).containsExactly(Cidr.parse("203.0.113.0/24"));
    assertThat(understood("deny: { from: 203.0.113.0/24 }")).isEqualTo(rule);
    assertThat(understood("deny:\n  from: 203.0.113.0/24")).isEqualTo(rule);
    assertThat(understood("  - deny:\n      from: 203.0.113.0/24\n".stripIndent())).isEqualTo(rule);
    assertThat(understood("limit: { from-set: known, packets: 5/s }", "known", "other"))
        .isInstanceOf(KernelRule.Limit.class);
  }

  @Test
  void saysWhatIsWrongInTheWordsOfTheFile() {
    assertThat(faults("deny: { to-port: 70000 }"))
        .containsExactly(
            "to-port: 70000 (expected: a port 1-65535, or a range such as \"8000-8100\")");
    assertThat(faults("deny:\n  to-port: 0\n").getFirst()).startsWith("line 2: to-port: 0");
    assertThat(faults("deny: { from-set: knwon }").getFirst()).contains("knwon");
    assertThat(faults("- deny: { to-port: 1 }\n- deny: { to-port: 2 }"))
        .containsExactly("rule: 2 (expected: one)");
    assertThat(faults("deny: { from: [")).isNotEmpty();
    assertThat(faults("")).isNotEmpty();
  }
}
