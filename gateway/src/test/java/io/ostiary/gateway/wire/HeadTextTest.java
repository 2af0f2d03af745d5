package io.ostiary.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.ostiary.model.CallId;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HeadTextTest {
  private final HeadText text = new HeadText();

  private String said() {
    var out = Unpooled.buffer();
    text.copyTo(out);
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 9, 10, 99, 100, 4_294_967_296L, Long.MAX_VALUE})
  void writesDecimals(long number) {
    text.put('a').decimal(number).put("b");
    assertThat(said()).isEqualTo("a" + number + "b");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, 0x0123456789abcdefL, Long.MIN_VALUE})
  void writesHexadecimalsAsTheJdkDoes(long number) {
    text.hex16(number);
    assertThat(said()).isEqualTo("%016x".formatted(number));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, 0x0123456789abcdefL, Long.MIN_VALUE})
  void writesCallIdsAsTheirTypeDoes(long id) {
    text.callId(id);
    assertThat(said()).isEqualTo(CallId.text(id));
  }

  @Test
  void growsAndBeginsAnew() {
    var line = "x".repeat(1000);
    for (int i = 0; i < 100; i++) {
      text.put(line).endLine();
    }
    assertThat(said()).isEqualTo((line + "\r\n").repeat(100));
    text.clear().put(Bytes.of("ab"), 1, 1);
    assertThat(said()).isEqualTo("b");
    assertThat(text.bytes().length).as("what is kept").isLessThan(100_000);
  }
}
