package io.ostiary.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressTextTest {
  /// The cases of RFC 5952 sections 2 and 4.
  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.1",
    "0:0:0:0:0:0:0:0, ::",
    "0:0:0:0:0:0:0:1, ::1",
    "2001:0db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "2001:DB8:AAAA:0:0:0:0:0, 2001:db8:aaaa::",
    "fe80:0:0:0:1:0:0:0, fe80::1:0:0:0",
    "0:0:1:0:0:0:0:2, 0:0:1::2"
  })
  void isShortenedAsRfc5952Says(String written, String expected) throws Exception {
    var address = InetAddress.getByName(written);
    assertThat(AddressText.of(address)).isEqualTo(expected);
    assertThat(InetAddress.getByName(expected)).isEqualTo(address);
  }
}
