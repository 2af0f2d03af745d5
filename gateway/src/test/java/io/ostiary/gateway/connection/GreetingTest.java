package io.ostiary.gateway.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.ostiary.model.Tls;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class GreetingTest {
  private static final String BEFORE = "0303" + "00".repeat(32) + "04" + "01020304";

  /// ECDHE-ECDSA and ECDHE-RSA with AES-128-GCM; no compression.
  private static final String SUITES = "0004" + "c02bc02f" + "0100";

  /// A name, then ECDSA with P-256 and SHA-256.
  private static final String EXTENSIONS =
      "0014" + "00000008" + "0006000003612e62" + "000d00040002" + "0403";

  private static Greeting read(String hello) {
    return Greeting.of(Unpooled.wrappedBuffer(HexFormat.of().parseHex(hello)));
  }

  @Test
  void itsSignaturesSayWhichKeysAreTaken() {
    var greeting = read(BEFORE + SUITES + EXTENSIONS);
    assertThat(greeting.takes(Tls.Key.P_256)).isTrue();
    assertThat(greeting.takes(Tls.Key.P_384)).isTrue();
    assertThat(greeting.takes(Tls.Key.RSA)).isFalse();
  }

  @Test
  void withoutSignaturesItsSuitesSayIt() {
    assertThat(read(BEFORE + SUITES).takes(Tls.Key.RSA)).isTrue();
    assertThat(read(BEFORE + "0002c02f0100").takes(Tls.Key.P_256)).isFalse();
  }

  @Test
  void whatIsCutTakesNothingOrWhatItsSuitesSay() {
    var whole = BEFORE + SUITES + EXTENSIONS;
    int suites = (BEFORE + SUITES).length();
    for (int length = 0; length < whole.length(); length += 2) {
      var cut = read(whole.substring(0, length));
      assertThat(cut.takes(Tls.Key.RSA)).as("%d digits", length).isEqualTo(length == suites);
    }
  }
}
