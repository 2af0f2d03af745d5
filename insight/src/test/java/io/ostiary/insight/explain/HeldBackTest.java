package io.ostiary.insight.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.ostiary.insight.testing.EntryBuilder;
import io.ostiary.model.LedgerEntry;
import org.junit.jupiter.api.Test;

/// Calls that a policy held back on their way.
class HeldBackTest {
  @Test
  void blamesThePolicyThatHeldTheResponseBack() {
    var explanation =
        Explanation.of(
            new EntryBuilder()
                .times(20, 20, 500, 40_150, 40_200)
                .held(null, new LedgerEntry.HeldBack("bandwidth", 38_000_000))
                .attempt(false, 100, 300, 350, 400, 40_050, "")
                .build());
    assertThat(explanation.sentence())
        .isEqualTo("40 ms, of which 38 ms in the gateway: bandwidth took 38 ms.");
    assertThat(explanation.phases()).extracting(Phase::name).contains("bandwidth", "response");
  }

  @Test
  void blamesThePolicyThatHeldTheRequestBack() {
    var explanation =
        Explanation.of(
            new EntryBuilder()
                .times(20, 39_000, 40_100, 40_150, 40_200)
                .held(new LedgerEntry.HeldBack("bandwidth", 38_000_000), null)
                .attempt(false, 100, 300, 39_050, 40_000, 40_050, "")
                .build());
    assertThat(explanation.sentence())
        .isEqualTo("40 ms, of which 38 ms in the gateway: bandwidth took 38 ms.");
  }
}
