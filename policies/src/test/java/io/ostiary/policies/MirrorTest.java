package io.ostiary.policies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ostiary.gateway.spi.Verdict;
import io.ostiary.gateway.testing.FakeSite;
import io.ostiary.model.Ending;
import io.ostiary.policies.Mirror.Settings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MirrorTest {
  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void copiesHeadAndBodyOfCallsThatAreDrawn() {
    var site = FakeSite.anywhere();
    var all = new Mirror().compile(new Settings("v2", 100, 10, 10, When.ALWAYS), site);
    var call = site.exchange("POST", "/orders/17");
    assertThat(all.request(call)).isEqualTo(Verdict.CONTINUE);
    assertThat(all.requestBody(call, bytes("ab"), false)).isEqualTo(Verdict.CONTINUE);
    assertThat(all.requestBody(call, bytes("c"), true)).isEqualTo(Verdict.CONTINUE);
    all.end(call, new Ending.Answered(200));
    assertThat(site.mirrored())
        .containsExactly("v2: POST /17 ab", "v2: POST /17 c!", "v2: POST /17 dropped");
    var none = new Mirror().compile(new Settings("v2", 0, 10, 10, When.ALWAYS), site);
    var other = site.exchange("GET", "/orders");
    none.request(other);
    none.requestBody(other, bytes(""), true);
    none.end(other, new Ending.Answered(200));
    assertThat(site.mirrored()).hasSize(3);
  }

  @Test
  void refusesSettingsThatCannotWork() {
    assertThatThrownBy(() -> new Settings("v2", 101, 10, 10, When.ALWAYS))
        .hasMessage("mirror.percent: 101.0 (expected: 0-100)");
    assertThatThrownBy(() -> new Settings("v2", 1, 2 << 20, 10, When.ALWAYS))
        .hasMessage("mirror.body: 2097152 (expected: 0-1MiB)");
    assertThatThrownBy(() -> new Settings("v2", 1, 1, 0, When.ALWAYS))
        .hasMessage("mirror.copies: 0 (expected: 1-10000)");
  }
}
